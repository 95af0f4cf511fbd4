//! Reading outside units of work. Each read runs on a task of the store: so a caller that is slow to take the answer,
//! for example because it waits for a client, does not hold a connection.

use std::{
    panic::AssertUnwindSafe,
    sync::Arc,
    time::{Duration, Instant},
};

use boardwire_services::storage::{BoxFuture, StorageResult};
use futures_util::FutureExt as _;
use sqlx::{PgPool, Postgres, Sqlite, SqlitePool, Transaction, pool::PoolConnection};
use tokio::{sync::Semaphore, time::timeout};
use tokio_util::task::{AbortOnDropHandle, TaskTracker};
use tracing::Instrument as _;

use crate::{
    Options,
    connection::{Connection, message_of},
    error::{broken, failed, unavailable},
    postgres_transaction,
};

const READING: &str = "reading";

/// After how many of its instructions SQLite checks whether the time is over: well under a millisecond.
const INSTRUCTIONS: i32 = 4_096;

/// The connections for reading.
#[derive(Debug, Clone)]
pub(crate) enum Pool {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

/// A connection for reading. Dropping it returns it to the pool and ends its transaction, if there is one.
pub(crate) enum ReadConnection {
    Sqlite(PoolConnection<Sqlite>),
    Postgres(PoolConnection<Postgres>),
    /// In a transaction, so that several statements see the same moment.
    SqliteMoment(Transaction<'static, Sqlite>),
    /// In a transaction, so that several statements see the same moment.
    PostgresMoment(Transaction<'static, Postgres>),
}

impl ReadConnection {
    pub(crate) fn connection(&mut self) -> Connection<'_> {
        match self {
            Self::Sqlite(lease) => Connection::sqlite(lease),
            Self::SqliteMoment(lease) => Connection::sqlite(lease),
            Self::Postgres(lease) => Connection::postgres(lease),
            Self::PostgresMoment(lease) => Connection::postgres(lease),
        }
    }

    /// Interrupts what runs longer than this, until [`unlimited`](Self::unlimited) is called.
    async fn limited(&mut self, time: Duration) -> StorageResult<()> {
        match self {
            Self::Sqlite(_) | Self::SqliteMoment(_) => {
                let until = Instant::now() + time;
                self.watch(INSTRUCTIONS, move || Instant::now() < until).await
            }
            Self::Postgres(_) | Self::PostgresMoment(_) => {
                let limit = format!("SET LOCAL statement_timeout = {}", time.as_millis());
                self.connection().run_script(limit).await.map_err(|error| failed("limiting a read", error))
            }
        }
    }

    /// Makes SQLite call `goes_on` after each of this many instructions, and stop if it returns `false`.
    async fn watch(&mut self, instructions: i32, goes_on: impl FnMut() -> bool + Send + 'static) -> StorageResult<()> {
        let locked = match self {
            Self::Sqlite(lease) => lease.lock_handle().await,
            Self::SqliteMoment(lease) => lease.lock_handle().await,
            Self::Postgres(_) | Self::PostgresMoment(_) => return Ok(()),
        };
        let mut handle = locked.map_err(|error| failed("watching a read", error))?;
        handle.set_progress_handler(instructions, goes_on);
        Ok(())
    }

    /// Removes the limit. On Postgres, the limit ends with the transaction.
    async fn unlimited(&mut self) -> StorageResult<()> {
        let locked = match self {
            Self::Sqlite(lease) => lease.lock_handle().await,
            Self::SqliteMoment(lease) => lease.lock_handle().await,
            Self::Postgres(_) | Self::PostgresMoment(_) => return Ok(()),
        };
        locked.map_err(|error| failed("watching a read", error))?.remove_progress_handler();
        Ok(())
    }
}

impl Pool {
    /// Returns a connection for one statement.
    pub(crate) async fn lease(&self) -> StorageResult<ReadConnection> {
        let lease = match self {
            Self::Sqlite(pool) => pool.acquire().await.map(ReadConnection::Sqlite),
            Self::Postgres(pool) => pool.acquire().await.map(ReadConnection::Postgres),
        };
        lease.map_err(|error| failed("waiting for a connection", error))
    }

