//! Why a store can't be opened.

use std::path::PathBuf;

use boardwire_services::storage::StorageError;

/// Why a store can't be opened. The messages are for operators. Of the URL, they contain only the path of the file.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The URL names no database of a known kind.
    #[error("the database URL must begin with sqlite:// or postgres://")]
    UnknownKind,
    /// The URL is invalid.
    #[error("the database URL can't be read: {0}")]
    InvalidUrl(String),
    /// The URL names a SQLite database in memory.
    #[error("a SQLite database in memory is not supported: name a file, such as sqlite://boardwire.db")]
    InMemory,
    /// The folder of the SQLite file does not exist.
    #[error("the folder of the database file {} does not exist: create it first", .file.display())]
    NoFolder {
        /// The path of the SQLite file.
        file: PathBuf,
    },
    /// The SQLite file does not exist, and is not to be [created](crate::Options::create).
    #[error("there is no database file {}", .file.display())]
    NoFile {
        /// The path of the SQLite file.
        file: PathBuf,
    },
    /// SQLite is too old.
    #[error("SQLite {found} is too old: versions before {needed} can corrupt a database in WAL mode")]
    OldSqlite {
        /// The version that the program is linked with.
        found: String,
        /// The oldest version that is good enough.
        needed: &'static str,
    },
    /// Another server is running on the database.
    #[error(
        "another server runs on it, and two would not see each other's changes: stop that one first, or give this one \
         a database of its own"
    )]
    InUse,
    /// The database was written by a newer version of the program.
    #[error("the database has schema version {database}, this program knows up to {program}: use a newer program")]
    Newer {
        /// The schema's version in the database.
        database: i64,
        /// The newest version that the program knows.
        program: i64,
    },
    /// A step to the current version of the schema failed, and has been undone.
    #[error("bringing the database to schema version {version} failed: {error}")]
    Migration {
        /// The version that the step leads to.
        version: i64,
        /// The database's error.
        error: String,
    },
    /// The database can't be used.
    #[error("opening the database failed: {0}")]
    Failed(StorageError),
}

impl From<StorageError> for OpenError {
    fn from(error: StorageError) -> Self {
        Self::Failed(error)
    }
}
