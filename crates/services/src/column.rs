//! Changes of columns.

use std::collections::{HashMap, HashSet};

use boardwire_protocol::{Column, ColumnId, Event, Role, column, data};
use serde_json::to_value;

use crate::{
    ChangeOutcome, ServiceError,
    edit::{Archived, BoardEdit},
    merge::Merge,
    position::{self, LONG},
    storage::{ColumnState, FieldVersions},
    unit::{Execute, Unit},
};

/// The most columns that a board may have.
const MAX_COLUMNS: usize = 100;
/// The most tasks that deleting a column may move. Each of them gets an event of its own.
const MAX_MOVED: usize = 5_000;

impl Execute for column::Create {
    async fn execute(self, unit: &mut Unit<'_>) -> Result<ChangeOutcome, ServiceError> {
        let mut edit = unit.board(&self.board_id, Role::Member, Archived::Refused).await?;
        let mut columns = edit.columns().await?;
        if columns.len() >= MAX_COLUMNS {
            return Err(ServiceError::conflict(format!("a board has at most {MAX_COLUMNS} columns")));
        }
        let id = self.id.unwrap_or_else(|| edit.new_id());
        let at = index_for(&columns, self.before.as_ref(), self.after.as_ref())?;
        let mut key = key_at(&columns, at);
        if key.len() > LONG {
            let order: Vec<_> = columns.into_iter().map(|column| column.id).collect();
            columns = edit.reorder(&order).await?;
            let event = edit.reordered_event(&columns);
            edit.record_side_effect(event).await?;
            key = key_at(&columns, at);
        }
        let column = Column {
            id,
            board_id: edit.id().clone(),
            name: self.name.into_string(),
            position: key,
            status: self.status,
            wip_limit: self.wip_limit,
            version: 1,
            created_at: edit.now(),
            updated_at: edit.now(),
        };
        let state = ColumnState { column, changed: FieldVersions::default() };
        if !edit.tx().insert_column(&state).await? {
            return Err(ServiceError::conflict("this column id is taken"));
        }
        edit.record(Event::ColumnCreated(data::ColumnCreated {
            column: state.column.clone(),
            board_id: edit.id().clone(),
        }))
        .await?;
        edit.finish(&column::ColumnResult { column: state.column }).await
    }
}

impl Execute for column::Update {
    async fn execute(self, unit: &mut Unit<'_>) -> Result<ChangeOutcome, ServiceError> {
        let (mut edit, mut state) = open(unit, &self.column_id).await?;
        let before = state.column.clone();
        let updates = self.updates;
        let changes = {
            let ColumnState { column, changed } = &mut state;
            let mut merge = Merge::new(changed, column.version, self.expected_version);
            merge.set("name", &mut column.name, updates.name.map(|name| name.into_string()));
            merge.set("status", &mut column.status, updates.status.into_option());
            merge.set("wip_limit", &mut column.wip_limit, updates.wip_limit.into_option());
            merge.finish(|| to_value(&before))?
        };
        if !changes.is_empty() {
            state.column.version += 1;
            state.column.updated_at = edit.now();
            edit.tx().save_column(&state).await?;
            edit.record(Event::ColumnUpdated(data::ColumnUpdated {
                column: state.column.clone(),
                changes,
                board_id: edit.id().clone(),
            }))
            .await?;
        }
        edit.finish(&column::ColumnResult { column: state.column }).await
    }
}

impl Execute for column::Reorder {
    async fn execute(self, unit: &mut Unit<'_>) -> Result<ChangeOutcome, ServiceError> {
        let mut edit = unit.board(&self.board_id, Role::Member, Archived::Refused).await?;
        let columns = edit.columns().await?;
        let named: HashSet<_> = self.column_ids.iter().collect();
        let known: HashSet<_> = columns.iter().map(|column| &column.id).collect();
        if named.len() != self.column_ids.len() {
            return Err(ServiceError::invalid("columnIds", "names a column twice"));
        }
        if named != known {
            return Err(ServiceError::Conflict {
                message: "columnIds must name all columns of the board, as they are now".to_owned(),
                current: Some(to_value(&columns)?),
                fields: vec!["columnIds"],
            });
        }
        let columns = if columns.iter().map(|column| &column.id).eq(&self.column_ids) {
            columns
        } else {
            let columns = edit.reorder(&self.column_ids).await?;
            let event = edit.reordered_event(&columns);
            edit.record(event).await?;
            columns
        };
        edit.finish(&column::Columns { columns }).await
    }
}

