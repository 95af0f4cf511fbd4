//! Health checks of the database, and pruning of old rows.

use async_trait::async_trait;
use boardwire_services::storage::{BoxFuture, DiskSpace, MaintenanceStore, Prune, StorageResult};

use super::{account_change, log, notification, request, session};
use crate::{connection::Connection, database::Database, disk_space::disk_space, migrations};

/// How many rows one unit of work deletes: few enough that other units hardly wait.
const PRUNE_BATCH: u32 = 1_000;

#[async_trait]
impl MaintenanceStore for Database {
    async fn ping(&self) -> StorageResult<()> {
        if let Self::Sqlite(database) = self {
            database.check_writer()?;
            database.check_free_space()?;
        }
        self.read(|mut reader| async move { migrations::ping(&mut reader.connection()).await }).await?;
        self.change(|connection| Box::pin(migrations::touch(connection))).await
    }

    async fn room(&self) -> StorageResult<Option<DiskSpace>> {
        match self {
            Self::Sqlite(database) => disk_space(database.file().to_owned()).await,
            Self::Postgres(_) => Ok(None),
        }
    }

    #[tracing::instrument(level = "debug", name = "db.prune", skip_all)]
    async fn prune(&self, before: &Prune) -> StorageResult<()> {
        let Prune { requests, events, notifications, accounts } = *before;
        self.prune_all(move |connection| Box::pin(request::prune(connection, requests, PRUNE_BATCH))).await?;
        self.prune_all(move |connection| Box::pin(notification::prune(connection, notifications, PRUNE_BATCH))).await?;
        self.change(move |connection| {
            Box::pin(async move {
                session::prune(connection, accounts).await?;
                account_change::prune(connection, accounts).await
            })
        })
        .await?;
        let Some(before) = events else { return Ok(()) };
        let first_kept =
            self.read(move |mut reader| async move { log::first_kept(&mut reader.connection(), before).await });
        let first_kept = first_kept.await?;
        self.prune_all(move |connection| Box::pin(log::prune(connection, first_kept, before, PRUNE_BATCH))).await
    }
}

impl Database {
    /// Repeats a unit of work that deletes at most [`PRUNE_BATCH`] rows until there are no more.
    async fn prune_all<B>(&self, body: B) -> StorageResult<()>
    where
        B: for<'u, 'c> Fn(&'u mut Connection<'c>) -> BoxFuture<'u, StorageResult<u64>> + Copy + Send + 'static,
    {
        while self.change(body).await? >= PRUNE_BATCH.into() {}
        Ok(())
    }
}
