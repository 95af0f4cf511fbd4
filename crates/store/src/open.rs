//! Opening and closing a store.

use std::sync::Arc;

use boardwire_services::storage::Store;

use crate::{Options, database::Database, lost::Lost, open_error::OpenError, postgres, sqlite};

/// An open store.
#[derive(Debug)]
pub struct Opened {
    database: Arc<Database>,
}

impl Opened {
    /// Returns the store. After [`close`](Self::close), its calls fail as unavailable.
    #[must_use]
    pub fn store(&self) -> Arc<dyn Store> {
        Arc::clone(&self.database) as Arc<dyn Store>
    }

    /// Returns when a server has to stop using this store. Another server can take the database only on Postgres, where
    /// a server whose connection is lost has 30 s (six times [`Options::wait`]) to reclaim it. Until then, and while
    /// the database is unreachable, this does not return.
    pub async fn lost(&self) -> Lost {
        self.database.lost().await
    }

    /// Refuses further units of work, finishes those that are waiting, and closes the connections.
    pub async fn close(self) {
        self.database.close().await;
    }
}

/// Opens `sqlite://PATH` or `postgres://…`, and brings the schema up to date. A missing SQLite file is created, unless
/// [`Options::create`] says otherwise.
///
/// # Errors
/// Returns [`OpenError`].
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
