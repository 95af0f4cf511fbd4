//! Changes of tasks.

use boardwire_protocol::{Column, ColumnId, Event, Role, Status, Task, data, task};
use serde_json::to_value;

use crate::{
    ChangeOutcome, ServiceError,
    edit::{Archived, BoardEdit},
    lease_state::end_lease,
    merge::Merge,
    storage::{FieldVersions, TaskState},
    task_order::Neighbours,
    unit::{Execute, Unit},
};

impl Execute for task::Create {
    async fn execute(self, unit: &mut Unit<'_>) -> Result<ChangeOutcome, ServiceError> {
        let mut edit = unit.board(&self.board_id, Role::Member, Archived::Refused).await?;
        let column = match &self.column_id {
            Some(id) => edit.column(id).await?.column,
            None => first_column(&mut edit).await?,
        };
        if let Some(assignee) = &self.assignee {
            edit.require_known_user(assignee, "assignee").await?;
        }
        edit.require_room_for_task().await?;
        edit.require_room_in(&column, 1).await?;
        let id = self.id.unwrap_or_else(|| edit.new_id());
        let neighbours = Neighbours { before: self.before, after: self.after };
        let status = column.status.unwrap_or(Status::Todo);
        let task = Task {
            position: edit.position_for(&column.id, &neighbours, &id).await?,
            title: self.title.into_string(),
            description: self.description.map(|text| text.into_string()).unwrap_or_default(),
            status,
            priority: self.priority.unwrap_or_default().get(),
            assignee: self.assignee,
            due_date: self.due_date.map(|date| date.into_string()),
            tags: self.tags.unwrap_or_default().into_strings(),
            completed_at: (status == Status::Done).then(|| edit.now()),
            ..Task::blank(id, (edit.id().clone(), column.id), edit.actor(), edit.now())
        };
        let state = TaskState { task, changed: FieldVersions::default(), fence: 0, assigned_by_claim: false };
        if !edit.tx().insert_task(&state).await? {
            return Err(ServiceError::conflict("this task id is taken"));
        }
        let task = state.task;
        edit.notify_mentioned(&task, &task.description, "", "mentioned you in").await?;
        edit.notify_assigned(&task, None).await?;
        edit.record(Event::TaskCreated(data::TaskCreated {
            task: task.clone(),
            created_by: edit.actor(),
            board_id: edit.id().clone(),
        }))
        .await?;
        edit.finish(&task::TaskResult { task }).await
    }
}

impl Execute for task::Update {
    async fn execute(self, unit: &mut Unit<'_>) -> Result<ChangeOutcome, ServiceError> {
        let mut edit = unit.board_of(&self.task_id).await?;
        let mut state = edit.task(&self.task_id).await?;
        edit.require_lease(&state, self.fence)?;
        let before = state.task.clone();
        let updates = self.updates;
        if let boardwire_protocol::Patch::Set(assignee) = &updates.assignee
            && before.assignee.as_ref() != Some(assignee)
        {
            edit.require_known_user(assignee, "updates.assignee").await?;
        }
        let now = edit.now();
        let mut changes = {
            let TaskState { task, changed, .. } = &mut state;
            let mut merge = Merge::new(changed, task.version, self.expected_version);
            merge.set("title", &mut task.title, updates.title.map(|title| title.into_string()));
            let description =
                updates.description.into_option().map(|text| text.map(|text| text.into_string()).unwrap_or_default());
            merge.set("description", &mut task.description, description);
            merge.set("status", &mut task.status, updates.status);
            merge.set("priority", &mut task.priority, updates.priority.map(|priority| priority.get()));
            merge.set("assignee", &mut task.assignee, updates.assignee.into_option());
            let due_date = updates.due_date.into_option().map(|date| date.map(|date| date.into_string()));
            merge.set("due_date", &mut task.due_date, due_date);
            merge.set("tags", &mut task.tags, updates.tags.map(|tags| tags.into_strings()));
            let completed_at = (task.status == Status::Done).then(|| before.completed_at.unwrap_or(now));
            merge.set("completed_at", &mut task.completed_at, Some(completed_at));
            merge.finish(|| to_value(&before))?
        };
        if !changes.is_empty() {
            state.task.version += 1;
            state.task.updated_at = now;
            if state.task.status == Status::Done && end_lease(&mut state) {
                state.changed.0.insert("lease".to_owned(), state.task.version);
                changes.insert("lease", serde_json::Value::Null);
            }
            edit.tx().save_task(&state).await?;
            let (task, earlier) = (&state.task, &before.description);
            let notified = edit.notify_mentioned(task, &task.description, earlier, "mentioned you in").await?.notified;
            if before.assignee == task.assignee {
                edit.notify_assignee(task, "changed", &notified).await?;
            } else {
                edit.notify_assigned(task, before.assignee.as_ref()).await?;
            }
            edit.record(Event::TaskUpdated(data::TaskUpdated {
                task: state.task.clone(),
                changes,
                updated_by: edit.actor(),
                board_id: edit.id().clone(),
            }))
            .await?;
        }
        edit.finish(&task::TaskResult { task: state.task }).await
    }
}

