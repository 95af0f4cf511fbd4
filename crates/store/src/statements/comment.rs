//! Statements on `comments`.

use async_trait::async_trait;
use boardwire_protocol::{Comment, CommentId, TaskId};
use boardwire_services::storage::{CommentRepository, StorageResult};

use crate::{
    connection::Connection,
    row::Row,
    statement::{Statement, Value},
};

/// The columns. Their order numbers the parameters of [`INSERT`] and [`SAVE`], and, from 0, the columns that
/// are read.
macro_rules! fields {
    () => {
        "id, task_id, board_id, author, body, mentions, created_at, updated_at"
    };
}

const FIND: Statement = Statement::new("comment.find", concat!("SELECT ", fields!(), " FROM comments WHERE id = $1"));

const LIST: Statement = Statement::new(
    "comment.list",
    concat!("SELECT ", fields!(), " FROM comments WHERE task_id = $1 ORDER BY created_at, id"),
);

const COUNT: Statement = Statement::new("comment.count", "SELECT COUNT(*) FROM comments WHERE task_id = $1");

const INSERT: Statement = Statement::new(
    "comment.insert",
    concat!("INSERT INTO comments (", fields!(), ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING"),
);

const SAVE: Statement =
    Statement::new("comment.save", "UPDATE comments SET body = $5, mentions = $6, updated_at = $8 WHERE id = $1");

const DELETE: Statement = Statement::new("comment.delete", "DELETE FROM comments WHERE id = $1");

#[async_trait]
impl CommentRepository for Connection<'_> {
    #[tracing::instrument(level = "debug", name = "db.comment.find", skip_all)]
    async fn comment(&mut self, id: &CommentId) -> StorageResult<Option<Comment>> {
        let row = self.fetch_optional(&FIND, &[Value::Text(id.as_str())]).await?;
        row.as_ref().map(read).transpose()
    }

    #[tracing::instrument(level = "debug", name = "db.comment.count", skip_all)]
    async fn count_comments(&mut self, task: &TaskId) -> StorageResult<u64> {
        self.fetch_one(&COUNT, &[Value::Text(task.as_str())]).await?.number(0)
    }

    #[tracing::instrument(level = "debug", name = "db.comment.insert", skip_all)]
    async fn insert_comment(&mut self, comment: &Comment) -> StorageResult<bool> {
        Ok(self.execute(&INSERT, &values(comment)?).await? == 1)
    }

    #[tracing::instrument(level = "debug", name = "db.comment.save", skip_all)]
    async fn save_comment(&mut self, comment: &Comment) -> StorageResult<()> {
        self.execute_one(&SAVE, &values(comment)?).await
    }

    #[tracing::instrument(level = "debug", name = "db.comment.delete", skip_all)]
    async fn delete_comment(&mut self, id: &CommentId) -> StorageResult<()> {
        self.execute_one(&DELETE, &[Value::Text(id.as_str())]).await
    }
}

#[tracing::instrument(level = "debug", name = "db.comment.list", skip_all)]
pub(super) async fn list(connection: &mut Connection<'_>, task: &TaskId) -> StorageResult<Vec<Comment>> {
    let rows = connection.fetch_all(&LIST, &[Value::Text(task.as_str())]).await?;
    rows.iter().map(read).collect()
}

/// Returns the parameters of [`INSERT`] and [`SAVE`].
fn values(comment: &Comment) -> StorageResult<[Value<'_>; 8]> {
    Ok([
        Value::Text(comment.id.as_str()),
        Value::Text(comment.task_id.as_str()),
        Value::Text(comment.board_id.as_str()),
        Value::Text(comment.author.as_str()),
        Value::Text(&comment.body),
        Value::json(&comment.mentions)?,
        Value::Int(comment.created_at.0),
        Value::Int(comment.updated_at.0),
    ])
}

fn read(row: &Row) -> StorageResult<Comment> {
    Ok(Comment {
        id: row.id(0)?,
        task_id: row.id(1)?,
        board_id: row.id(2)?,
        author: row.id(3)?,
        body: row.text(4)?,
        mentions: row.json(5)?,
        created_at: row.time(6)?,
        updated_at: row.time(7)?,
    })
}
