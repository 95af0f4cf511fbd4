//! `tasks`.

use boardwire_protocol::{BoardId, ColumnId, Status, Task, TaskId};
use boardwire_services::storage::{Stored, TaskState};

use super::{json, lease::Kept, of_rows};
use crate::{
    connection::{Connection, Statement, Value},
    row::Row,
};

macro_rules! fields {
    () => {
        "id, board_id, column_id, title, description, status, position, priority, assignee, due_date, tags, version, \
         created_by, created_at, updated_at, completed_at, changed, fence, lease"
    };
}
pub(super) use fields;

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

/// Walks over the index by board and id.
const PART_OF_BOARD: Statement = Statement::new(
    "task.part_of_board",
    concat!("SELECT ", fields!(), " FROM tasks WHERE board_id = $1 AND id > $2 ORDER BY id LIMIT $3"),
);

const COUNT: Statement = Statement::new("task.count", "SELECT COUNT(*) FROM tasks WHERE column_id = $1");

/// Walks over the index, and over no more of it than it has to count.
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

const INSERT: Statement = Statement::new(
    "task.insert",
    concat!(
        "INSERT INTO tasks (",
        fields!(),
        ", lease_expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, \
         $19, $20) ON CONFLICT DO NOTHING"
    ),
);

const SAVE: Statement = Statement::new(
    "task.save",
    "UPDATE tasks SET column_id = $2, title = $3, description = $4, status = $5, position = $6, priority = $7,
        assignee = $8, due_date = $9, tags = $10, version = $11, updated_at = $12, completed_at = $13, changed = $14,
        fence = $15, lease = $16, lease_expires_at = $17
     WHERE id = $1",
);

/// Of each: the id, and what a move changes.
const MOVE_ALL: Statement = of_rows!(
    "task.move_all",
    "UPDATE tasks SET column_id = item.value ->> 1, status = item.value ->> 2, position = item.value ->> 3,
        version = CAST(item.value ->> 4 AS BIGINT), updated_at = CAST(item.value ->> 5 AS BIGINT),
        completed_at = CAST(item.value ->> 6 AS BIGINT), changed = item.value ->> 7, lease = item.value ->> 8,
        lease_expires_at = CAST(item.value ->> 9 AS BIGINT)
     FROM",
    "WHERE tasks.id = item.value ->> 0"
);

/// Of each: the id, and what the end of its lease changes.
const RELEASE_ALL: Statement = of_rows!(
    "task.release_all",
    "UPDATE tasks SET assignee = item.value ->> 1, version = CAST(item.value ->> 2 AS BIGINT),
        updated_at = CAST(item.value ->> 3 AS BIGINT), changed = item.value ->> 4, lease = NULL, lease_expires_at = NULL
     FROM",
    "WHERE tasks.id = item.value ->> 0"
);

const DELETE: Statement = Statement::new("task.delete", "DELETE FROM tasks WHERE id = $1");

/// Sorts behind every position: the last character there is.
const BEHIND_ALL: &str = "\u{10FFFF}";

/// The id of no task.
const NO_TASK: &str = "";

#[tracing::instrument(level = "debug", name = "db.task.find", skip_all)]
pub(crate) async fn find(connection: &mut Connection<'_>, id: &TaskId) -> Stored<Option<TaskState>> {
    let row = connection.fetch_optional(&FIND, &[Value::Text(id.as_str())]).await?;
    row.as_ref().map(read).transpose()
}

#[tracing::instrument(level = "debug", name = "db.task.board_of", skip_all)]
pub(crate) async fn board_of(connection: &mut Connection<'_>, id: &TaskId) -> Stored<Option<BoardId>> {
    let row = connection.fetch_optional(&BOARD_OF, &[Value::Text(id.as_str())]).await?;
    row.map(|row| row.id(0)).transpose()
}

