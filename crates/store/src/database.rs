//! One database of either kind, and the traits of the services on it.

use std::sync::Arc;

use async_trait::async_trait;
use boardwire_protocol::{Board, BoardId, Role, Seq, Task, TaskId, Timestamp, UserId, board::Snapshot};
use boardwire_services::{
    Applied, Fault,
    storage::{BoardState, Head, Job, Log, LogEntry, Reader, SaveUser, Stored, User, Writer},
};
use sqlx::{Postgres, Sqlite, Transaction, pool::PoolConnection};

use crate::{
    connection::Connection,
    migrations,
    postgres::PostgresDatabase,
    sqlite::SqliteDatabase,
    statements::{board, column, event, member, request, task, user},
    work::{self, Body},
};

/// How many rows one unit of work prunes: few enough that others hardly wait for it.
const PRUNED_AT_ONCE: u32 = 1_000;

/// A database.
#[derive(Debug)]
pub(crate) enum Database {
    Sqlite(SqliteDatabase),
    Postgres(PostgresDatabase),
}

/// A connection for reading. Dropping it gives it back, and ends the transaction that it may be in.
pub(crate) enum Lease {
    Sqlite(PoolConnection<Sqlite>),
    Postgres(PoolConnection<Postgres>),
    /// One moment, over several statements.
    SqliteMoment(Transaction<'static, Sqlite>),
    /// The same.
    PostgresMoment(Transaction<'static, Postgres>),
}

impl Lease {
    pub(crate) fn connection(&mut self) -> Connection<'_> {
        match self {
            Self::Sqlite(lease) => Connection::sqlite(lease),
            Self::SqliteMoment(lease) => Connection::sqlite(lease),
            Self::Postgres(lease) => Connection::postgres(lease),
            Self::PostgresMoment(lease) => Connection::postgres(lease),
        }
    }
}

impl Database {
    async fn submit<T: Send + 'static>(&self, body: Body<T>) -> Result<T, Fault> {
        match self {
            Self::Sqlite(database) => database.submit(body).await,
            Self::Postgres(database) => database.submit(body).await,
        }
    }

    /// For one statement.
    async fn lease(&self) -> Stored<Lease> {
        match self {
            Self::Sqlite(database) => database.lease().await,
            Self::Postgres(database) => database.lease().await,
        }
    }

    /// For several statements that see the same moment.
    async fn moment(&self) -> Stored<Lease> {
        match self {
            Self::Sqlite(database) => database.moment().await,
            Self::Postgres(database) => database.moment().await,
        }
    }

    pub(crate) async fn close(&self) {
        match self {
            Self::Sqlite(database) => database.close().await,
            Self::Postgres(database) => database.close().await,
        }
    }

    async fn prune_requests(&self, before: Timestamp) -> Stored<()> {
        loop {
            let body: Body<u64> = Box::new(move |connection| {
                Box::pin(async move { Ok(request::prune(connection, before, PRUNED_AT_ONCE).await?) })
            });
            if work::stored(self.submit(body).await)? < PRUNED_AT_ONCE.into() {
                return Ok(());
            }
        }
    }

    async fn prune_events(&self, before: Timestamp) -> Stored<()> {
        let place = event::first_kept(&mut self.lease().await?.connection(), before).await?;
        loop {
            let body: Body<u64> = Box::new(move |connection| {
                Box::pin(async move { Ok(event::prune(connection, place, before, PRUNED_AT_ONCE).await?) })
            });
            if work::stored(self.submit(body).await)? < PRUNED_AT_ONCE.into() {
                return Ok(());
            }
        }
    }
}

#[async_trait]
impl Reader for Database {
    async fn user(&self, id: &UserId) -> Stored<Option<User>> {
        user::find(&mut self.lease().await?.connection(), id).await
    }

    #[tracing::instrument(level = "debug", name = "db.snapshot", skip_all)]
    async fn snapshot(&self, id: &BoardId) -> Stored<Option<Snapshot>> {
        let mut moment = self.moment().await?;
        let mut connection = moment.connection();
        let Some(BoardState { board, seq, epoch, .. }) = board::find(&mut connection, id).await? else {
            return Ok(None);
        };
        let columns = column::list(&mut connection, id).await?.into_iter().map(|state| state.column).collect();
        let tasks = task::list_of_board(&mut connection, id).await?;
        let members = member::list(&mut connection, id).await?;
        Ok(Some(Snapshot { board, columns, tasks, members, seq, epoch }))
    }

    async fn task(&self, id: &TaskId) -> Stored<Option<Task>> {
        let found = task::find(&mut self.lease().await?.connection(), id).await?;
        Ok(found.map(|state| state.task))
    }

    async fn role(&self, board: &BoardId, user: &UserId) -> Stored<Option<Role>> {
        member::role(&mut self.lease().await?.connection(), board, user).await
    }

    async fn board_exists(&self, board: &BoardId) -> Stored<bool> {
        board::exists(&mut self.lease().await?.connection(), board).await
    }

    async fn boards(&self, member: Option<&UserId>, archived: Option<bool>) -> Stored<Vec<Board>> {
        board::list(&mut self.lease().await?.connection(), member, archived).await
    }

    async fn ping(&self) -> Stored<()> {
        if let Self::Sqlite(database) = self {
            database.check_writer()?;
        }
        migrations::ping(&mut self.lease().await?.connection()).await
    }
}

#[async_trait]
impl Log for Database {
    async fn head(&self, board: &BoardId) -> Stored<Option<Head>> {
        event::head(&mut self.lease().await?.connection(), board).await
    }

    async fn read(&self, board: &BoardId, after: Seq, limit: u32) -> Stored<Vec<Arc<LogEntry>>> {
        event::read(&mut self.lease().await?.connection(), board, after, limit).await
    }
}

#[async_trait]
impl Writer for Database {
    #[tracing::instrument(level = "debug", name = "db.write", skip_all)]
    async fn write(&self, job: Job) -> Result<Applied, Fault> {
        self.submit(work::of_job(job)).await
    }

    #[tracing::instrument(level = "debug", name = "db.save_user", skip_all)]
    async fn save_user(&self, user: &SaveUser) -> Stored<User> {
        work::stored(self.submit(work::of_save_user(user.clone())).await)
    }

    #[tracing::instrument(level = "debug", name = "db.prune", skip_all)]
    async fn prune(&self, requests: Timestamp, events: Option<Timestamp>) -> Stored<()> {
        self.prune_requests(requests).await?;
        match events {
            Some(before) => self.prune_events(before).await,
            None => Ok(()),
        }
    }
}
