//! Statements on `tasks`.

use std::sync::LazyLock;

use async_trait::async_trait;
use boardwire_protocol::{BoardId, ColumnId, Status, Task, TaskId};
use boardwire_services::storage::{StorageResult, TaskRepository, TaskState};

use super::stored_lease::StoredLease;
use crate::{
    connection::Connection,
    row::{Ordinal, Row},
    statement::{Statement, Value, insert_into, json, of_rows, update},
};

/// The columns, in the order in which [`values`] returns them and [`read_columns`] and [`read_state`] read them.
macro_rules! fields {
    () => {
        "id, board_id, column_id, title, description, status, position, priority, assignee, due_date, tags, version, \
         created_by, created_at, updated_at, completed_at, lease, changed, fence"
    };
}
pub(super) use fields;

/// The columns, and one that is written but not read: it is in the index by which expired leases are found.
const WRITTEN_COLUMNS: &str = concat!(fields!(), ", lease_expires_at");

const FIND: Statement = Statement::new("task.find", concat!("SELECT ", fields!(), " FROM tasks WHERE id = $1"));

const BOARD_OF: Statement = Statement::new("task.board_of", "SELECT board_id FROM tasks WHERE id = $1");

const LIST_OF_COLUMN: Statement = Statement::new(
    "task.list_of_column",
    concat!("SELECT ", fields!(), " FROM tasks WHERE column_id = $1 ORDER BY position, id"),
);

const FIND_ALL: Statement = of_rows!(
    "task.find_all",
    concat!("SELECT ", fields!(), " FROM tasks WHERE id IN (SELECT item.value ->> 0 FROM"),
    ") ORDER BY id"
);

/// Uses the index by board and id.
const PART_OF_BOARD: Statement = Statement::new(
    "task.part_of_board",
    concat!("SELECT ", fields!(), " FROM tasks WHERE board_id = $1 AND id > $2 ORDER BY id LIMIT $3"),
);

const COUNT: Statement = Statement::new("task.count", "SELECT COUNT(*) FROM tasks WHERE column_id = $1");

/// Reads only the index, and stops at the highest count wanted.
const COUNT_ON_BOARD: Statement = Statement::new(
    "task.count_on_board",
    "SELECT COUNT(*) FROM (SELECT 1 AS one FROM tasks WHERE board_id = $1 LIMIT $2) AS counted",
);

const POSITION_BEFORE: Statement = Statement::new(
    "task.position_before",
    "SELECT position FROM tasks WHERE column_id = $1 AND position < $2 AND id <> $3 ORDER BY position DESC LIMIT 1",
);

const POSITION_AFTER: Statement = Statement::new(
    "task.position_after",
    "SELECT position FROM tasks WHERE column_id = $1 AND position > $2 AND id <> $3 ORDER BY position LIMIT 1",
);

static INSERT: LazyLock<Statement> = LazyLock::new(|| insert_into("task.insert", "tasks", WRITTEN_COLUMNS));

static SAVE: LazyLock<Statement> =
    LazyLock::new(|| update("task.save", "tasks", WRITTEN_COLUMNS, &["board_id", "created_by", "created_at"]));

/// For each task: the id, and the columns that a move changes.
const MOVE_ALL: Statement = of_rows!(
    "task.move_all",
    "UPDATE tasks SET column_id = item.value ->> 1, status = item.value ->> 2, position = item.value ->> 3,
        version = CAST(item.value ->> 4 AS BIGINT), updated_at = CAST(item.value ->> 5 AS BIGINT),
        completed_at = CAST(item.value ->> 6 AS BIGINT), changed = item.value ->> 7, lease = item.value ->> 8,
        lease_expires_at = CAST(item.value ->> 9 AS BIGINT)
     FROM",
    "WHERE tasks.id = item.value ->> 0"
);

/// For each task: the id, and the columns that the end of a lease changes.
const RELEASE_ALL: Statement = of_rows!(
    "task.release_all",
    "UPDATE tasks SET assignee = item.value ->> 1, version = CAST(item.value ->> 2 AS BIGINT),
        updated_at = CAST(item.value ->> 3 AS BIGINT), changed = item.value ->> 4, lease = NULL, lease_expires_at = NULL
     FROM",
    "WHERE tasks.id = item.value ->> 0"
);

const DELETE: Statement = Statement::new("task.delete", "DELETE FROM tasks WHERE id = $1");

/// Sorts after every position: the last character there is.
const AFTER_ALL_POSITIONS: &str = "\u{10FFFF}";

/// Not the id of any task.
const NO_TASK: &str = "";