#[tracing::instrument(level = "debug", name = "db.task.list_of_column", skip_all)]
pub(crate) async fn list_of_column(connection: &mut Connection<'_>, column: &ColumnId) -> Stored<Vec<TaskState>> {
    let rows = connection.fetch_all(&LIST_OF_COLUMN, &[Value::Text(column.as_str())]).await?;
    rows.iter().map(read).collect()
}

/// Those of these tasks that there are, by id.
#[tracing::instrument(level = "debug", name = "db.task.find_all", skip_all)]
pub(crate) async fn find_all(connection: &mut Connection<'_>, ids: &[TaskId]) -> Stored<Vec<TaskState>> {
    let ids: Vec<_> = ids.iter().map(|id| [id]).collect();
    let rows = connection.fetch_all(&FIND_ALL, &[Value::Made(json(&ids)?)]).await?;
    rows.iter().map(read).collect()
}

/// The tasks of a board by id, behind `after`.
#[tracing::instrument(level = "debug", name = "db.task.part_of_board", skip_all)]
pub(crate) async fn part_of_board(
    connection: &mut Connection<'_>,
    board: &BoardId,
    after: Option<&TaskId>,
    limit: u32,
) -> Stored<Vec<Task>> {
    let after = after.map_or(NO_TASK, TaskId::as_str);
    let values = [Value::Text(board.as_str()), Value::Text(after), Value::Int(limit.into())];
    let rows = connection.fetch_all(&PART_OF_BOARD, &values).await?;
    rows.iter().map(read_task).collect()
}

#[tracing::instrument(level = "debug", name = "db.task.count", skip_all)]
pub(crate) async fn count(connection: &mut Connection<'_>, column: &ColumnId) -> Stored<u64> {
    connection.fetch_one(&COUNT, &[Value::Text(column.as_str())]).await?.number(0)
}

/// Has a board at least so many tasks?
#[tracing::instrument(level = "debug", name = "db.task.has", skip_all)]
pub(crate) async fn has(connection: &mut Connection<'_>, board: &BoardId, count: u32) -> Stored<bool> {
    let values = [Value::Text(board.as_str()), Value::Int(count.into())];
    let counted: u32 = connection.fetch_one(&COUNT_ON_BOARD, &values).await?.number(0)?;
    Ok(counted >= count)
}

#[tracing::instrument(level = "debug", name = "db.task.position_before", skip_all)]
pub(crate) async fn position_before(
    connection: &mut Connection<'_>,
    column: &ColumnId,
    below: Option<&str>,
    except: Option<&TaskId>,
) -> Stored<Option<String>> {
    neighbour(connection, &POSITION_BEFORE, column, below.unwrap_or(BEHIND_ALL), except).await
}

#[tracing::instrument(level = "debug", name = "db.task.position_after", skip_all)]
pub(crate) async fn position_after(
    connection: &mut Connection<'_>,
    column: &ColumnId,
    above: &str,
    except: Option<&TaskId>,
) -> Stored<Option<String>> {
    neighbour(connection, &POSITION_AFTER, column, above, except).await
}

async fn neighbour(
    connection: &mut Connection<'_>,
    statement: &'static Statement,
    column: &ColumnId,
    bound: &str,
    except: Option<&TaskId>,
) -> Stored<Option<String>> {
    let except = except.map_or(NO_TASK, TaskId::as_str);
    let values = [Value::Text(column.as_str()), Value::Text(bound), Value::Text(except)];
    let row = connection.fetch_optional(statement, &values).await?;
    row.map(|row| row.text(0)).transpose()
}

#[tracing::instrument(level = "debug", name = "db.task.insert", skip_all)]
pub(crate) async fn insert(connection: &mut Connection<'_>, state: &TaskState) -> Stored<bool> {
    let task = &state.task;
    let lease = Kept::of(state)?;
    let values = [
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
        Value::Made(json(&task.tags)?),
        Value::number(task.version),
        Value::Text(task.created_by.as_str()),
        Value::Int(task.created_at.0),
        Value::Int(task.updated_at.0),
        Value::OptInt(task.completed_at.map(|time| time.0)),
        Value::Made(json(&state.changed)?),
        Value::number(state.fence),
        Value::OptText(lease.as_deref()),
        Value::OptInt(task.lease.as_ref().map(|lease| lease.expires_at.0)),
    ];
    Ok(connection.execute(&INSERT, &values).await? == 1)
}

