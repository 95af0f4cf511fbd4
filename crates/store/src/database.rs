//! A database of either kind: reads and units of work.

use async_trait::async_trait;
use boardwire_services::{
    ChangeOutcome, ServiceError,
    storage::{BoxFuture, Job, StorageResult, Writer},
};

use crate::{
    connection::{Body, Connection, UNIT},
    error::broken,
    lost::Lost,
    postgres::PostgresDatabase,
    readers::{ReadConnection, Readers},
    sqlite::SqliteDatabase,
};

/// A database.
#[derive(Debug)]
pub(crate) enum Database {
    Sqlite(SqliteDatabase),
    Postgres(PostgresDatabase),
}

impl Database {
    pub(crate) fn readers(&self) -> &Readers {
        match self {
            Self::Sqlite(database) => database.readers(),
            Self::Postgres(database) => database.readers(),
        }
    }

    /// Runs one statement that only reads.
    pub(crate) async fn read<T, B, F>(&self, body: B) -> StorageResult<T>
    where
        T: Send + 'static,
        B: FnOnce(ReadConnection) -> F + Send + 'static,
        F: Future<Output = StorageResult<T>> + Send + 'static,
    {
        self.readers().read(body).await
    }

    /// Runs several statements that only read, all of the same state.
    pub(crate) async fn read_snapshot<T, B, F>(&self, body: B) -> StorageResult<T>
    where
        T: Send + 'static,
        B: FnOnce(ReadConnection) -> F + Send + 'static,
        F: Future<Output = StorageResult<T>> + Send + 'static,
    {
        self.readers().read_snapshot(body).await
    }

    /// Runs a unit of work that is not a job of the services.
    pub(crate) async fn change<T, B>(&self, body: B) -> StorageResult<T>
    where
        T: Send + 'static,
        B: for<'u, 'c> FnOnce(&'u mut Connection<'c>) -> BoxFuture<'u, StorageResult<T>> + Send + 'static,
    {
        let body: Body<T> = Box::new(move |connection| {
            let done = body(connection);
            Box::pin(async move { Ok(done.await?) })
        });
        self.submit(body).await.map_err(|error| match error {
            ServiceError::Storage(error) => error,
            other => broken(UNIT, other),
        })
    }

    async fn submit<T: Send + 'static>(&self, body: Body<T>) -> Result<T, ServiceError> {
        match self {
            Self::Sqlite(database) => database.writer().submit(body).await,
            Self::Postgres(database) => database.submit(body).await,
        }
    }

    /// Returns when the database can't be used any more.
    pub(crate) async fn lost(&self) -> Lost {
        match self {
            Self::Sqlite(database) => database.lost().await,
            Self::Postgres(database) => database.lost().await,
        }
    }

    /// Finishes the queued units of work, and closes the connections.
    pub(crate) async fn close(&self) {
        match self {
            Self::Sqlite(database) => database.close().await,
            Self::Postgres(database) => database.close().await,
        }
    }
}

#[async_trait]
impl Writer for Database {
    #[tracing::instrument(level = "debug", name = "db.write", skip_all)]
    async fn write(&self, job: Job) -> Result<ChangeOutcome, ServiceError> {
        self.submit(Box::new(|connection| job(connection))).await
    }
}
