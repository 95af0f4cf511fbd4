//! The order of tasks within a column: finds a position next to the neighbours that a client names, and makes room
//! where positions have become too long.

use boardwire_protocol::{Column, ColumnId, Event, Task, TaskId, data};
use serde_json::to_value;

use crate::{
    ServiceError,
    edit::BoardEdit,
    position::{self, LONG},
    storage::TaskState,
};

/// The tasks between which a client wants a task to be.
#[derive(Debug, Clone, Default)]
pub(crate) struct Neighbours {
    pub(crate) before: Option<TaskId>,
    pub(crate) after: Option<TaskId>,
}

impl BoardEdit<'_, '_> {
    /// Returns a position in a column for `task`, which may be new: after the task `after`, else before the task
    /// `before`, else at the end.
    pub(crate) async fn position_for(
        &mut self,
        column: &ColumnId,
        neighbours: &Neighbours,
        task: &TaskId,
    ) -> Result<String, ServiceError> {
        let (low, high) = self.gap(column, neighbours, task).await?;
        let key = position::between(low.as_deref(), high.as_deref());
        if key.len() <= LONG {
            return Ok(key);
        }
        self.respread(column, low.as_deref(), task).await
    }

    /// Returns the positions between which `task` belongs; `None` as one of them: there is no task on that side.
    async fn gap(
        &mut self,
        column: &ColumnId,
        neighbours: &Neighbours,
        task: &TaskId,
    ) -> Result<(Option<String>, Option<String>), ServiceError> {
        let before = self.neighbour(column, neighbours.before.as_ref(), task, "before").await?;
        if let Some(after) = self.neighbour(column, neighbours.after.as_ref(), task, "after").await? {
            let next = self.tx().position_after(column, &after, Some(task)).await?;
            return Ok((Some(after), next));
        }
        let previous = self.tx().position_before(column, before.as_deref(), Some(task)).await?;
        Ok((previous, before))
    }

    /// Returns the position of a neighbour. `path` is the field that names it.
    async fn neighbour(
        &mut self,
        column: &ColumnId,
        id: Option<&TaskId>,
        task: &TaskId,
        path: &'static str,
    ) -> Result<Option<String>, ServiceError> {
        let Some(id) = id else { return Ok(None) };
        if id == task {
            return Err(ServiceError::invalid(path, "a task can't be its own neighbour"));
        }
        match self.tx().task(id).await? {
            Some(neighbour) if neighbour.task.column_id == *column => Ok(Some(neighbour.task.position)),
            neighbour => {
                let here = neighbour.filter(|neighbour| neighbour.task.board_id == *self.id());
                Err(ServiceError::Conflict {
                    message: format!("the task named in `{path}` is not in that column any more"),
                    current: here.map(|neighbour| to_value(neighbour.task)).transpose()?,
                    fields: vec![path],
                })
            }
        }
    }

    /// Gives tasks around a gap new positions, because those within the gap have become too long: as many tasks as it
    /// takes to get short ones, with an event for each. Returns a position in the gap, after `low`.
    async fn respread(&mut self, column: &ColumnId, low: Option<&str>, task: &TaskId) -> Result<String, ServiceError> {
        let mut tasks = self.tx().tasks_in(column).await?;
        tasks.retain(|state| state.task.id != *task);
        let gap = tasks.iter().take_while(|state| low.is_some_and(|low| state.task.position.as_str() <= low)).count();
        let mut reach = 4;
        loop {
            let (from, to) = (gap.saturating_sub(reach), (gap + reach).min(tasks.len()));
            let outer_low = from.checked_sub(1).map(|at| tasks[at].task.position.as_str());
            let outer_high = tasks.get(to).map(|state| state.task.position.as_str());
            let mut keys = position::spread(outer_low, outer_high, to - from + 1);
            let whole = from == 0 && to == tasks.len();
            if whole || keys.iter().all(|key| key.len() <= LONG / 2) {
                let kept_free = keys.remove(gap - from);
                let mut moved: Vec<_> = tasks.drain(from..to).collect();
                for (state, key) in moved.iter_mut().zip(keys) {
                    state.task.position = key;
                    self.touch(state, &["position"]);
                }
                self.save_moved(moved, column).await?;
                return Ok(kept_free);
            }
            reach *= 2;
        }
    }

    /// Moves the tasks of a column to the end of another, in the same order.
    pub(crate) async fn move_to_end(&mut self, mut tasks: Vec<TaskState>, column: &Column) -> Result<(), ServiceError> {
        let Some(from) = tasks.first().map(|state| state.task.column_id.clone()) else { return Ok(()) };
        let last = self.tx().position_before(&column.id, None, None).await?;
        let keys = position::spread(last.as_deref(), None, tasks.len());
        for (state, key) in tasks.iter_mut().zip(keys) {
            state.task.position = key;
            self.enter(state, column);
        }
        self.notify_assignees(&tasks, "moved").await?;
        self.save_moved(tasks, &from).await
    }

    /// Stores tasks that have been moved from this column, with an event for each.
    async fn save_moved(&mut self, tasks: Vec<TaskState>, from: &ColumnId) -> Result<(), ServiceError> {
        self.tx().move_tasks(&tasks).await?;
        let events = tasks.into_iter().map(|state| self.moved_event(state.task, from.clone())).collect();
        self.record_side_effects(events).await
    }

    /// Raises a task's version and records the fields that have changed with it.
    pub(crate) fn touch(&self, state: &mut TaskState, fields: &[&str]) {
        state.task.version += 1;
        state.task.updated_at = self.now();
        for field in fields {
            state.changed.0.insert((*field).to_owned(), state.task.version);
        }
    }

    /// Returns the event that says that a task has moved from `from_column` to where it is now.
    pub(crate) fn moved_event(&self, task: Task, from_column: ColumnId) -> Event {
        Event::TaskMoved(data::TaskMoved {
            from_column,
            to_column: task.column_id.clone(),
            moved_by: self.actor(),
            board_id: self.id().clone(),
            task,
        })
    }
}
