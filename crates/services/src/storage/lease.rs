//! Leases of tasks, and the data by which the next task to lease is chosen.

use std::collections::HashMap;

use async_trait::async_trait;
use boardwire_protocol::{BoardId, Column, ColumnId, Lease, Status, TaskId, Timestamp, UserId};

use super::StorageResult;

/// The unfinished work on a board.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoardWorkload {
    /// Whether the board is archived.
    pub archived: bool,
    /// The board's columns by position.
    pub columns: Vec<Column>,
    /// How many tasks each column holds. Columns without tasks may be missing, and all are if no column has a limit.
    pub task_counts: HashMap<ColumnId, u64>,
    /// The board's tasks that are not done, by column and position.
    pub candidates: Vec<TaskCandidate>,
}

/// A task that is not done, with the fields that decide who works on it next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskCandidate {
    /// The task's id.
    pub id: TaskId,
    /// The column that it is in.
    pub column_id: ColumnId,
    /// Its status.
    pub status: Status,
    /// Its priority; higher is more urgent.
    pub priority: u8,
    /// The user it is assigned to.
    pub assignee: Option<UserId>,
    /// When it is due: a date or a time.
    pub due_date: Option<String>,
    /// Its tags.
    pub tags: Vec<String>,
    /// Its lease, which may have expired.
    pub lease: Option<Lease>,
    /// Whether the claim that created the lease also assigned the task to the lease's holder.
    pub assigned_by_claim: bool,
    /// How many tasks that are not done block this one.
    pub blockers: u64,
    /// How many tasks that are not done this one blocks.
    pub blocks: u64,
}

/// A lease that has expired. Expired leases are ordered by these two fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpiredLease {
    /// When the lease ended.
    pub expired_at: Timestamp,
    /// The leased task.
    pub task: TaskId,
}

/// Leases, within a unit of work.
#[async_trait]
pub trait LeaseRepository: Send {
    /// Returns the unfinished work on a board.
    async fn workload(&mut self, board: &BoardId) -> StorageResult<Option<BoardWorkload>>;

    /// Returns the tasks of a board that have a lease, expired or not, each with the lease's holder, by id.
    async fn leases_on(&mut self, board: &BoardId) -> StorageResult<Vec<(TaskId, UserId)>>;
}

/// Leases, outside units of work.
#[async_trait]
pub trait LeaseStore: Send + Sync + 'static {
    /// Returns the unfinished work on a board.
    async fn workload(&self, board: &BoardId) -> StorageResult<Option<BoardWorkload>>;

    /// Returns the leases that ended at or before `now`, oldest first: at most `limit` of them, starting after `after`.
    /// Leases whose stored text can't be read are included.
    async fn expired_leases(
        &self,
        now: Timestamp,
        after: Option<&ExpiredLease>,
        limit: u32,
    ) -> StorageResult<Vec<ExpiredLease>>;
}