    /// Returns a connection for several statements that see the same moment.
    pub(crate) async fn moment(&self, wait: Duration) -> StorageResult<ReadConnection> {
        match self {
            Self::Sqlite(pool) => {
                let begun = pool.begin().await;
                begun.map(ReadConnection::SqliteMoment).map_err(|error| failed("beginning to read", error))
            }
            Self::Postgres(pool) => {
                let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
                postgres_transaction::begin(pool, begin, wait).await.map(ReadConnection::PostgresMoment)
            }
        }
    }

    async fn close(&self) {
        match self {
            Self::Sqlite(pool) => pool.close().await,
            Self::Postgres(pool) => pool.close().await,
        }
    }
}

/// Runs reads.
#[derive(Debug)]
pub(crate) struct Readers {
    pool: Pool,
    tasks: TaskTracker,
    /// Limits how many searches run at the same time: they take long, and must leave connections to others.
    searches: Arc<Semaphore>,
    wait: Duration,
    search_time: Duration,
}

impl Readers {
    pub(crate) fn new(pool: Pool, options: &Options) -> Self {
        let searches = usize::try_from(options.readers / 2).unwrap_or(1).max(1);
        Self {
            pool,
            tasks: TaskTracker::new(),
            searches: Arc::new(Semaphore::new(searches)),
            wait: options.wait,
            search_time: options.search_time,
        }
    }

    /// Runs one statement. It is aborted if the caller goes away.
    pub(crate) async fn read<T, B, F>(&self, body: B) -> StorageResult<T>
    where
        T: Send + 'static,
        B: FnOnce(ReadConnection) -> F + Send + 'static,
        F: Future<Output = StorageResult<T>> + Send + 'static,
    {
        let pool = self.pool.clone();
        self.run(async move { body(pool.lease().await?).await }).await
    }

    /// Runs several statements that see the same moment. They are aborted if the caller goes away.
    pub(crate) async fn read_moment<T, B, F>(&self, body: B) -> StorageResult<T>
    where
        T: Send + 'static,
        B: FnOnce(ReadConnection) -> F + Send + 'static,
        F: Future<Output = StorageResult<T>> + Send + 'static,
    {
        let (pool, wait) = (self.pool.clone(), self.wait);
        self.run(async move { body(pool.moment(wait).await?).await }).await
    }

    /// Runs statements that may take long: few at a time, for at most `Options::search_time` in all (on Postgres:
    /// each). Once begun, they are completed even if they panic, so that the connection is returned in its original
    /// state.
    pub(crate) async fn search<T, B>(&self, body: B) -> StorageResult<T>
    where
        T: Send + 'static,
        B: for<'u, 'c> FnOnce(&'u mut Connection<'c>) -> BoxFuture<'u, StorageResult<T>> + Send + 'static,
    {
        let turn = timeout(self.wait, Arc::clone(&self.searches).acquire_owned()).await;
        let turn = turn.map_err(|_| unavailable(READING, "too many search"))?;
        let (pool, wait, time) = (self.pool.clone(), self.wait, self.search_time);
        let searching = async move {
            let _turn = turn;
            let mut lease = pool.moment(wait).await?;
            lease.limited(time).await?;
            let found = AssertUnwindSafe(async { body(&mut lease.connection()).await }).catch_unwind().await;
            lease.unlimited().await?;
            found.unwrap_or_else(|panic| Err(broken(READING, format_args!("panicked: {}", message_of(&*panic)))))
        };
        let ended = self.tasks.spawn(searching.in_current_span()).await;
        ended.unwrap_or_else(|error| Err(broken(READING, error)))
    }

    async fn run<T: Send + 'static>(
        &self,
        reading: impl Future<Output = StorageResult<T>> + Send + 'static,
    ) -> StorageResult<T> {
        let ended = AbortOnDropHandle::new(self.tasks.spawn(reading.in_current_span())).await;
        ended.unwrap_or_else(|error| Err(broken(READING, error)))
    }

    pub(crate) async fn close(&self) {
        self.tasks.close();
        self.pool.close().await;
        self.tasks.wait().await;
    }
}

#[cfg(test)]
mod tests;
