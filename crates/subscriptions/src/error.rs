//! Why a socket could not join a board's events.

use std::fmt;

use boardwire_services::storage::StorageError;

/// Why a socket could not join.
#[derive(Debug)]
pub enum JoinError {
    /// There is no such board, or the user may not read it now.
    NoBoard,
    /// The socket already has this many subscriptions, the most that it may have.
    Limit(usize),
    /// All sockets of the user together already have this many subscriptions to all boards, the most that they may
    /// have.
    UsersLimit(usize),
    /// The connection has ended.
    Gone,
    /// The log can't be read.
    Storage(StorageError),
}

impl fmt::Display for JoinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoBoard => f.write_str("no such board"),
            Self::Limit(max) => write!(f, "a socket has at most {max} subscriptions"),
            Self::UsersLimit(max) => {
                write!(f, "all sockets of a user together have at most {max} subscriptions without a board")
            }
            Self::Gone => f.write_str("the connection ended"),
            Self::Storage(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for JoinError {}

impl From<StorageError> for JoinError {
    fn from(error: StorageError) -> Self {
        Self::Storage(error)
    }
}
