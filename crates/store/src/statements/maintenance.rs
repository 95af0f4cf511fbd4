//! Checks of the database, and deleting what is old.

use async_trait::async_trait;
use boardwire_services::storage::{BoxFuture, DiskSpace, MaintenanceStore, Prune, StorageResult};

use super::{account_change, log, notification, request, session};
use crate::{connection::Connection, database::Database, migrations, room::room_at};

/// How many rows one unit of work deletes: few enough that others hardly wait for it.
const PRUNED_AT_ONCE: u32 = 1_000;

#[async_trait]
impl MaintenanceStore for Database {
    async fn ping(&self) -> StorageResult<()> {
        if let Self::Sqlite(database) = self {
            database.check_writer()?;
            database.check_room()?;
        }
        self.read(|mut reader| async move { migrations::ping(&mut reader.connection()).await }).await?;
        self.change(|connection| Box::pin(migrations::touch(connection))).await
    }

    async fn room(&self) -> StorageResult<Option<DiskSpace>> {
        match self {
            Self::Sqlite(database) => room_at(database.file().to_owned()).await,
            Self::Postgres(_) => Ok(None),
        }
    }

    #[tracing::instrument(level = "debug", name = "db.prune", skip_all)]
    async fn prune(&self, before: &Prune) -> StorageResult<()> {
        let Prune { requests, events, notifications, accounts } = *before;
        self.prune_all(move |connection| Box::pin(request::prune(connection, requests, PRUNED_AT_ONCE))).await?;
        self.prune_all(move |connection| Box::pin(notification::prune(connection, notifications, PRUNED_AT_ONCE)))
            .await?;
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
        self.prune_all(move |connection| Box::pin(log::prune(connection, first_kept, before, PRUNED_AT_ONCE))).await
    }
}

impl Database {
    /// Repeats a unit of work that deletes at most [`PRUNED_AT_ONCE`] rows until there are no more.
    async fn prune_all<B>(&self, body: B) -> StorageResult<()>
    where
        B: for<'u, 'c> Fn(&'u mut Connection<'c>) -> BoxFuture<'u, StorageResult<u64>> + Copy + Send + 'static,
    {
        while self.change(body).await? >= PRUNED_AT_ONCE.into() {}
        Ok(())
    }
}
