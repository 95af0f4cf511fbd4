//! Units of work that wait for the writer, whatever they give back.

use std::time::{Duration, Instant};

use async_trait::async_trait;
use boardwire_services::{
    Fault,
    storage::{StorageError, StorageResult},
};
use tokio::sync::oneshot;
use tracing::{Instrument, Span};

use crate::{
    connection::Connection,
    error::{failed, unavailable},
    statement::Statement,
    work::{self, Body},
};

/// After how many of its instructions SQLite looks whether the time of a unit is over: well under a millisecond.
const INSTRUCTIONS: i32 = 4_096;

const UNDO: Statement = Statement::new("sqlite.undo", "ROLLBACK TO unit");

/// A unit of work in the queue.
#[async_trait]
pub(super) trait Waiting: Send {
    /// Runs it, and takes back to the savepoint `unit` what it did where it fails. An error means that the transaction
    /// around it can't be kept.
    async fn run(&mut self, connection: &mut rusqlite::Connection) -> StorageResult<()>;

    /// Tells the caller how it went. `lost`: nothing of the transaction was kept, for this reason.
    fn answer(self: Box<Self>, lost: Option<&StorageError>);
}

pub(super) struct Pending<T> {
    body: Option<Body<T>>,
    limit: Duration,
    span: Span,
    outcome: Option<Result<T, Fault>>,
    reply: oneshot::Sender<Result<T, Fault>>,
}

impl<T> Pending<T> {
    pub(super) fn new(body: Body<T>, limit: Duration, reply: oneshot::Sender<Result<T, Fault>>) -> Self {
        Self { body: Some(body), limit, span: Span::current(), outcome: None, reply }
    }
}

#[async_trait]
impl<T: Send> Waiting for Pending<T> {
    async fn run(&mut self, connection: &mut rusqlite::Connection) -> StorageResult<()> {
        let Some(body) = self.body.take() else { return Ok(()) };
        let until = Instant::now() + self.limit;
        watch(connection, Some(move || Instant::now() >= until))?;
        let outcome = {
            let mut unit = Connection::writer_until(connection, until);
            work::run(body, &mut unit, self.limit).instrument(self.span.clone()).await
        };
        watch(connection, None::<fn() -> bool>)?;
        let undone = outcome.is_err();
        self.outcome = Some(outcome);
        if undone {
            Connection::writer(connection).execute(&UNDO, &[]).await?;
        }
        Ok(())
    }

    fn answer(self: Box<Self>, lost: Option<&StorageError>) {
        let outcome = match (lost, self.outcome) {
            (None, Some(outcome)) => outcome,
            (Some(reason), _) => Err(unavailable("unit of work", reason).into()),
            (None, None) => Err(unavailable("unit of work", "it was not run").into()),
        };
        // Whoever does not wait any more has nothing to be told.
        let _ = self.reply.send(outcome);
    }
}

/// Lets SQLite ask within each statement whether it is to be interrupted.
fn watch<F>(connection: &rusqlite::Connection, is_over: Option<F>) -> StorageResult<()>
where
    F: FnMut() -> bool + Send + 'static,
{
    connection.progress_handler(INSTRUCTIONS, is_over).map_err(|error| failed("watching a unit of work", error))
}
