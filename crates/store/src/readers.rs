//! Reading outside units of work. Each read runs in a task that the store owns, so that a caller that is slow to take the
//! answer, for example because it waits for a client, does not hold a connection.

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
    connection::{Connection, panic_message},
    error::{broken, driver_error, unavailable},
    postgres_transaction,
};

const READING: &str = "reading";

/// How many instructions of its virtual machine SQLite executes between two checks of the deadline. They take well under
/// a millisecond.
const INSTRUCTIONS_PER_CHECK: i32 = 4_096;

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
    /// In a transaction, so that several statements see the same state.
    SqliteSnapshot(Transaction<'static, Sqlite>),
    /// In a transaction, so that several statements see the same state.
    PostgresSnapshot(Transaction<'static, Postgres>),
}

impl ReadConnection {
    pub(crate) fn connection(&mut self) -> Connection<'_> {
        match self {
            Self::Sqlite(connection) => Connection::sqlite(connection),
            Self::SqliteSnapshot(connection) => Connection::sqlite(connection),
            Self::Postgres(connection) => Connection::postgres(connection),
            Self::PostgresSnapshot(connection) => Connection::postgres(connection),
        }
    }

    /// Interrupts statements that run longer than this in all (on Postgres: each), until
    /// [`remove_time_limit`](Self::remove_time_limit) is called.
    async fn set_time_limit(&mut self, time: Duration) -> StorageResult<()> {
        match self {
            Self::Sqlite(_) | Self::SqliteSnapshot(_) => {
                let until = Instant::now() + time;
                self.watch(INSTRUCTIONS_PER_CHECK, move || Instant::now() < until).await
            }
            Self::Postgres(_) | Self::PostgresSnapshot(_) => {
                let limit = format!("SET LOCAL statement_timeout = {}", time.as_millis());
                self.connection().run_script(limit).await.map_err(|error| driver_error("limiting a read", error))
            }
        }
    }

    /// Makes SQLite call `keep_going` after every `instructions` instructions, and stop the statement on `false`.
    async fn watch(
        &mut self,
        instructions: i32,
        keep_going: impl FnMut() -> bool + Send + 'static,
    ) -> StorageResult<()> {
        let locked = match self {
            Self::Sqlite(connection) => connection.lock_handle().await,
            Self::SqliteSnapshot(connection) => connection.lock_handle().await,
            Self::Postgres(_) | Self::PostgresSnapshot(_) => return Ok(()),
        };
        let mut handle = locked.map_err(|error| driver_error("watching a read", error))?;
        handle.set_progress_handler(instructions, keep_going);
        Ok(())
    }

    /// Removes the limit. On Postgres, the limit ends with the transaction.
    async fn remove_time_limit(&mut self) -> StorageResult<()> {
        let locked = match self {
            Self::Sqlite(connection) => connection.lock_handle().await,
            Self::SqliteSnapshot(connection) => connection.lock_handle().await,
            Self::Postgres(_) | Self::PostgresSnapshot(_) => return Ok(()),
        };
        locked.map_err(|error| driver_error("watching a read", error))?.remove_progress_handler();
        Ok(())
    }
}

impl Pool {
    /// Returns a connection for one statement.
    pub(crate) async fn acquire(&self) -> StorageResult<ReadConnection> {
        let connection = match self {
            Self::Sqlite(pool) => pool.acquire().await.map(ReadConnection::Sqlite),
            Self::Postgres(pool) => pool.acquire().await.map(ReadConnection::Postgres),
        };
        connection.map_err(|error| driver_error("waiting for a connection", error))
    }

    /// Returns a connection for several statements that see the same state, in a transaction.
    pub(crate) async fn snapshot(&self, wait: Duration) -> StorageResult<ReadConnection> {
        match self {
            Self::Sqlite(pool) => {
                let begun = pool.begin().await;
                begun.map(ReadConnection::SqliteSnapshot).map_err(|error| driver_error("beginning to read", error))
            }
            Self::Postgres(pool) => {
                let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
                postgres_transaction::begin(pool, begin, wait).await.map(ReadConnection::PostgresSnapshot)
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
        self.run(async move { body(pool.acquire().await?).await }).await
    }

    /// Runs several statements that see the same state. They are aborted if the caller goes away.
    pub(crate) async fn read_snapshot<T, B, F>(&self, body: B) -> StorageResult<T>
    where
        T: Send + 'static,
        B: FnOnce(ReadConnection) -> F + Send + 'static,
        F: Future<Output = StorageResult<T>> + Send + 'static,
    {
        let (pool, wait) = (self.pool.clone(), self.wait);
        self.run(async move { body(pool.snapshot(wait).await?).await }).await
    }

    /// Runs statements that may take long: few at a time, for at most `Options::search_time` in all (on Postgres:
    /// each). Once begun, they are not aborted if the caller goes away, and a panic is caught, so that the limit is always
    /// removed before the connection is returned.
    pub(crate) async fn search<T, B>(&self, body: B) -> StorageResult<T>
    where
        T: Send + 'static,
        B: for<'u, 'c> FnOnce(&'u mut Connection<'c>) -> BoxFuture<'u, StorageResult<T>> + Send + 'static,
    {
        let permit = timeout(self.wait, Arc::clone(&self.searches).acquire_owned()).await;
        let permit = permit.map_err(|_| unavailable(READING, "too many searches at the same time"))?;
        let (pool, wait, time) = (self.pool.clone(), self.wait, self.search_time);
        let searching = async move {
            let _permit = permit;
            let mut reader = pool.snapshot(wait).await?;
            reader.set_time_limit(time).await?;
            let found = AssertUnwindSafe(async { body(&mut reader.connection()).await }).catch_unwind().await;
            reader.remove_time_limit().await?;
            found.unwrap_or_else(|panic| Err(broken(READING, format_args!("panicked: {}", panic_message(&*panic)))))
        };
        let outcome = self.tasks.spawn(searching.in_current_span()).await;
        outcome.unwrap_or_else(|error| Err(broken(READING, error)))
    }

    async fn run<T: Send + 'static>(
        &self,
        reading: impl Future<Output = StorageResult<T>> + Send + 'static,
    ) -> StorageResult<T> {
        let outcome = AbortOnDropHandle::new(self.tasks.spawn(reading.in_current_span())).await;
        outcome.unwrap_or_else(|error| Err(broken(READING, error)))
    }

    pub(crate) async fn close(&self) {
        self.tasks.close();
        self.pool.close().await;
        self.tasks.wait().await;
    }
}

#[cfg(test)]
mod tests;
