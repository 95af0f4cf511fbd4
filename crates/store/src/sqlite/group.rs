//! Units of work that wait for the writer, whatever type they return.

use std::time::{Duration, Instant};

use async_trait::async_trait;
use boardwire_services::{
    ServiceError,
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

/// After how many of its instructions SQLite checks whether a unit's time is over: well under a millisecond.
const INSTRUCTIONS: i32 = 4_096;

const UNDO: Statement = Statement::new("sqlite.undo", "ROLLBACK TO unit");

/// A unit of work in the queue.
#[async_trait]
pub(super) trait Waiting: Send {
    /// Runs the unit. If it fails, its changes are rolled back to the savepoint `unit`. An error means that the whole
    /// transaction can't be committed.
    async fn run(&mut self, connection: &mut rusqlite::Connection) -> StorageResult<()>;

    /// Sends the result to the caller. `lost`: the transaction was not committed, for this reason.
    fn answer(self: Box<Self>, lost: Option<&StorageError>);
}

pub(super) struct Pending<T> {
    body: Option<Body<T>>,
    limit: Duration,
    span: Span,
    outcome: Option<Result<T, ServiceError>>,
    reply: oneshot::Sender<Result<T, ServiceError>>,
}

impl<T> Pending<T> {
    pub(super) fn new(body: Body<T>, limit: Duration, reply: oneshot::Sender<Result<T, ServiceError>>) -> Self {
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
        // If the caller no longer waits, nobody needs the result.
        let _ = self.reply.send(outcome);
    }
}

/// Makes SQLite check during each statement whether to interrupt it.
fn watch<F>(connection: &rusqlite::Connection, is_over: Option<F>) -> StorageResult<()>
where
    F: FnMut() -> bool + Send + 'static,
{
    connection.progress_handler(INSTRUCTIONS, is_over).map_err(|error| failed("watching a unit of work", error))
}
