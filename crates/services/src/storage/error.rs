//! The errors of storage.

use std::{error::Error, fmt};

/// An error of storage.
#[derive(Debug)]
pub enum StorageError {
    /// It is down, busy, full or read-only: the same call may succeed later.
    Unavailable(Box<dyn Error + Send + Sync>),
    /// It holds or returned something that is impossible: a bug in the program, or damaged data.
    Broken(Box<dyn Error + Send + Sync>),
}

impl fmt::Display for StorageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unavailable(error) => write!(f, "storage is unavailable: {error}"),
            Self::Broken(error) => write!(f, "storage returned something impossible: {error}"),
        }
    }
}

impl Error for StorageError {}

/// The result of a storage call.
pub type StorageResult<T> = Result<T, StorageError>;
