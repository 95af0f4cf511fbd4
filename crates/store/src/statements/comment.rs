//! `comments`.

use boardwire_protocol::{Comment, CommentId, TaskId};
use boardwire_services::storage::Stored;

use super::json;
use crate::{
    connection::{Connection, Statement, Value},
    row::Row,
};

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
    Statement::new("comment.save", "UPDATE comments SET body = $2, mentions = $3, updated_at = $4 WHERE id = $1");

const DELETE: Statement = Statement::new("comment.delete", "DELETE FROM comments WHERE id = $1");

#[tracing::instrument(level = "debug", name = "db.comment.find", skip_all)]
pub(crate) async fn find(connection: &mut Connection<'_>, id: &CommentId) -> Stored<Option<Comment>> {
    let row = connection.fetch_optional(&FIND, &[Value::Text(id.as_str())]).await?;
    row.as_ref().map(read).transpose()
}

#[tracing::instrument(level = "debug", name = "db.comment.list", skip_all)]
pub(crate) async fn list(connection: &mut Connection<'_>, task: &TaskId) -> Stored<Vec<Comment>> {
    let rows = connection.fetch_all(&LIST, &[Value::Text(task.as_str())]).await?;
    rows.iter().map(read).collect()
}

#[tracing::instrument(level = "debug", name = "db.comment.count", skip_all)]
pub(crate) async fn count(connection: &mut Connection<'_>, task: &TaskId) -> Stored<u64> {
    connection.fetch_one(&COUNT, &[Value::Text(task.as_str())]).await?.number(0)
}

#[tracing::instrument(level = "debug", name = "db.comment.insert", skip_all)]
pub(crate) async fn insert(connection: &mut Connection<'_>, comment: &Comment) -> Stored<bool> {
    let values = [
        Value::Text(comment.id.as_str()),
        Value::Text(comment.task_id.as_str()),
        Value::Text(comment.board_id.as_str()),
        Value::Text(comment.author.as_str()),
        Value::Text(&comment.body),
        Value::Made(json(&comment.mentions)?),
        Value::Int(comment.created_at.0),
        Value::Int(comment.updated_at.0),
    ];
    Ok(connection.execute(&INSERT, &values).await? == 1)
}

#[tracing::instrument(level = "debug", name = "db.comment.save", skip_all)]
pub(crate) async fn save(connection: &mut Connection<'_>, comment: &Comment) -> Stored<()> {
    let values = [
        Value::Text(comment.id.as_str()),
        Value::Text(&comment.body),
        Value::Made(json(&comment.mentions)?),
        Value::Int(comment.updated_at.0),
    ];
    connection.execute_one(&SAVE, &values).await
}

#[tracing::instrument(level = "debug", name = "db.comment.delete", skip_all)]
pub(crate) async fn delete(connection: &mut Connection<'_>, id: &CommentId) -> Stored<()> {
    connection.execute_one(&DELETE, &[Value::Text(id.as_str())]).await
}

fn read(row: &Row) -> Stored<Comment> {
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
