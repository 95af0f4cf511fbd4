//! SQLite: one connection that writes, on a thread of its own, and a pool of connections that only read.

mod database;
mod writer;

pub(crate) use database::{SqliteDatabase, open};
