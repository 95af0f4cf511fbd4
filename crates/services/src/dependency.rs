//! Changes of dependencies between tasks of one board. Dependencies of the type `blocks` never form a circle.

use boardwire_protocol::{Dependency, DependencyType, Event, TaskId, data, dependency};

use crate::{
    ChangeOutcome, ServiceError,
    edit::BoardEdit,
    unit::{Execute, Unit},
};

/// The most dependencies that a task may have, in both directions, because `board:get` returns all of them.
const MAX_DEPENDENCIES: u64 = 100;

impl Execute for dependency::Add {
    async fn execute(self, unit: &mut Unit<'_>) -> Result<ChangeOutcome, ServiceError> {
        let mut edit = unit.board_of(&self.task_id).await?;
        let task = edit.task(&self.task_id).await?.task;
        require_on_board(&mut edit, &self.depends_on).await?;
        let (from, to, kind) = (self.task_id, self.depends_on, self.kind);
        if let Some(dependency) = edit.tx().dependency(&from, &to, kind).await? {
            return edit.finish(&dependency::DependencyResult { dependency }).await;
        }
        if from == to || (kind == DependencyType::Blocks && edit.tx().is_blocked_by(&to, &from).await?) {
            return Err(ServiceError::DependencyCycle);
        }
        for end in [&from, &to] {
            if edit.tx().count_dependencies(end).await? >= MAX_DEPENDENCIES {
                return Err(ServiceError::conflict(format!(
                    "a task has at most {MAX_DEPENDENCIES} dependencies; remove one first"
                )));
            }
        }
        let dependency =
            Dependency { task_id: from, depends_on: to, kind, created_by: edit.actor(), created_at: edit.now() };
        let board = edit.id().clone();
        edit.tx().insert_dependency(&board, &dependency).await?;
        edit.notify_assignee(&task, "added a dependency to", &[]).await?;
        let data = data::TaskDependencyAdded { dependency: dependency.clone(), board_id: board };
        edit.record(Event::TaskDependencyAdded(data)).await?;
        edit.finish(&dependency::DependencyResult { dependency }).await
    }
}

impl Execute for dependency::Remove {
    async fn execute(self, unit: &mut Unit<'_>) -> Result<ChangeOutcome, ServiceError> {
        let mut edit = unit.board_of(&self.task_id).await?;
        let task = edit.task(&self.task_id).await?.task;
        let found = edit.tx().dependency(&self.task_id, &self.depends_on, self.kind).await?;
        let dependency = found.ok_or(ServiceError::NotFound("dependency"))?;
        edit.tx().delete_dependency(&dependency).await?;
        edit.notify_assignee(&task, "removed a dependency from", &[]).await?;
        let data = data::TaskDependencyRemoved { dependency: dependency.clone(), board_id: edit.id().clone() };
        edit.record(Event::TaskDependencyRemoved(data)).await?;
        edit.finish(&dependency::DependencyResult { dependency }).await
    }
}

/// Checks that the task in `dependsOn` is on this board. A task on another board is treated as if it did not exist,
/// because the readers of this board may not be allowed to read the other one.
async fn require_on_board(edit: &mut BoardEdit<'_, '_>, id: &TaskId) -> Result<(), ServiceError> {
    match edit.task(id).await {
        Ok(_) => Ok(()),
        Err(ServiceError::NotFound(_)) => Err(ServiceError::NotFound("task in dependsOn on this board")),
        Err(error) => Err(error),
    }
}
