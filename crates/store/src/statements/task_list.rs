//! Tasks outside units of work, and pages of them.

use async_trait::async_trait;
use boardwire_protocol::{BoardId, Status, Task, TaskId};
use boardwire_services::storage::{StorageResult, TaskRepository as _, TaskStore, WantedTasks};

use super::task::{fields, read};
use crate::{
    database::Database,
    statement::{Statement, Value},
};

/// The condition for tasks that a user may read. `$1` is the user, or NULL if all boards may be read; `$2` is the
/// board, or NULL for all that are not archived.
macro_rules! readable {
    () => {
        "tasks.board_id IN (
            SELECT boards.id FROM boards
            WHERE ($1 IS NULL OR EXISTS (
                    SELECT 1 FROM members WHERE members.board_id = boards.id AND members.user_id = $1))
                AND ($2 IS NULL OR boards.id = $2) AND ($2 IS NOT NULL OR boards.archived = 0))"
    };
}

/// A page of tasks, by id. The most selective condition comes first, so that an index can be used for it.
macro_rules! page {
    ($name:literal, $narrowed:literal) => {
        Statement::with_dialects(
            $name,
            page!(@ $narrowed, "json_each(tasks.tags) AS tag"),
            page!(@ $narrowed, "json_array_elements_text(CAST(tasks.tags AS json)) AS tag(value)"),
        )
    };
    (@ $narrowed:literal, $tags:literal) => {
        concat!(
            "SELECT ", fields!(), " FROM tasks
             WHERE ", $narrowed, " AND id > $9 AND ", readable!(), "
                AND ($3 IS NULL OR column_id = $3) AND ($4 IS NULL OR status = $4)
                AND ($5 IS NULL OR assignee = $5) AND ($6 IS NULL OR updated_at >= $6)
                AND ($7 IS NULL OR CASE WHEN lease_expires_at > $8 THEN 1 ELSE 0 END = $7)
                AND ($10 IS NULL OR EXISTS (SELECT 1 FROM ", $tags, " WHERE tag.value = $10))
             ORDER BY id LIMIT $11"
        )
    };
}

const PAGE: Statement = page!("task.page", "1 = 1");
const PAGE_OF_BOARD: Statement = page!("task.page_of_board", "board_id = $2");
const PAGE_OF_ASSIGNEE: Statement = page!("task.page_of_assignee", "assignee = $5");

#[async_trait]
impl TaskStore for Database {
    async fn task(&self, id: &TaskId) -> StorageResult<Option<Task>> {
        let id = id.clone();
        self.read(move |mut reader| async move { Ok(reader.connection().task(&id).await?.map(|state| state.task)) })
            .await
    }

    async fn board_of_task(&self, id: &TaskId) -> StorageResult<Option<BoardId>> {
        let id = id.clone();
        self.read(move |mut reader| async move { reader.connection().board_of_task(&id).await }).await
    }

    #[tracing::instrument(level = "debug", name = "db.task.page", skip_all)]
    async fn tasks(&self, wanted: &WantedTasks) -> StorageResult<Vec<Task>> {
        let wanted = wanted.clone();
        self.read(move |mut reader| async move {
            let connection = &mut reader.connection();
            let statement = match wanted {
                WantedTasks { board: Some(_), .. } => &PAGE_OF_BOARD,
                WantedTasks { assignee: Some(_), .. } => &PAGE_OF_ASSIGNEE,
                _ => &PAGE,
            };
            let values = [
                Value::OptText(wanted.reader.as_ref().map(|user| user.as_str())),
                Value::OptText(wanted.board.as_ref().map(|board| board.as_str())),
                Value::OptText(wanted.column.as_ref().map(|column| column.as_str())),
                Value::OptText(wanted.status.map(Status::name)),
                Value::OptText(wanted.assignee.as_ref().map(|user| user.as_str())),
                Value::OptInt(wanted.updated_since.map(|time| time.0)),
                Value::OptInt(wanted.leased.map(i64::from)),
                Value::Int(wanted.now.0),
                Value::Text(wanted.after.as_ref().map_or("", TaskId::as_str)),
                Value::OptText(wanted.tag.as_deref()),
                Value::Int(wanted.limit.into()),
            ];
            let rows = connection.fetch_all(statement, &values).await?;
            rows.iter().map(read).collect()
        })
        .await
    }
}
