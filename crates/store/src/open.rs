//! Opening a store, and closing it again.

use std::sync::Arc;

use boardwire_services::storage::Store;

use crate::{Options, database::Database, lost::Lost, open_error::OpenError, postgres, sqlite};

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
