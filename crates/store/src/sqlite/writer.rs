//! The only writer: takes queued units of work, runs each behind a savepoint, commits them together, and only
//! then answers. Syncing a hundred changes to a disk takes about as long as syncing one.

use std::{
    path::PathBuf,
    thread,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use boardwire_services::{
    ServiceError,
    storage::{StorageError, StorageResult},
};
use rusqlite::{ErrorCode, OpenFlags};
use tokio::{
    sync::{mpsc, oneshot},
    time::timeout,
};
use tokio_util::sync::CancellationToken;
use tracing::{Instrument as _, Span};

use crate::{
    Options,
    connection::{Body, Connection, UNIT},
    error::{driver_error, unavailable},
    search_terms,
    statement::Statement,
};

pub(super) const BEGIN: Statement = Statement::new("sqlite.begin", "BEGIN IMMEDIATE");
pub(super) const COMMIT: Statement = Statement::new("sqlite.commit", "COMMIT");

/// Each unit of work runs behind a savepoint. `COMMIT` releases the last one.
const SAVEPOINT: Statement = Statement::new("sqlite.savepoint", "SAVEPOINT unit");
const RELEASE: Statement = Statement::new("sqlite.release", "RELEASE unit");
const ROLL_BACK_UNIT: Statement = Statement::new("sqlite.undo", "ROLLBACK TO unit");

/// How many instructions SQLite executes between two checks of a unit's deadline. They take well under a millisecond.
const INSTRUCTIONS_PER_CHECK: i32 = 4_096;

/// A checkpoint for every 16 MiB, which measured fastest. The WAL file is truncated to 64 MiB, and the page cache holds
/// 32 MiB.
const PRAGMAS: &str = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;
    PRAGMA wal_autocheckpoint = 4096; PRAGMA journal_size_limit = 67108864; PRAGMA cache_size = -32768;";

/// How many prepared statements are kept: enough for all of the program's.
const MAX_PREPARED: usize = 128;

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
            connection.set_prepared_statement_cache_capacity(MAX_PREPARED);
            Ok::<_, rusqlite::Error>(connection)
        };
        // If several processes switch a new file to WAL at the same moment, all but one get BUSY without waiting.
        let began = Instant::now();
        loop {
            match open() {
                Err(error)
                    if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) && began.elapsed() < self.wait =>
                {
                    thread::sleep(BUSY_PAUSE);
                }
                opened => return opened.map_err(|error| driver_error("opening the database file", error)),
            }
        }
    }
}

/// The writer's queue of units of work.
#[derive(Debug)]
pub(crate) struct WriterQueue {
    /// If it is full, callers wait.
    queue: mpsc::Sender<Box<dyn QueuedUnit>>,
    /// How long a caller waits for room in the queue.
    wait: Duration,
    /// How long a unit of work may take.
    unit_time: Duration,
}

impl WriterQueue {
    /// Hands a unit of work to the writer. Once it is in the queue it is run, even if its caller goes away.
    pub(crate) async fn submit<T: Send + 'static>(&self, body: Body<T>) -> Result<T, ServiceError> {
        let permit = match timeout(self.wait, self.queue.reserve()).await {
            Ok(Ok(permit)) => permit,
            Ok(Err(_)) => return Err(unavailable(UNIT, "the store is closed").into()),
            Err(_) => return Err(unavailable(UNIT, "too many units of work are queued").into()),
        };
        let (reply, answer) = oneshot::channel();
        permit.send(Box::new(Pending::new(body, self.unit_time, reply)));
        answer.await.unwrap_or_else(|_| Err(unavailable(UNIT, "the writer is gone").into()))
    }

    /// Checks that the writer is running.
    pub(super) fn check(&self) -> StorageResult<()> {
        if self.queue.is_closed() { Err(unavailable("ping", "the writer is gone")) } else { Ok(()) }
    }
}

pub(super) struct Writer {
    file: File,
    /// `None` after a failure: the next group opens it again.
    connection: Option<rusqlite::Connection>,
    queue: mpsc::Receiver<Box<dyn QueuedUnit>>,
    stop: CancellationToken,
    group_units: usize,
    group_time: Duration,
}

