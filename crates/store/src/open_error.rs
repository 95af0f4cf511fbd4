//! Why a store can't be opened.

use std::path::PathBuf;

use boardwire_services::storage::StorageError;

/// Why a store can't be opened. The sentences are for the operator, and hold no part of the URL but the file's path.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The URL names no database of a known kind.
    #[error("the database URL must begin with sqlite:// or postgres://")]
    UnknownKind,
    /// The URL can't be read.
    #[error("the database URL can't be read: {0}")]
    InvalidUrl(String),
    /// SQLite without a file.
    #[error("a SQLite database in memory is not supported: name a file, such as sqlite://boardwire.db")]
    InMemory,
    /// The folder of the SQLite file is missing.
    #[error("the folder of the database file {} does not exist: create it first", .file.display())]
    NoFolder {
        /// The file.
        file: PathBuf,
    },
    /// The SQLite file is missing, and was not to be [created](Options::create).
    #[error("there is no database file {}", .file.display())]
    NoFile {
        /// The file.
        file: PathBuf,
    },
    /// SQLite is too old.
    #[error("SQLite {found} is too old: versions before {needed} can corrupt a database in WAL mode")]
    OldSqlite {
        /// The version that the program is linked with.
        found: String,
        /// The oldest version that is good.
        needed: &'static str,
    },
    /// Another server runs on the database.
    #[error(
        "another server runs on it, and two would not hear of each other's changes: stop that one first, or give this \
         one a database of its own"
    )]
    InUse,
    /// The database was written by a newer version of the program.
    #[error("the database has schema version {database}, this program knows up to {program}: use a newer program")]
    Newer {
        /// The schema's version in the database.
        database: i64,
        /// The newest that the program knows.
        program: i64,
    },
    /// A step to the current schema failed; nothing of it was kept.
    #[error("bringing the database to schema version {version} failed: {error}")]
    Migration {
        /// The version.
        version: i64,
        /// What the database said.
        error: String,
    },
    /// The database does not answer.
    #[error("opening the database failed: {0}")]
    Failed(StorageError),
}

impl From<StorageError> for OpenError {
    fn from(error: StorageError) -> Self {
        Self::Failed(error)
    }
}
