//! Tasks.

use async_trait::async_trait;
use boardwire_protocol::{BoardId, ColumnId, Status, Task, TaskId, Timestamp, UserId};

use super::{FieldVersions, StorageResult};

/// A task as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskState {
    /// The task as clients see it.
    pub task: Task,
    /// The version at which each field last changed.
    pub changed: FieldVersions,
    /// The highest fence that a lease of this task has had; 0 if it has never been claimed.
    pub fence: u64,
    /// Whether the claim that created the lease also assigned the task to the lease's holder.
    pub assigned_by_claim: bool,
}

/// A filter for tasks. A task has to match all of its conditions.
#[derive(Debug, Clone)]
pub struct WantedTasks {
    /// On boards that this user is a member of; `None`: on any board.
    pub reader: Option<UserId>,
    /// On this board; `None`: on any board that is not archived.
    pub board: Option<BoardId>,
    /// In this column.
    pub column: Option<ColumnId>,
    /// With this status.
    pub status: Option<Status>,
    /// Assigned to this user.
    pub assignee: Option<UserId>,
    /// With this tag.
    pub tag: Option<String>,
    /// With a lease that ends after `now`, or without one.
    pub leased: Option<bool>,
    /// The current time.
    pub now: Timestamp,
    /// Changed at this time or later.
    pub updated_since: Option<Timestamp>,
    /// With an id greater than this one.
    pub after: Option<TaskId>,
    /// The most tasks to return.
    pub limit: u32,
}

/// Tasks, within a unit of work.
#[async_trait]
pub trait TaskRepository: Send {
    /// Returns a task.
    async fn task(&mut self, id: &TaskId) -> StorageResult<Option<TaskState>>;

    /// Returns the existing ones of these tasks, by id.
    async fn tasks(&mut self, ids: &[TaskId]) -> StorageResult<Vec<TaskState>>;

    /// Returns the tasks of a column by position.
    async fn tasks_in(&mut self, column: &ColumnId) -> StorageResult<Vec<TaskState>>;

    /// Returns the board that a task is on.
    async fn board_of_task(&mut self, id: &TaskId) -> StorageResult<Option<BoardId>>;

    /// Returns whether a board has at least `count` tasks.
    async fn has_tasks(&mut self, board: &BoardId, count: u32) -> StorageResult<bool>;

    /// Returns how many tasks a column holds.
    async fn count_tasks(&mut self, column: &ColumnId) -> StorageResult<u64>;

    /// Returns the highest position in a column that is below `below` (`None`: the highest of all), ignoring the task
    /// `except`.
    async fn position_before(
        &mut self,
        column: &ColumnId,
        below: Option<&str>,
        except: Option<&TaskId>,
    ) -> StorageResult<Option<String>>;

    /// Returns the lowest position in a column that is above `above`, ignoring the task `except`.
    async fn position_after(
        &mut self,
        column: &ColumnId,
        above: &str,
        except: Option<&TaskId>,
    ) -> StorageResult<Option<String>>;

    /// Inserts a task.
    async fn insert_task(&mut self, state: &TaskState) -> StorageResult<bool>;

    /// Updates a task.
    async fn save_task(&mut self, state: &TaskState) -> StorageResult<()>;

    /// Updates what a move changes: column, position, status, completion, lease and version.
    async fn move_tasks(&mut self, states: &[TaskState]) -> StorageResult<()>;

    /// Updates what the end of a lease changes: assignee, lease and version.
    async fn release_tasks(&mut self, states: &[TaskState]) -> StorageResult<()>;

    /// Deletes a task.
    async fn delete_task(&mut self, id: &TaskId) -> StorageResult<()>;
}

/// Tasks, outside units of work.
#[async_trait]
pub trait TaskStore: Send + Sync + 'static {
    /// Returns a task.
    async fn task(&self, id: &TaskId) -> StorageResult<Option<Task>>;

    /// Returns the board that a task is on.
    async fn board_of_task(&self, id: &TaskId) -> StorageResult<Option<BoardId>>;

    /// Returns the tasks that match a filter, by id.
    async fn tasks(&self, filter: &WantedTasks) -> StorageResult<Vec<Task>>;
}
