//! Turns errors of the drivers into the two kinds of [`StorageError`]: unavailable and broken.

use std::fmt::Display;

use boardwire_services::storage::StorageError;
use sqlx::{error::DatabaseError, sqlite::SqliteError};

/// SQLite's primary result codes for temporary errors.
const SQLITE_TRANSIENT: [i32; 9] = [
    5,  // BUSY
    6,  // LOCKED
    7,  // NOMEM
    8,  // READONLY
    9,  // INTERRUPT
    10, // IOERR
    13, // FULL
    14, // CANTOPEN
    15, // PROTOCOL
];

/// Classes of SQLSTATE whose errors are all temporary.
const POSTGRES_TRANSIENT_CLASSES: [&str; 5] = [
    "08", // connection exception
    "40", // transaction rollback
    "53", // insufficient resources
    "57", // operator intervention
    "58", // system error
];

/// Further SQLSTATEs of temporary errors.
const POSTGRES_TRANSIENT: [&str; 2] = [
    "55P03", // lock not available
    "25006", // read-only transaction, as on a standby
];

/// An error of either driver.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DriverError {
    #[error(transparent)]
    Sqlx(#[from] sqlx::Error),
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
}

/// Returns the storage error for a driver's error. `what` names the operation.
pub(crate) fn driver_error(what: &str, error: impl Into<DriverError>) -> StorageError {
    let error = error.into();
    let message = format!("{what}: {error}");
    let transient = match &error {
        DriverError::Sqlx(error) => is_transient(error),
        DriverError::Sqlite(error) => {
            error.sqlite_error().is_some_and(|error| is_transient_sqlite(error.extended_code))
        }
    };
    if transient { StorageError::Unavailable(message.into()) } else { StorageError::Broken(message.into()) }
}

/// Returns an error for something that should never happen, such as corrupt data.
pub(crate) fn broken(what: &str, problem: impl Display) -> StorageError {
    StorageError::Broken(format!("{what}: {problem}").into())
}

/// Returns an error for something that may succeed later.
pub(crate) fn unavailable(what: &str, problem: impl Display) -> StorageError {
    StorageError::Unavailable(format!("{what}: {problem}").into())
}

/// Returns whether the connection was lost. Its last statement may have taken effect, so only a statement that changes
/// nothing may be retried.
pub(crate) fn is_lost_connection(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) => true,
        sqlx::Error::Database(error) => {
            error.code().is_some_and(|code| code.starts_with("57P") || code.starts_with("08"))
        }
        _ => false,
    }
}

fn is_transient(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Database(error) => is_transient_code(error.as_ref()),
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed
        | sqlx::Error::BeginFailed => true,
        _ => false,
    }
}

fn is_transient_code(error: &dyn DatabaseError) -> bool {
    let code = error.code().unwrap_or_default();
    if error.try_downcast_ref::<SqliteError>().is_some() {
        return code.parse().is_ok_and(is_transient_sqlite);
    }
    POSTGRES_TRANSIENT.contains(&&*code) || POSTGRES_TRANSIENT_CLASSES.iter().any(|class| code.starts_with(class))
}

/// The low byte of an extended result code is the primary one.
fn is_transient_sqlite(code: i32) -> bool {
    SQLITE_TRANSIENT.contains(&(code & 0xff))
}
