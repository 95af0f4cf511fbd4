//! Opening a store, and closing it again.

use std::{path::PathBuf, sync::Arc};

use boardwire_services::storage::{StorageError, Store};

use crate::{Options, database::Database, postgres, sqlite};

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

/// Why a server has to stop: its store can't go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Lost {
    /// Another server has the database.
    #[error("another server has taken the database")]
    Taken,
    /// What writes, or what holds the database for this server, has panicked.
    #[error("a part of the store broke down for good; the log says which")]
    Broken,
}

/// An open store.
#[derive(Debug)]
pub struct Opened {
    database: Arc<Database>,
}

impl Opened {
    /// The store, for whoever needs it. After [`close`](Self::close) its calls are refused as unavailable.
    #[must_use]
    pub fn store(&self) -> Arc<dyn Store> {
        Arc::clone(&self.database) as Arc<dyn Store>
    }

    /// Returns when a server on this store has to stop. Another one can have taken the database on Postgres alone, where a
    /// server whose connection is lost has 30 s ([`Options::wait`] six times) to take its place again; until then, and while
    /// the database is away, nothing is returned.
    pub async fn lost(&self) -> Lost {
        self.database.lost().await
    }

    /// Takes no further units of work, finishes those that wait, and closes the connections.
    pub async fn close(self) {
        self.database.close().await;
    }
}

/// Opens `sqlite://PATH` (a missing file is created, unless [`Options::create`] says otherwise) or `postgres://…`, and brings
/// the schema up to date.
///
/// # Errors
/// See [`OpenError`].
pub async fn open(url: &str, options: Options) -> Result<Opened, OpenError> {
    let database = if url.starts_with("sqlite:") {
        Database::Sqlite(sqlite::open(url, &options).await?)
    } else if url.starts_with("postgres://") || url.starts_with("postgresql://") {
        Database::Postgres(postgres::open(url, &options).await?)
    } else {
        return Err(OpenError::UnknownKind);
    };
    Ok(Opened { database: Arc::new(database) })
}
