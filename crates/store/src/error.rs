//! Turns errors of the drivers into the two kinds that services know: unavailable and broken.

use std::fmt::Display;

use boardwire_services::storage::StorageError;
use sqlx::{error::DatabaseError, sqlite::SqliteError};

/// SQLite's primary result codes for temporary errors: BUSY, LOCKED, NOMEM, READONLY, INTERRUPT, IOERR, FULL, CANTOPEN,
/// PROTOCOL.
const SQLITE_PASSING: [i32; 9] = [5, 6, 7, 8, 9, 10, 13, 14, 15];

/// Classes of Postgres' SQLSTATE for temporary errors: connection, rollback, resources, operator, system.
const POSTGRES_PASSING_CLASSES: [&str; 5] = ["08", "40", "53", "57", "58"];

/// Further temporary errors of Postgres: lock not available, read-only transaction (a standby).
const POSTGRES_PASSING: [&str; 2] = ["55P03", "25006"];

/// An error of either driver.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DriverError {
    #[error(transparent)]
    Sqlx(#[from] sqlx::Error),
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
}

/// Returns a driver's error as an error of storage. `what` says what was being done.
pub(crate) fn failed(what: &str, error: impl Into<DriverError>) -> StorageError {
    let error = error.into();
    let message = format!("{what}: {error}");
    let passing = match &error {
        DriverError::Sqlx(error) => is_passing(error),
        DriverError::Sqlite(error) => error.sqlite_error().is_some_and(|error| is_passing_sqlite(error.extended_code)),
    };
    if passing { StorageError::Unavailable(message.into()) } else { StorageError::Broken(message.into()) }
}

/// Returns an error for something impossible.
pub(crate) fn broken(what: &str, problem: impl Display) -> StorageError {
    StorageError::Broken(format!("{what}: {problem}").into())
}

/// Returns an error for something that may succeed later.
pub(crate) fn unavailable(what: &str, problem: impl Display) -> StorageError {
    StorageError::Unavailable(format!("{what}: {problem}").into())
}

/// Returns whether the connection was lost before a statement could have any effect. Only for statements that change
/// nothing.
pub(crate) fn is_lost_connection(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) => true,
        sqlx::Error::Database(error) => {
            error.code().is_some_and(|code| code.starts_with("57P") || code.starts_with("08"))
        }
        _ => false,
    }
}

fn is_passing(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Database(error) => is_passing_code(error.as_ref()),
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed
        | sqlx::Error::BeginFailed => true,
        _ => false,
    }
}

fn is_passing_code(error: &dyn DatabaseError) -> bool {
    let code = error.code().unwrap_or_default();
    if error.try_downcast_ref::<SqliteError>().is_some() {
        return code.parse().is_ok_and(is_passing_sqlite);
    }
    POSTGRES_PASSING.contains(&&*code) || POSTGRES_PASSING_CLASSES.iter().any(|class| code.starts_with(class))
}

/// The low byte of an extended result code is the primary one.
fn is_passing_sqlite(code: i32) -> bool {
    SQLITE_PASSING.contains(&(code & 0xff))
}