impl Execute for column::Delete {
    async fn execute(self, unit: &mut Unit<'_>) -> Result<ChangeOutcome, ServiceError> {
        let (mut edit, state) = open(unit, &self.column_id).await?;
        let tasks = edit.tx().tasks_in(&self.column_id).await?;
        match &self.move_tasks_to {
            Some(target) if *target == self.column_id => {
                return Err(ServiceError::invalid("moveTasksTo", "is the column that is to be deleted"));
            }
            Some(_) if tasks.len() > MAX_MOVED => {
                let message = format!("the column holds {} tasks; at most {MAX_MOVED} move at once", tasks.len());
                return Err(ServiceError::conflict(message));
            }
            Some(target) => {
                let target = edit.column(target).await?.column;
                edit.require_room_in(&target, tasks.len() as u64).await?;
                edit.move_to_end(tasks, &target).await?;
            }
            None if tasks.is_empty() => {}
            None => {
                let message = format!("the column holds {} tasks; say in moveTasksTo where they go", tasks.len());
                return Err(ServiceError::Conflict {
                    message,
                    current: Some(to_value(&state.column)?),
                    fields: vec![],
                });
            }
        }
        edit.tx().delete_column(&self.column_id).await?;
        edit.record(Event::ColumnDeleted(data::ColumnDeleted {
            column_id: self.column_id.clone(),
            board_id: edit.id().clone(),
        }))
        .await?;
        edit.finish(&column::Deleted { column_id: self.column_id }).await
    }
}

/// Locks the board of a column and reads the column again, now that nobody else can change it.
async fn open<'u, 't>(unit: &'u mut Unit<'t>, id: &ColumnId) -> Result<(BoardEdit<'u, 't>, ColumnState), ServiceError> {
    let board = unit.tx.column(id).await?.ok_or(ServiceError::NotFound("column"))?.column.board_id;
    let mut edit = unit.board_with("column", &board).await?;
    let state = edit.column(id).await?;
    Ok((edit, state))
}

/// Returns the index for a new column: after the column `after`, else before the column `before`, else at the end.
fn index_for(columns: &[Column], before: Option<&ColumnId>, after: Option<&ColumnId>) -> Result<usize, ServiceError> {
    let find = |id: &ColumnId, path: &'static str| {
        let found = columns.iter().position(|column| column.id == *id);
        found.ok_or_else(|| {
            ServiceError::conflict(format!("the column named in `{path}` is not on this board any more"))
        })
    };
    let before = before.map(|id| find(id, "before")).transpose()?;
    let after = after.map(|id| find(id, "after")).transpose()?;
    Ok(after.map(|at| at + 1).or(before).unwrap_or(columns.len()))
}

/// Returns a position between the columns at the indexes `at - 1` and `at`.
fn key_at(columns: &[Column], at: usize) -> String {
    let position = |column: &'_ Column| column.position.clone();
    let low = at.checked_sub(1).and_then(|before| columns.get(before)).map(position);
    position::between(low.as_deref(), columns.get(at).map(position).as_deref())
}

impl BoardEdit<'_, '_> {
    /// Gives the columns new positions in this order.
    async fn reorder(&mut self, order: &[ColumnId]) -> Result<Vec<Column>, ServiceError> {
        let id = self.id().clone();
        let mut states: HashMap<_, _> =
            self.tx().columns(&id).await?.into_iter().map(|state| (state.column.id.clone(), state)).collect();
        let mut columns = Vec::with_capacity(order.len());
        for (id, key) in order.iter().zip(position::spread(None, None, order.len())) {
            let Some(mut state) = states.remove(id) else { continue };
            if state.column.position != key {
                state.column.position = key;
                state.column.version += 1;
                state.column.updated_at = self.now();
                state.changed.0.insert("position".to_owned(), state.column.version);
                self.tx().save_column(&state).await?;
            }
            columns.push(state.column);
        }
        Ok(columns)
    }

    /// Returns the event that says that the columns have a new order.
    fn reordered_event(&self, columns: &[Column]) -> Event {
        Event::ColumnReordered(data::ColumnReordered { columns: columns.to_vec(), board_id: self.id().clone() })
    }
}
