//! The only writer: takes the units of work that wait, runs each behind a savepoint, commits them together, and only
//! then answers. Syncing a hundred changes to a disk takes about as long as syncing one.

use std::{path::PathBuf, thread, time::Duration};

use boardwire_services::storage::StorageResult;
use rusqlite::{ErrorCode, OpenFlags};
use tokio::{sync::mpsc, time::Instant};
use tokio_util::sync::CancellationToken;

use super::group::Waiting;
use crate::{Options, connection::Connection, error::failed, search_terms, statement::Statement};

pub(super) const BEGIN: Statement = Statement::new("sqlite.begin", "BEGIN IMMEDIATE");
pub(super) const COMMIT: Statement = Statement::new("sqlite.commit", "COMMIT");

/// Each unit of work runs behind a savepoint. `COMMIT` releases the last one.
const SAVEPOINT: Statement = Statement::new("sqlite.savepoint", "SAVEPOINT unit");
const RELEASE: Statement = Statement::new("sqlite.release", "RELEASE unit");

/// A checkpoint for every 16 MiB, which measured fastest. The WAL file is truncated to 64 MiB, and the page cache holds
/// 32 MiB.
const PRAGMAS: &str = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;
    PRAGMA wal_autocheckpoint = 4096; PRAGMA journal_size_limit = 67108864; PRAGMA cache_size = -32768;";

/// How many prepared statements are kept: enough for all of the program's.
const PREPARED: usize = 128;

/// The pause between two attempts to open a file that another process is switching to WAL.
const BUSY_PAUSE: Duration = Duration::from_millis(10);

/// The database file, to be opened for writing.
pub(super) struct File {
    pub(super) path: PathBuf,
    /// How long to wait for another process to unlock it.
    pub(super) wait: Duration,
}

impl File {
    /// Opens the file, which must exist.
    pub(super) fn open(&self) -> StorageResult<rusqlite::Connection> {
        let open = || {
            let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
            let connection = rusqlite::Connection::open_with_flags(&self.path, flags)?;
            connection.busy_timeout(self.wait)?;
            connection.execute_batch(PRAGMAS)?;
            search_terms::add_function(&connection)?;
            connection.set_prepared_statement_cache_capacity(PREPARED);
            Ok::<_, rusqlite::Error>(connection)
        };
        // If several processes switch a new file to WAL at the same moment, SQLite tells all but one that it is busy,
        // without waiting.
        let began = Instant::now();
        loop {
            match open() {
                Err(error)
                    if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) && began.elapsed() < self.wait =>
                {
                    thread::sleep(BUSY_PAUSE);
                }
                opened => return opened.map_err(|error| failed("opening the database file", error)),
            }
        }
    }
}

pub(super) struct Writer {
    file: File,
    /// `None` after a failure: the next group opens it again.
    connection: Option<rusqlite::Connection>,
    queue: mpsc::Receiver<Box<dyn Waiting>>,
    stop: CancellationToken,
    group_units: usize,
    group_time: Duration,
}

impl Writer {
    pub(super) fn new(
        file: File,
        connection: rusqlite::Connection,
        queue: mpsc::Receiver<Box<dyn Waiting>>,
        stop: CancellationToken,
        limits: &Options,
    ) -> Self {
        let Options { group_units, group_time, .. } = *limits;
        Self { file, connection: Some(connection), queue, stop, group_units, group_time }
    }

    /// Runs until the store is closed or dropped and the queue is empty.
    pub(super) async fn run(mut self) {
        while let Some(first) = self.next().await {
            self.write_group(first).await;
        }
        self.disconnect();
    }

    async fn next(&mut self) -> Option<Box<dyn Waiting>> {
        tokio::select! {
            biased;
            unit = self.queue.recv() => return unit,
            () = self.stop.cancelled() => self.queue.close(),
        }
        self.queue.recv().await
    }

    async fn write_group(&mut self, first: Box<dyn Waiting>) {
        let mut group = Vec::with_capacity(self.group_units);
        group.push(first);
        let result = match self.begin().await {
            Ok(mut connection) => {
                let committed = self.run_group(&mut connection, &mut group).await;
                self.connection = Some(connection);
                committed
            }
            Err(error) => {
                // Each further attempt might take as long, so that all units that wait are answered now.
                while let Ok(unit) = self.queue.try_recv() {
                    group.push(unit);
                }
                Err(error)
            }
        };
        if let Err(error) = &result {
            tracing::warn!(%error, units = group.len(), "a commit failed, nothing of it was kept");
            // The connection may be in any state, so that a new one is opened.
            self.disconnect();
        }
        for unit in group {
            unit.answer(result.as_ref().err());
        }
    }

