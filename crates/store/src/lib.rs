//! How it persists: the storage traits of `boardwire-services` on SQLite and Postgres, the schema, and the boards' logs.
//! Which rules a change has to obey is not known here.
//!
//! # To add a statement
//! Write it as a `const` beside the others of its table in `statements/`, with a function that runs it, and call that in
//! `unit.rs` (units of work) or `database.rs` (reading). The text serves both databases: `$1` parameters, integers and
//! text only, `ON CONFLICT`, `RETURNING`. The tests run everything on both.
//!
//! # To change the schema
//! Add a script to `migrations/` and its line to `migrations.rs`.
#![doc = include_str!("../README.md")]

mod claim;
mod connection;
mod database;
mod error;
mod files;
mod migrations;
mod open;
mod options;
mod postgres;
mod readers;
mod room;
mod row;
mod sqlite;
mod statements;
mod unit;
mod whole;
mod work;

pub use files::{FilesError, files_at, files_in};
pub use open::{Lost, OpenError, Opened, open};
pub use options::Options;