#[async_trait]
impl TaskRepository for Connection<'_> {
    #[tracing::instrument(level = "debug", name = "db.task.find", skip_all)]
    async fn task(&mut self, id: &TaskId) -> StorageResult<Option<TaskState>> {
        let row = self.fetch_optional(&FIND, &[Value::Text(id.as_str())]).await?;
        row.as_ref().map(read_state).transpose()
    }

    #[tracing::instrument(level = "debug", name = "db.task.find_all", skip_all)]
    async fn tasks(&mut self, ids: &[TaskId]) -> StorageResult<Vec<TaskState>> {
        let ids: Vec<_> = ids.iter().map(|id| [id]).collect();
        let rows = self.fetch_all(&FIND_ALL, &[Value::json(&ids)?]).await?;
        rows.iter().map(read_state).collect()
    }

    #[tracing::instrument(level = "debug", name = "db.task.list_of_column", skip_all)]
    async fn tasks_in(&mut self, column: &ColumnId) -> StorageResult<Vec<TaskState>> {
        let rows = self.fetch_all(&LIST_OF_COLUMN, &[Value::Text(column.as_str())]).await?;
        rows.iter().map(read_state).collect()
    }

    #[tracing::instrument(level = "debug", name = "db.task.board_of", skip_all)]
    async fn board_of_task(&mut self, id: &TaskId) -> StorageResult<Option<BoardId>> {
        let row = self.fetch_optional(&BOARD_OF, &[Value::Text(id.as_str())]).await?;
        row.map(|row| row.id(0)).transpose()
    }

    #[tracing::instrument(level = "debug", name = "db.task.has", skip_all)]
    async fn has_tasks(&mut self, board: &BoardId, count: u32) -> StorageResult<bool> {
        let values = [Value::Text(board.as_str()), Value::Int(count.into())];
        let counted: u32 = self.fetch_one(&COUNT_ON_BOARD, &values).await?.number(0)?;
        Ok(counted >= count)
    }

    #[tracing::instrument(level = "debug", name = "db.task.count", skip_all)]
    async fn count_tasks(&mut self, column: &ColumnId) -> StorageResult<u64> {
        self.fetch_one(&COUNT, &[Value::Text(column.as_str())]).await?.number(0)
    }

    #[tracing::instrument(level = "debug", name = "db.task.position_before", skip_all)]
    async fn position_before(
        &mut self,
        column: &ColumnId,
        below: Option<&str>,
        except: Option<&TaskId>,
    ) -> StorageResult<Option<String>> {
        neighbouring_position(self, &POSITION_BEFORE, column, below.unwrap_or(AFTER_ALL_POSITIONS), except).await
    }

    #[tracing::instrument(level = "debug", name = "db.task.position_after", skip_all)]
    async fn position_after(
        &mut self,
        column: &ColumnId,
        above: &str,
        except: Option<&TaskId>,
    ) -> StorageResult<Option<String>> {
        neighbouring_position(self, &POSITION_AFTER, column, above, except).await
    }

    #[tracing::instrument(level = "debug", name = "db.task.insert", skip_all)]
    async fn insert_task(&mut self, state: &TaskState) -> StorageResult<bool> {
        Ok(self.execute(&INSERT, &values(state)?).await? == 1)
    }

    #[tracing::instrument(level = "debug", name = "db.task.save", skip_all)]
    async fn save_task(&mut self, state: &TaskState) -> StorageResult<()> {
        self.execute_one(&SAVE, &values(state)?).await
    }

    #[tracing::instrument(level = "debug", name = "db.task.move_all", skip_all)]
    async fn move_tasks(&mut self, states: &[TaskState]) -> StorageResult<()> {
        let row = |state: &TaskState| {
            let task = &state.task;
            Ok(serde_json::json!([
                task.id,
                task.column_id,
                task.status.name(),
                task.position,
                task.version,
                task.updated_at.0,
                task.completed_at.map(|time| time.0),
                json(&state.changed)?,
                StoredLease::of(state)?,
                task.lease.as_ref().map(|lease| lease.expires_at.0),
            ]))
        };
        let rows = states.iter().map(row).collect::<StorageResult<Vec<_>>>()?;
        self.execute_exactly(&MOVE_ALL, rows.len(), &[Value::json(&rows)?]).await
    }

    #[tracing::instrument(level = "debug", name = "db.task.release_all", skip_all)]
    async fn release_tasks(&mut self, states: &[TaskState]) -> StorageResult<()> {
        let row = |state: &TaskState| {
            let task = &state.task;
            Ok(serde_json::json!([task.id, task.assignee, task.version, task.updated_at.0, json(&state.changed)?]))
        };
        let rows = states.iter().map(row).collect::<StorageResult<Vec<_>>>()?;
        self.execute_exactly(&RELEASE_ALL, rows.len(), &[Value::json(&rows)?]).await
    }

    #[tracing::instrument(level = "debug", name = "db.task.delete", skip_all)]
    async fn delete_task(&mut self, id: &TaskId) -> StorageResult<()> {
        self.execute_one(&DELETE, &[Value::Text(id.as_str())]).await
    }
}

