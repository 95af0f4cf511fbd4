//! Statements on `dependencies`.

use async_trait::async_trait;
use boardwire_protocol::{BoardId, Dependency, DependencyType, TaskId};
use boardwire_services::storage::{DependencyRepository, StorageResult};

use crate::{
    connection::Connection,
    row::Row,
    statement::{Statement, Value},
};

macro_rules! fields {
    () => {
        "task_id, depends_on, type, created_by, created_at"
    };
}

const FIND: Statement = Statement::new(
    "dependency.find",
    concat!("SELECT ", fields!(), " FROM dependencies WHERE task_id = $1 AND depends_on = $2 AND type = $3"),
);

/// The dependencies of a task in both directions.
const LIST_OF_TASK: Statement = Statement::new(
    "dependency.list_of_task",
    concat!(
        "SELECT ",
        fields!(),
        " FROM dependencies WHERE task_id = $1 OR depends_on = $1 ORDER BY created_at, task_id, depends_on, type"
    ),
);

/// Uses the index by board and task.
const PART_OF_BOARD: Statement = Statement::new(
    "dependency.part_of_board",
    concat!(
        "SELECT ",
        fields!(),
        " FROM dependencies WHERE board_id = $1 AND task_id > $2 AND task_id <= $3 ORDER BY task_id, depends_on, type"
    ),
);

/// `UNION` drops tasks found before, so this ends even if the dependencies form a cycle.
const IS_BLOCKED_BY: Statement = Statement::new(
    "dependency.is_blocked_by",
    "WITH RECURSIVE blockers (id) AS (
        SELECT depends_on FROM dependencies WHERE task_id = $1 AND type = 'blocks'
        UNION
        SELECT dependencies.depends_on FROM dependencies JOIN blockers ON dependencies.task_id = blockers.id
        WHERE dependencies.type = 'blocks'
     )
     SELECT id FROM blockers WHERE id = $2",
);

/// The tasks that are not done and block this one.
const BLOCKERS: Statement = Statement::new(
    "dependency.blockers",
    "SELECT tasks.id FROM dependencies JOIN tasks ON tasks.id = dependencies.depends_on
     WHERE dependencies.task_id = $1 AND dependencies.type = 'blocks' AND tasks.status <> 'done'
     ORDER BY tasks.id",
);

/// The tasks that are not done and that this one blocks.
const BLOCKED: Statement = Statement::new(
    "dependency.blocked",
    "SELECT tasks.id FROM dependencies JOIN tasks ON tasks.id = dependencies.task_id
     WHERE dependencies.depends_on = $1 AND dependencies.type = 'blocks' AND tasks.status <> 'done'
     ORDER BY tasks.id",
);

const COUNT: Statement =
    Statement::new("dependency.count", "SELECT COUNT(*) FROM dependencies WHERE task_id = $1 OR depends_on = $1");

const INSERT: Statement = Statement::new(
    "dependency.insert",
    "INSERT INTO dependencies (task_id, depends_on, type, created_by, created_at, board_id)
     VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
);

const DELETE: Statement = Statement::new(
    "dependency.delete",
    "DELETE FROM dependencies WHERE task_id = $1 AND depends_on = $2 AND type = $3",
);

#[async_trait]
impl DependencyRepository for Connection<'_> {
    #[tracing::instrument(level = "debug", name = "db.dependency.find", skip_all)]
    async fn dependency(
        &mut self,
        from: &TaskId,
        to: &TaskId,
        kind: DependencyType,
    ) -> StorageResult<Option<Dependency>> {
        let values = [Value::Text(from.as_str()), Value::Text(to.as_str()), Value::Text(kind.name())];
        let row = self.fetch_optional(&FIND, &values).await?;
        row.as_ref().map(read).transpose()
    }

    #[tracing::instrument(level = "debug", name = "db.dependency.count", skip_all)]
    async fn count_dependencies(&mut self, task: &TaskId) -> StorageResult<u64> {
        self.fetch_one(&COUNT, &[Value::Text(task.as_str())]).await?.number(0)
    }

    #[tracing::instrument(level = "debug", name = "db.dependency.blockers", skip_all)]
    async fn blockers(&mut self, task: &TaskId) -> StorageResult<Vec<TaskId>> {
        let rows = self.fetch_all(&BLOCKERS, &[Value::Text(task.as_str())]).await?;
        rows.iter().map(|row| row.id(0)).collect()
    }

    #[tracing::instrument(level = "debug", name = "db.dependency.is_blocked_by", skip_all)]
    async fn is_blocked_by(&mut self, from: &TaskId, to: &TaskId) -> StorageResult<bool> {
        let values = [Value::Text(from.as_str()), Value::Text(to.as_str())];
        Ok(self.fetch_optional(&IS_BLOCKED_BY, &values).await?.is_some())
    }

    #[tracing::instrument(level = "debug", name = "db.dependency.insert", skip_all)]
    async fn insert_dependency(&mut self, board: &BoardId, dependency: &Dependency) -> StorageResult<bool> {
        let values = [
            Value::Text(dependency.task_id.as_str()),
            Value::Text(dependency.depends_on.as_str()),
            Value::Text(dependency.kind.name()),
            Value::Text(dependency.created_by.as_str()),
            Value::Int(dependency.created_at.0),
            Value::Text(board.as_str()),
        ];
        Ok(self.execute(&INSERT, &values).await? == 1)
    }

    #[tracing::instrument(level = "debug", name = "db.dependency.delete", skip_all)]
    async fn delete_dependency(&mut self, dependency: &Dependency) -> StorageResult<()> {
        let values = [
            Value::Text(dependency.task_id.as_str()),
            Value::Text(dependency.depends_on.as_str()),
            Value::Text(dependency.kind.name()),
        ];
        self.execute_one(&DELETE, &values).await
    }
}

#[tracing::instrument(level = "debug", name = "db.dependency.list_of_task", skip_all)]
pub(super) async fn list_of_task(connection: &mut Connection<'_>, task: &TaskId) -> StorageResult<Vec<Dependency>> {
    let rows = connection.fetch_all(&LIST_OF_TASK, &[Value::Text(task.as_str())]).await?;
    rows.iter().map(read).collect()
}

/// Returns the dependencies of a board's tasks with ids after `after` and up to `last`, by task.
#[tracing::instrument(level = "debug", name = "db.dependency.part_of_board", skip_all)]
pub(super) async fn part_of_board(
    connection: &mut Connection<'_>,
    board: &BoardId,
    after: Option<&TaskId>,
    last: &TaskId,
) -> StorageResult<Vec<Dependency>> {
    let after = after.map_or("", TaskId::as_str);
    let values = [Value::Text(board.as_str()), Value::Text(after), Value::Text(last.as_str())];
    let rows = connection.fetch_all(&PART_OF_BOARD, &values).await?;
    rows.iter().map(read).collect()
}

#[tracing::instrument(level = "debug", name = "db.dependency.blocked", skip_all)]
pub(super) async fn blocked(connection: &mut Connection<'_>, task: &TaskId) -> StorageResult<Vec<TaskId>> {
    let rows = connection.fetch_all(&BLOCKED, &[Value::Text(task.as_str())]).await?;
    rows.iter().map(|row| row.id(0)).collect()
}

fn read(row: &Row) -> StorageResult<Dependency> {
    Ok(Dependency {
        task_id: row.id(0)?,
        depends_on: row.id(1)?,
        kind: row.named(2, DependencyType::from_name)?,
        created_by: row.id(3)?,
        created_at: row.time(4)?,
    })
}
