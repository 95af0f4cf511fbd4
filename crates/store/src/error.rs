//! What went wrong below, in the two words that services know: unavailable or broken.

use std::fmt::Display;

use boardwire_services::storage::StorageError;
use sqlx::{error::DatabaseError, sqlite::SqliteError};

/// Primary result codes of SQLite that another attempt may not meet again: BUSY, LOCKED, NOMEM, READONLY, INTERRUPT, IOERR,
/// FULL, CANTOPEN, PROTOCOL.
const SQLITE_PASSING: [i32; 9] = [5, 6, 7, 8, 9, 10, 13, 14, 15];

/// Classes of Postgres' SQLSTATE that another attempt may not meet again: connection, rollback, resources, operator,
/// system.
const POSTGRES_PASSING_CLASSES: [&str; 5] = ["08", "40", "53", "57", "58"];

/// The same outside those classes: lock not available, read-only transaction (a standby).
const POSTGRES_PASSING: [&str; 2] = ["55P03", "25006"];

/// An error of either driver.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DriverError {
    #[error(transparent)]
    Sqlx(#[from] sqlx::Error),
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
}

/// An error of a driver, with what was being done.
pub(crate) fn failed(what: &str, error: impl Into<DriverError>) -> StorageError {
    let error = error.into();
    let message = format!("{what}: {error}");
    let passing = match &error {
        DriverError::Sqlx(error) => is_passing(error),
        DriverError::Sqlite(error) => error.sqlite_error().is_some_and(|error| is_passing_sqlite(error.extended_code)),
    };
    if passing { StorageError::Unavailable(message.into()) } else { StorageError::Broken(message.into()) }
}

/// Something that can't be.
pub(crate) fn broken(what: &str, problem: impl Display) -> StorageError {
    StorageError::Broken(format!("{what}: {problem}").into())
}

/// Something that may go through another time.
pub(crate) fn unavailable(what: &str, problem: impl Display) -> StorageError {
    StorageError::Unavailable(format!("{what}: {problem}").into())
}

/// Was the connection lost before the statement could do anything? For a statement that does nothing by itself.
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

/// Of an extended code the low byte is the primary one.
fn is_passing_sqlite(code: i32) -> bool {
    SQLITE_PASSING.contains(&(code & 0xff))
}
