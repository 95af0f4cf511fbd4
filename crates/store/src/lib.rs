//! The storage traits of `boardwire-services` on SQLite and Postgres: the schema, the statements, and the boards' logs.
//! This crate does not know the rules for changes.
//!
//! # To add a statement
//! Write it as a `const` beside the others of its table in `statements/`, and run it in a method of the table's repository
//! (within units of work) or store (outside them). The text serves both databases, so use `$1` parameters,
//! integers and text only, `ON CONFLICT` and `RETURNING`. The tests run everything on both.
//!
//! # To change the schema
//! Add a script with the next number to `migrations/`. Never change one that has been released.
#![doc = include_str!("../README.md")]

mod claim;
mod connection;
mod database;
mod disk_space;
mod error;
mod files;
mod lost;
mod migrations;
mod open;
mod open_error;
mod options;
mod postgres;
mod postgres_transaction;
mod readers;
mod row;
mod rusqlite_exec;
mod search_terms;
mod sqlite;
mod statement;
mod statements;

pub use files::{FilesError, files_at, files_in};
pub use lost::Lost;
pub use open::{Opened, open};
pub use open_error::OpenError;
pub use options::Options;