impl Execute for task::Move {
    async fn execute(self, unit: &mut Unit<'_>) -> Result<ChangeOutcome, ServiceError> {
        let mut edit = unit.board_of(&self.task_id).await?;
        let mut state = edit.task(&self.task_id).await?;
        edit.require_lease(&state, self.fence)?;
        let column = edit.column_named(self.to_column.as_str()).await?;
        let from_column = state.task.column_id.clone();
        if column.id != from_column {
            edit.require_room_in(&column, 1).await?;
        }
        let neighbours = Neighbours { before: self.before, after: self.after };
        state.task.position = edit.position_for(&column.id, &neighbours, &state.task.id).await?;
        edit.enter(&mut state, &column);
        edit.tx().save_task(&state).await?;
        edit.notify_assignee(&state.task, "moved", &[]).await?;
        let event = edit.moved_event(state.task.clone(), from_column);
        edit.record(event).await?;
        edit.finish(&task::TaskResult { task: state.task }).await
    }
}

impl Execute for task::Assign {
    async fn execute(self, unit: &mut Unit<'_>) -> Result<ChangeOutcome, ServiceError> {
        let mut edit = unit.board_of(&self.task_id).await?;
        let mut state = edit.task(&self.task_id).await?;
        if state.task.assignee != self.assignee {
            if let Some(assignee) = &self.assignee {
                edit.require_known_user(assignee, "assignee").await?;
            }
            let previous_assignee = std::mem::replace(&mut state.task.assignee, self.assignee.clone());
            edit.touch(&mut state, &["assignee"]);
            edit.tx().save_task(&state).await?;
            edit.notify_assigned(&state.task, previous_assignee.as_ref()).await?;
            edit.record(Event::TaskAssigned(data::TaskAssigned {
                task: state.task.clone(),
                assignee: self.assignee,
                previous_assignee,
                assigned_by: edit.actor(),
                board_id: edit.id().clone(),
            }))
            .await?;
        }
        edit.finish(&task::TaskResult { task: state.task }).await
    }
}

impl Execute for task::Complete {
    async fn execute(self, unit: &mut Unit<'_>) -> Result<ChangeOutcome, ServiceError> {
        let mut edit = unit.board_of(&self.task_id).await?;
        let mut state = edit.task(&self.task_id).await?;
        edit.require_lease(&state, self.fence)?;
        let columns = edit.columns().await?;
        let is_done = |column: &&Column| column.status == Some(Status::Done);
        let there_already = columns.iter().filter(is_done).any(|column| column.id == state.task.column_id);
        let target = columns.iter().find(is_done).filter(|_| !there_already);
        if target.is_some() || state.task.status != Status::Done {
            if let Some(column) = target {
                edit.require_room_in(column, 1).await?;
                state.task.position = edit.position_for(&column.id, &Neighbours::default(), &state.task.id).await?;
                edit.enter(&mut state, column);
            } else {
                let mut fields = vec!["status", "completed_at"];
                state.task.status = Status::Done;
                state.task.completed_at = Some(edit.now());
                fields.extend(end_lease(&mut state).then_some("lease"));
                edit.touch(&mut state, &fields);
            }
            edit.tx().save_task(&state).await?;
            edit.notify_assignee(&state.task, "completed", &[]).await?;
            edit.record(Event::TaskCompleted(data::TaskCompleted {
                task: state.task.clone(),
                completed_by: edit.actor(),
                board_id: edit.id().clone(),
            }))
            .await?;
        }
        edit.finish(&task::TaskResult { task: state.task }).await
    }
}

