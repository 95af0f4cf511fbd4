//! Dependencies between tasks.

use async_trait::async_trait;
use boardwire_protocol::{BoardId, Dependency, DependencyType, TaskId};

use super::StorageResult;

/// Dependencies, within a unit of work.
#[async_trait]
pub trait DependencyRepository: Send {
    /// Returns a dependency.
    async fn dependency(
        &mut self,
        from: &TaskId,
        to: &TaskId,
        kind: DependencyType,
    ) -> StorageResult<Option<Dependency>>;

    /// Returns how many dependencies a task has, in both directions.
    async fn count_dependencies(&mut self, task: &TaskId) -> StorageResult<u64>;

    /// Returns the tasks that are not done and block this one.
    async fn blockers(&mut self, task: &TaskId) -> StorageResult<Vec<TaskId>>;

    /// Returns whether `to` blocks `from`, directly or through other tasks.
    async fn is_blocked_by(&mut self, from: &TaskId, to: &TaskId) -> StorageResult<bool>;

    /// Inserts a dependency between two tasks of this board.
    async fn insert_dependency(&mut self, board: &BoardId, dependency: &Dependency) -> StorageResult<bool>;

    /// Deletes a dependency.
    async fn delete_dependency(&mut self, dependency: &Dependency) -> StorageResult<()>;
}