impl Writer {
    /// Creates a writer, and the queue through which it gets its work.
    pub(super) fn new(
        file: File,
        connection: rusqlite::Connection,
        stop: CancellationToken,
        limits: &Options,
    ) -> (Self, WriterQueue) {
        let Options { group_units, group_time, wait, unit_time, .. } = *limits;
        let (sender, queue) = mpsc::channel(limits.queue.max(1));
        let writer = Self { file, connection: Some(connection), queue, stop, group_units, group_time };
        (writer, WriterQueue { queue: sender, wait, unit_time })
    }

    /// Runs until the store is closed or dropped and the queue is empty.
    pub(super) async fn run(mut self) {
        while let Some(first) = self.next_unit().await {
            self.write_group(first).await;
        }
        self.disconnect();
    }

    async fn next_unit(&mut self) -> Option<Box<dyn QueuedUnit>> {
        tokio::select! {
            biased;
            unit = self.queue.recv() => return unit,
            () = self.stop.cancelled() => self.queue.close(),
        }
        self.queue.recv().await
    }

    async fn write_group(&mut self, first: Box<dyn QueuedUnit>) {
        let mut group = Vec::with_capacity(self.group_units);
        group.push(first);
        let result = match self.begin().await {
            Ok(mut connection) => {
                let committed = self.run_group(&mut connection, &mut group).await;
                self.connection = Some(connection);
                committed
            }
            Err(error) => {
                // Each further attempt might take as long, so all queued units are answered now.
                while let Ok(unit) = self.queue.try_recv() {
                    group.push(unit);
                }
                Err(error)
            }
        };
        if let Err(error) = &result {
            tracing::warn!(%error, units = group.len(), "a commit failed, and none of its units was stored");
            // The connection may be in any state, so a new one is opened.
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
        group: &mut Vec<Box<dyn QueuedUnit>>,
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

/// A unit of work in the queue.
#[async_trait]
trait QueuedUnit: Send {
    /// Runs the unit. If it fails, its changes are rolled back to the savepoint `unit`. An error means that the whole
    /// transaction can't be committed.
    async fn run(&mut self, connection: &mut rusqlite::Connection) -> StorageResult<()>;

    /// Sends the result to the caller. `failure` is the reason if the transaction was not committed.
    fn answer(self: Box<Self>, failure: Option<&StorageError>);
}

struct Pending<T> {
    body: Option<Body<T>>,
    limit: Duration,
    span: Span,
    outcome: Option<Result<T, ServiceError>>,
    reply: oneshot::Sender<Result<T, ServiceError>>,
}

impl<T> Pending<T> {
    fn new(body: Body<T>, limit: Duration, reply: oneshot::Sender<Result<T, ServiceError>>) -> Self {
        Self { body: Some(body), limit, span: Span::current(), outcome: None, reply }
    }
}

#[async_trait]
impl<T: Send> QueuedUnit for Pending<T> {
    async fn run(&mut self, connection: &mut rusqlite::Connection) -> StorageResult<()> {
        let Some(body) = self.body.take() else { return Ok(()) };
        let until = Instant::now() + self.limit;
        interrupt_when(connection, Some(move || Instant::now() >= until))?;
        let outcome = {
            let mut unit = Connection::writer_until(connection, until);
            unit.run_unit(body, self.limit).instrument(self.span.clone()).await
        };
        interrupt_when(connection, None::<fn() -> bool>)?;
        let has_failed = outcome.is_err();
        self.outcome = Some(outcome);
        if has_failed {
            Connection::writer(connection).execute(&ROLL_BACK_UNIT, &[]).await?;
        }
        Ok(())
    }

    fn answer(self: Box<Self>, failure: Option<&StorageError>) {
        let outcome = match (failure, self.outcome) {
            (None, Some(outcome)) => outcome,
            (Some(reason), _) => Err(unavailable(UNIT, reason).into()),
            (None, None) => Err(unavailable(UNIT, "it was not run").into()),
        };
        // If the caller no longer waits, nobody needs the result.
        let _ = self.reply.send(outcome);
    }
}

/// Makes SQLite interrupt a statement when `is_over` returns `true`; `None` removes the check.
fn interrupt_when<F>(connection: &rusqlite::Connection, is_over: Option<F>) -> StorageResult<()>
where
    F: FnMut() -> bool + Send + 'static,
{
    connection
        .progress_handler(INSTRUCTIONS_PER_CHECK, is_over)
        .map_err(|error| driver_error("limiting a unit of work", error))
}

#[cfg(test)]
mod tests;