/// Returns the tasks of a board with ids after `after`, by id.
#[tracing::instrument(level = "debug", name = "db.task.part_of_board", skip_all)]
pub(super) async fn part_of_board(
    connection: &mut Connection<'_>,
    board: &BoardId,
    after: Option<&TaskId>,
    limit: u32,
) -> StorageResult<Vec<Task>> {
    let after = after.map_or(NO_TASK, TaskId::as_str);
    let values = [Value::Text(board.as_str()), Value::Text(after), Value::Int(limit.into())];
    let rows = connection.fetch_all(&PART_OF_BOARD, &values).await?;
    rows.iter().map(read).collect()
}

/// Runs [`POSITION_BEFORE`] or [`POSITION_AFTER`].
async fn neighbouring_position(
    connection: &mut Connection<'_>,
    statement: &'static Statement,
    column: &ColumnId,
    bound: &str,
    except: Option<&TaskId>,
) -> StorageResult<Option<String>> {
    let except = except.map_or(NO_TASK, TaskId::as_str);
    let values = [Value::Text(column.as_str()), Value::Text(bound), Value::Text(except)];
    let row = connection.fetch_optional(statement, &values).await?;
    row.map(|row| row.text(0)).transpose()
}

/// Returns the parameters of [`INSERT`] and [`SAVE`].
fn values(state: &TaskState) -> StorageResult<Vec<Value<'_>>> {
    let task = &state.task;
    Ok(vec![
        Value::Text(task.id.as_str()),
        Value::Text(task.board_id.as_str()),
        Value::Text(task.column_id.as_str()),
        Value::Text(&task.title),
        Value::Text(&task.description),
        Value::Text(task.status.name()),
        Value::Text(&task.position),
        Value::Int(task.priority.into()),
        Value::OptText(task.assignee.as_ref().map(|user| user.as_str())),
        Value::OptText(task.due_date.as_deref()),
        Value::json(&task.tags)?,
        Value::number(task.version),
        Value::Text(task.created_by.as_str()),
        Value::Int(task.created_at.0),
        Value::Int(task.updated_at.0),
        Value::OptInt(task.completed_at.map(|time| time.0)),
        StoredLease::of(state)?.map_or(Value::OptText(None), Value::OwnedText),
        Value::json(&state.changed)?,
        Value::number(state.fence),
        Value::OptInt(task.lease.as_ref().map(|lease| lease.expires_at.0)),
    ])
}

/// Reads a task, and whether its lease also assigned it.
fn read_columns(row: &Row, at: &mut Ordinal) -> StorageResult<(Task, bool)> {
    let mut task = Task {
        id: row.id(at.next())?,
        board_id: row.id(at.next())?,
        column_id: row.id(at.next())?,
        title: row.text(at.next())?,
        description: row.text(at.next())?,
        status: row.named(at.next(), Status::from_name)?,
        position: row.text(at.next())?,
        priority: row.number(at.next())?,
        assignee: row.opt_id(at.next())?,
        due_date: row.opt_text(at.next())?,
        tags: row.json(at.next())?,
        version: row.number(at.next())?,
        created_by: row.id(at.next())?,
        created_at: row.time(at.next())?,
        updated_at: row.time(at.next())?,
        completed_at: row.opt_time(at.next())?,
        lease: None,
    };
    let stored = StoredLease::read(row, at.next())?;
    let assigned_by_claim = stored.as_ref().is_some_and(|stored| stored.assigned);
    task.lease = stored.map(|stored| stored.lease);
    Ok((task, assigned_by_claim))
}

pub(super) fn read(row: &Row) -> StorageResult<Task> {
    read_columns(row, &mut Ordinal::default()).map(|(task, _)| task)
}

fn read_state(row: &Row) -> StorageResult<TaskState> {
    let at = &mut Ordinal::default();
    let (task, assigned_by_claim) = read_columns(row, at)?;
    Ok(TaskState { task, assigned_by_claim, changed: row.json(at.next())?, fence: row.number(at.next())? })
}
