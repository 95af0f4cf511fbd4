//! `tasks`.

use async_trait::async_trait;
use boardwire_protocol::{BoardId, ColumnId, Status, Task, TaskId};
use boardwire_services::storage::{StorageResult, TaskRepository, TaskState};

use super::stored_lease::StoredLease;
use crate::{
    connection::Connection,
    row::Row,
    statement::{Statement, Value, json, of_rows},
};

/// The columns. Their order numbers the parameters of [`INSERT`] and [`SAVE`], which have `lease_expires_at` as the last
/// one, and, from 0, the columns that are read.
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

/// Uses the index by board and id.
const PART_OF_BOARD: Statement = Statement::new(
    "task.part_of_board",
    concat!("SELECT ", fields!(), " FROM tasks WHERE board_id = $1 AND id > $2 ORDER BY id LIMIT $3"),
);

const COUNT: Statement = Statement::new("task.count", "SELECT COUNT(*) FROM tasks WHERE column_id = $1");

/// Uses the index, and reads no more of it than it has to count.
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
    "UPDATE tasks SET column_id = $3, title = $4, description = $5, status = $6, position = $7, priority = $8,
        assignee = $9, due_date = $10, tags = $11, version = $12, updated_at = $15, completed_at = $16, changed = $17,
        fence = $18, lease = $19, lease_expires_at = $20
     WHERE id = $1",
);

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
const BEHIND_ALL: &str = "\u{10FFFF}";

/// Not the id of any task.
const NO_TASK: &str = "";

#[async_trait]
impl TaskRepository for Connection<'_> {
    #[tracing::instrument(level = "debug", name = "db.task.find", skip_all)]
    async fn task(&mut self, id: &TaskId) -> StorageResult<Option<TaskState>> {
        let row = self.fetch_optional(&FIND, &[Value::Text(id.as_str())]).await?;
        row.as_ref().map(read).transpose()
    }

    #[tracing::instrument(level = "debug", name = "db.task.find_all", skip_all)]
    async fn tasks(&mut self, ids: &[TaskId]) -> StorageResult<Vec<TaskState>> {
        let ids: Vec<_> = ids.iter().map(|id| [id]).collect();
        let rows = self.fetch_all(&FIND_ALL, &[Value::json(&ids)?]).await?;
        rows.iter().map(read).collect()
    }

    #[tracing::instrument(level = "debug", name = "db.task.list_of_column", skip_all)]
    async fn tasks_in(&mut self, column: &ColumnId) -> StorageResult<Vec<TaskState>> {
        let rows = self.fetch_all(&LIST_OF_COLUMN, &[Value::Text(column.as_str())]).await?;
        rows.iter().map(read).collect()
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
        neighbour(self, &POSITION_BEFORE, column, below.unwrap_or(BEHIND_ALL), except).await
    }

    #[tracing::instrument(level = "debug", name = "db.task.position_after", skip_all)]
    async fn position_after(
        &mut self,
        column: &ColumnId,
        above: &str,
        except: Option<&TaskId>,
    ) -> StorageResult<Option<String>> {
        neighbour(self, &POSITION_AFTER, column, above, except).await
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
        self.execute_each(&MOVE_ALL, rows.len(), &[Value::json(&rows)?]).await
    }

    #[tracing::instrument(level = "debug", name = "db.task.release_all", skip_all)]
    async fn release_tasks(&mut self, states: &[TaskState]) -> StorageResult<()> {
        let row = |state: &TaskState| {
            let task = &state.task;
            Ok(serde_json::json!([task.id, task.assignee, task.version, task.updated_at.0, json(&state.changed)?]))
        };
        let rows = states.iter().map(row).collect::<StorageResult<Vec<_>>>()?;
        self.execute_each(&RELEASE_ALL, rows.len(), &[Value::json(&rows)?]).await
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
    rows.iter().map(read_task).collect()
}

async fn neighbour(
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
fn values(state: &TaskState) -> StorageResult<[Value<'_>; 20]> {
    let task = &state.task;
    Ok([
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
        Value::json(&state.changed)?,
        Value::number(state.fence),
        StoredLease::of(state)?.map_or(Value::OptText(None), Value::OwnedText),
        Value::OptInt(task.lease.as_ref().map(|lease| lease.expires_at.0)),
    ])
}

fn read(row: &Row) -> StorageResult<TaskState> {
    Ok(TaskState {
        task: read_task(row)?,
        changed: row.json(16)?,
        fence: row.number(17)?,
        assigned_by_claim: StoredLease::read(row, 18)?.is_some_and(|kept| kept.assigned),
    })
}

pub(super) fn read_task(row: &Row) -> StorageResult<Task> {
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
        lease: StoredLease::read(row, 18)?.map(|kept| kept.lease),
    })
}