impl Execute for task::Delete {
    async fn execute(self, unit: &mut Unit<'_>) -> Result<ChangeOutcome, ServiceError> {
        let mut edit = unit.board_of(&self.task_id).await?;
        let task = edit.task(&self.task_id).await?.task;
        edit.tx().delete_task(&task.id).await?;
        edit.notify_assignee(&task, "deleted", &[]).await?;
        edit.record(Event::TaskDeleted(data::TaskDeleted {
            task_id: task.id.clone(),
            deleted_by: edit.actor(),
            board_id: edit.id().clone(),
        }))
        .await?;
        edit.finish(&task::Deleted { task_id: task.id }).await
    }
}

async fn first_column(edit: &mut BoardEdit<'_, '_>) -> Result<Column, ServiceError> {
    let columns = edit.columns().await?;
    columns
        .into_iter()
        .next()
        .ok_or_else(|| ServiceError::invalid("columnId", "the board has no column; create one first"))
}

impl BoardEdit<'_, '_> {
    /// Returns the board's columns by position.
    pub(crate) async fn columns(&mut self) -> Result<Vec<Column>, ServiceError> {
        let id = self.id().clone();
        Ok(self.tx().columns(&id).await?.into_iter().map(|state| state.column).collect())
    }

    /// Returns a column of this board by its id, or else by its name, ignoring case. An ambiguous name is an error in
    /// the field `toColumn`.
    pub(crate) async fn column_named(&mut self, text: &str) -> Result<Column, ServiceError> {
        if let Ok(id) = ColumnId::try_from(text) {
            match self.column(&id).await {
                Ok(state) => return Ok(state.column),
                Err(ServiceError::NotFound(_)) => {}
                Err(error) => return Err(error),
            }
        }
        let name = |text: &str| text.trim().to_lowercase();
        let mut named = self.columns().await?.into_iter().filter(|column| name(&column.name) == name(text));
        match (named.next(), named.next()) {
            (Some(column), None) => Ok(column),
            (Some(one), Some(other)) => {
                let message =
                    format!("several columns have this name: give the id of one, such as {} or {}", one.id, other.id);
                Err(ServiceError::invalid("toColumn", message))
            }
            (None, _) => Err(ServiceError::NotFound("column")),
        }
    }

    /// Checks that a column has room for `more` tasks.
    pub(crate) async fn require_room_in(&mut self, column: &Column, more: u64) -> Result<(), ServiceError> {
        let Some(limit) = column.wip_limit else { return Ok(()) };
        let held = self.tx().count_tasks(&column.id).await?;
        if held + more > u64::from(limit) { Err(ServiceError::WipLimit(limit)) } else { Ok(()) }
    }

    /// Moves a task, whose position has been set already, to a column. The task takes on the column's status.
    pub(crate) fn enter(&self, state: &mut TaskState, column: &Column) {
        let fields = self.put_into(state, column);
        self.touch(state, &fields);
    }

    /// Does what [`enter`](Self::enter) does, except for raising the version. Returns the fields that have changed.
    pub(crate) fn put_into(&self, state: &mut TaskState, column: &Column) -> Vec<&'static str> {
        let mut fields = vec!["position"];
        if state.task.column_id != column.id {
            state.task.column_id = column.id.clone();
            fields.push("column_id");
            if let Some(status) = column.status.filter(|status| *status != state.task.status) {
                state.task.status = status;
                state.task.completed_at = (status == Status::Done).then(|| self.now());
                fields.extend(["status", "completed_at"]);
            }
        }
        if state.task.status == Status::Done && end_lease(state) {
            fields.push("lease");
        }
        fields
    }
}
