//! Boards and tasks with everything that belongs to them.

use async_trait::async_trait;
use boardwire_protocol::{BoardId, TaskId, board::Snapshot, task::Detail};

use super::StorageResult;

/// How much of a board to read. If the board has more tasks, the snapshot's `next` says so.
#[derive(Debug, Clone)]
pub struct WantedBoard {
    /// The board.
    pub board: BoardId,
    /// Only tasks with an id greater than this one.
    pub after: Option<TaskId>,
    /// The most tasks to return.
    pub limit: u32,
    /// The most bytes of JSON that the tasks and their dependencies have together; the first task is always returned.
    pub bytes: usize,
}

/// Reads an entity with everything that belongs to it, as of one moment.
#[async_trait]
pub trait SnapshotStore: Send + Sync + 'static {
    /// Returns a board, or a part of it: columns by position, members by name and id, tasks by id, each with its
    /// dependencies.
    async fn snapshot(&self, part: &WantedBoard) -> StorageResult<Option<Snapshot>>;

    /// Returns a task with its comments and attachments, oldest first, and its dependencies.
    async fn detail(&self, id: &TaskId) -> StorageResult<Option<Detail>>;
}