    async fn begin(&mut self) -> StorageResult<rusqlite::Connection> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.file.open()?,
        };
        let mut begun = Connection::writer(&mut connection);
        begun.execute(&BEGIN, &[]).await?;
        begun.execute(&SAVEPOINT, &[]).await?;
        Ok(connection)
    }

    async fn run_group(
        &mut self,
        connection: &mut rusqlite::Connection,
        group: &mut Vec<Box<dyn Waiting>>,
    ) -> StorageResult<()> {
        let started = Instant::now();
        while let Some(unit) = group.last_mut() {
            unit.run(connection).await?;
            if group.len() >= self.group_units || started.elapsed() >= self.group_time {
                break;
            }
            let Ok(unit) = self.queue.try_recv() else { break };
            group.push(unit);
            let mut between = Connection::writer(connection);
            between.execute(&RELEASE, &[]).await?;
            between.execute(&SAVEPOINT, &[]).await?;
        }
        Connection::writer(connection).execute(&COMMIT, &[]).await.map(drop)
    }

    fn disconnect(&mut self) {
        if let Some(connection) = self.connection.take()
            && let Err((_, error)) = connection.close()
        {
            tracing::debug!(%error, "closing the writer's connection failed");
        }
    }
}

#[cfg(test)]
mod tests {
    use async_trait::async_trait;
    use boardwire_services::{
        ServiceError,
        storage::{MaintenanceStore as _, StorageError},
    };
    use futures_util::FutureExt as _;
    use tokio::{sync::oneshot, time::timeout};

    use super::*;
    use crate::{
        database::Database,
        lost::Lost,
        sqlite::{SqliteDatabase, open},
        work::Body,
    };

    const PATIENCE: Duration = Duration::from_secs(60);

    const TABLE: Statement = Statement::new("test.table", "CREATE TABLE kept (id BIGINT)");
    const INSERT: Statement = Statement::new("test.insert", "INSERT INTO kept VALUES (1)");
    const COUNT: Statement = Statement::new("test.count", "SELECT COUNT(*) FROM kept");
    const ROLLBACK: Statement = Statement::new("test.rollback", "ROLLBACK");

    /// Runs the statements in one unit of work.
    async fn run(database: &SqliteDatabase, statements: &'static [Statement]) -> Result<(), ServiceError> {
        let body: Body<()> = Box::new(move |connection| {
            Box::pin(async move {
                for statement in statements {
                    connection.execute(statement, &[]).await?;
                }
                Ok(())
            })
        });
        database.submit(body).await
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_lost_group_is_answered_as_lost_and_the_next_one_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("x.db").display());
        let database = open(&url, &Options::default()).await.unwrap();
        run(&database, &[TABLE]).await.unwrap();

        // The first unit holds the writer until the others wait, so that all are in one group. The second simulates a
        // full disk, after which SQLite rolls back the whole transaction on its own.
        let (go, wait) = oneshot::channel::<()>();
        let first: Body<()> = Box::new(|connection| {
            Box::pin(async move {
                connection.execute(&INSERT, &[]).await?;
                let _ = wait.await;
                Ok(())
            })
        });
        let (first, second, third, ()) = tokio::join!(
            biased;
            database.submit(first),
            run(&database, &[ROLLBACK]),
            run(&database, &[INSERT]),
            async { drop(go) },
        );
        for lost in [first, second, third] {
            assert!(matches!(lost, Err(ServiceError::Storage(StorageError::Unavailable(_)))), "{lost:?}");
        }
        run(&database, &[INSERT]).await.unwrap();
        let count = database
            .readers()
            .read(|mut reader| async move { reader.connection().fetch_one(&COUNT, &[]).await })
            .await
            .unwrap();
        assert_eq!(count.int(0).unwrap(), 1, "nothing of the lost group was kept");
        database.close().await;
    }

    /// A unit that panics where nothing catches it.
    struct Fatal;

    #[async_trait]
    impl Waiting for Fatal {
        async fn run(&mut self, _: &mut rusqlite::Connection) -> StorageResult<()> {
            panic!("as the test has it")
        }

        fn answer(self: Box<Self>, _: Option<&StorageError>) {}
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_store_without_a_writer_is_lost() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("x.db").display());
        let database = open(&url, &Options::default()).await.unwrap();
        let queue = database.queue.clone();

        // A unit that panics does not end the writer.
        let panics: Body<()> = Box::new(|_| Box::pin(async { panic!("as the test has it") }));
        assert!(matches!(database.submit(panics).await, Err(ServiceError::Storage(StorageError::Broken(_)))));
        run(&database, &[TABLE]).await.unwrap();
        let database = Database::Sqlite(database);
        assert!(database.lost().now_or_never().is_none());

        queue.send(Box::new(Fatal)).await.unwrap();
        let lost = timeout(PATIENCE, database.lost()).await.expect("nobody is told");
        assert_eq!(lost, Lost::Broken);
        assert!(matches!(database.ping().await, Err(StorageError::Unavailable(_))));
        database.close().await;
    }
}