#[tracing::instrument(level = "debug", name = "db.task.save", skip_all)]
pub(crate) async fn save(connection: &mut Connection<'_>, state: &TaskState) -> Stored<()> {
    let task = &state.task;
    let lease = Kept::of(state)?;
    let values = [
        Value::Text(task.id.as_str()),
        Value::Text(task.column_id.as_str()),
        Value::Text(&task.title),
        Value::Text(&task.description),
        Value::Text(task.status.name()),
        Value::Text(&task.position),
        Value::Int(task.priority.into()),
        Value::OptText(task.assignee.as_ref().map(|user| user.as_str())),
        Value::OptText(task.due_date.as_deref()),
        Value::Made(json(&task.tags)?),
        Value::number(task.version),
        Value::Int(task.updated_at.0),
        Value::OptInt(task.completed_at.map(|time| time.0)),
        Value::Made(json(&state.changed)?),
        Value::number(state.fence),
        Value::OptText(lease.as_deref()),
        Value::OptInt(task.lease.as_ref().map(|lease| lease.expires_at.0)),
    ];
    connection.execute_one(&SAVE, &values).await
}

/// Writes back what a move changes, of any number in one statement.
#[tracing::instrument(level = "debug", name = "db.task.move_all", skip_all)]
pub(crate) async fn move_all(connection: &mut Connection<'_>, states: &[TaskState]) -> Stored<()> {
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
            Kept::of(state)?,
            task.lease.as_ref().map(|lease| lease.expires_at.0),
        ]))
    };
    let rows = states.iter().map(row).collect::<Stored<Vec<_>>>()?;
    connection.execute_each(&MOVE_ALL, rows.len(), &[Value::Made(json(&rows)?)]).await
}

/// Writes back what the end of a lease changes, of any number in one statement.
#[tracing::instrument(level = "debug", name = "db.task.release_all", skip_all)]
pub(crate) async fn release_all(connection: &mut Connection<'_>, states: &[TaskState]) -> Stored<()> {
    let row = |state: &TaskState| {
        let task = &state.task;
        Ok(serde_json::json!([task.id, task.assignee, task.version, task.updated_at.0, json(&state.changed)?]))
    };
    let rows = states.iter().map(row).collect::<Stored<Vec<_>>>()?;
    connection.execute_each(&RELEASE_ALL, rows.len(), &[Value::Made(json(&rows)?)]).await
}

#[tracing::instrument(level = "debug", name = "db.task.delete", skip_all)]
pub(crate) async fn delete(connection: &mut Connection<'_>, id: &TaskId) -> Stored<()> {
    connection.execute_one(&DELETE, &[Value::Text(id.as_str())]).await
}

fn read(row: &Row) -> Stored<TaskState> {
    Ok(TaskState {
        task: read_task(row)?,
        changed: row.json(16)?,
        fence: row.number(17)?,
        assigned_by_claim: Kept::read(row, 18)?.is_some_and(|kept| kept.assigned),
    })
}

pub(super) fn read_task(row: &Row) -> Stored<Task> {
    Ok(Task {
        id: row.id(0)?,
        board_id: row.id(1)?,
        column_id: row.id(2)?,
        title: row.text(3)?,
        description: row.text(4)?,
        status: row.named(5, Status::from_name)?,
        position: row.text(6)?,
        priority: row.number(7)?,
        assignee: row.opt_id(8)?,
        due_date: row.opt_text(9)?,
        tags: row.json(10)?,
        version: row.number(11)?,
        created_by: row.id(12)?,
        created_at: row.time(13)?,
        updated_at: row.time(14)?,
        completed_at: row.opt_time(15)?,
        lease: Kept::read(row, 18)?.map(|kept| kept.lease),
    })
}
