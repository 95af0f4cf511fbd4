//! The boards' logs of durable events.

use std::sync::Arc;

use async_trait::async_trait;
use boardwire_protocol::{BoardId, Epoch, EventKind, Seq, TaskId, Timestamp, UserId};
use serde_json::value::RawValue;

use super::StorageResult;

/// The connection that a change came from: it gets the reply instead of the event. A random number, unique across
/// nodes and restarts, and stored in the log, because an event may reach its sender through the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Origin(pub i64);

/// One durable event in a board's log.
#[derive(Debug, Clone)]
pub struct LogEntry {
    /// The board.
    pub board_id: BoardId,
    /// The event's number: 1, 2, 3, … on each board.
    pub seq: Seq,
    /// The kind of event.
    pub kind: EventKind,
    /// The task that the event concerns.
    pub task_id: Option<TaskId>,
    /// The user that the event is about, such as one who became a member or is no longer one.
    pub subject: Option<UserId>,
    /// The user who caused the event.
    pub actor: Option<UserId>,
    /// The connection that caused the event; it gets the reply instead.
    pub origin: Option<Origin>,
    /// When the event was committed.
    pub at: Timestamp,
    /// The envelope, encoded once: the same bytes are stored and sent.
    pub envelope: Box<RawValue>,
}

/// The end of a board's log, and who may read the board at that point.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The number of the last event.
    pub seq: Seq,
    /// The number of the oldest event still in the log; `seq + 1` if the log is empty.
    pub oldest: Seq,
    /// Identifies this numbering of the board's events.
    pub epoch: Epoch,
    /// The members at `seq`.
    pub members: Vec<UserId>,
}

/// The logs, within a unit of work.
#[async_trait]
pub trait LogRepository: Send {
    /// Appends an entry to its board's log.
    async fn append(&mut self, entry: &LogEntry) -> StorageResult<()>;

    /// Appends entries to their boards' logs.
    async fn append_all(&mut self, entries: &[Arc<LogEntry>]) -> StorageResult<()>;
}

/// The logs, outside units of work.
#[async_trait]
pub trait Log: Send + Sync + 'static {
    /// Returns the end of a board's log, as of one moment; `None` if there is no such board.
    async fn head(&self, board: &BoardId) -> StorageResult<Option<Head>>;

    /// Returns the events after `after`, in order, at most `limit` of them.
    async fn read(&self, board: &BoardId, after: Seq, limit: u32) -> StorageResult<Vec<Arc<LogEntry>>>;
}
