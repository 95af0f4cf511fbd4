//! `attachments`: what is known of each file. The bytes are kept elsewhere. `leftovers`: the files whose attachments are
//! gone; a trigger notes them.

use boardwire_protocol::{Attachment, AttachmentId, TaskId, UserId};
use boardwire_services::storage::{Held, Stored};

use super::json;
use crate::{
    connection::{Connection, Statement, Value},
    row::Row,
};

macro_rules! fields {
    () => {
        "id, task_id, board_id, filename, content_type, size, sha256, uploaded_by, created_at"
    };
}

const FIND: Statement =
    Statement::new("attachment.find", concat!("SELECT ", fields!(), " FROM attachments WHERE id = $1"));

const LIST: Statement = Statement::new(
    "attachment.list",
    concat!("SELECT ", fields!(), " FROM attachments WHERE task_id = $1 ORDER BY created_at, id"),
);

const COUNT: Statement = Statement::new("attachment.count", "SELECT COUNT(*) FROM attachments WHERE task_id = $1");

const HELD: Statement = Statement::new(
    "attachment.held",
    "SELECT CAST(COALESCE(SUM(CASE WHEN uploaded_by = $1 THEN size END), 0) AS BIGINT),
            CAST(COALESCE(SUM(size), 0) AS BIGINT)
     FROM (SELECT uploaded_by, size FROM attachments UNION ALL SELECT uploaded_by, size FROM leftovers) AS files",
);

const LEFTOVERS: Statement = Statement::new("attachment.leftovers", "SELECT id FROM leftovers ORDER BY id LIMIT $1");

const FORGET: Statement = Statement::with_dialects(
    "attachment.forget",
    "DELETE FROM leftovers WHERE id IN (SELECT gone.value FROM json_each($1) AS gone)",
    "DELETE FROM leftovers WHERE id IN (SELECT json_array_elements_text(CAST($1 AS json)))",
);

const INSERT: Statement = Statement::new(
    "attachment.insert",
    concat!(
        "INSERT INTO attachments (",
        fields!(),
        ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING"
    ),
);

const KNOWN: Statement = Statement::with_dialects(
    "attachment.known",
    "SELECT id FROM attachments WHERE id IN (SELECT wanted.value FROM json_each($1) AS wanted) ORDER BY id",
    "SELECT id FROM attachments WHERE id IN (SELECT json_array_elements_text(CAST($1 AS json))) ORDER BY id",
);

const DELETE: Statement = Statement::new("attachment.delete", "DELETE FROM attachments WHERE id = $1");

#[tracing::instrument(level = "debug", name = "db.attachment.find", skip_all)]
pub(crate) async fn find(connection: &mut Connection<'_>, id: &AttachmentId) -> Stored<Option<Attachment>> {
    let row = connection.fetch_optional(&FIND, &[Value::Text(id.as_str())]).await?;
    row.as_ref().map(read).transpose()
}

/// Which of these there are, by id.
#[tracing::instrument(level = "debug", name = "db.attachment.known", skip_all)]
pub(crate) async fn known(connection: &mut Connection<'_>, ids: &[AttachmentId]) -> Stored<Vec<AttachmentId>> {
    let rows = connection.fetch_all(&KNOWN, &[Value::Made(json(&ids)?)]).await?;
    rows.iter().map(|row| row.id(0)).collect()
}

#[tracing::instrument(level = "debug", name = "db.attachment.list", skip_all)]
pub(crate) async fn list(connection: &mut Connection<'_>, task: &TaskId) -> Stored<Vec<Attachment>> {
    let rows = connection.fetch_all(&LIST, &[Value::Text(task.as_str())]).await?;
    rows.iter().map(read).collect()
}

#[tracing::instrument(level = "debug", name = "db.attachment.count", skip_all)]
pub(crate) async fn count(connection: &mut Connection<'_>, task: &TaskId) -> Stored<u64> {
    connection.fetch_one(&COUNT, &[Value::Text(task.as_str())]).await?.number(0)
}

#[tracing::instrument(level = "debug", name = "db.attachment.held", skip_all)]
pub(crate) async fn held(connection: &mut Connection<'_>, user: &UserId) -> Stored<Held> {
    let row = connection.fetch_one(&HELD, &[Value::Text(user.as_str())]).await?;
    Ok(Held { by_user: row.number(0)?, in_all: row.number(1)? })
}

/// Files whose attachments are gone, at most `limit` of them.
#[tracing::instrument(level = "debug", name = "db.attachment.leftovers", skip_all)]
pub(crate) async fn leftovers(connection: &mut Connection<'_>, limit: u32) -> Stored<Vec<AttachmentId>> {
    let rows = connection.fetch_all(&LEFTOVERS, &[Value::Int(limit.into())]).await?;
    rows.iter().map(|row| row.id(0)).collect()
}

/// Forgets files that have been removed.
#[tracing::instrument(level = "debug", name = "db.attachment.forget", skip_all)]
pub(crate) async fn forget(connection: &mut Connection<'_>, ids: &[AttachmentId]) -> Stored<()> {
    connection.execute(&FORGET, &[Value::Made(json(&ids)?)]).await.map(drop)
}

#[tracing::instrument(level = "debug", name = "db.attachment.insert", skip_all)]
pub(crate) async fn insert(connection: &mut Connection<'_>, attachment: &Attachment) -> Stored<bool> {
    let values = [
        Value::Text(attachment.id.as_str()),
        Value::Text(attachment.task_id.as_str()),
        Value::Text(attachment.board_id.as_str()),
        Value::Text(&attachment.filename),
        Value::Text(&attachment.content_type),
        Value::number(attachment.size),
        Value::Text(&attachment.sha256),
        Value::Text(attachment.uploaded_by.as_str()),
        Value::Int(attachment.created_at.0),
    ];
    Ok(connection.execute(&INSERT, &values).await? == 1)
}

#[tracing::instrument(level = "debug", name = "db.attachment.delete", skip_all)]
pub(crate) async fn delete(connection: &mut Connection<'_>, id: &AttachmentId) -> Stored<()> {
    connection.execute_one(&DELETE, &[Value::Text(id.as_str())]).await
}

fn read(row: &Row) -> Stored<Attachment> {
    Ok(Attachment {
        id: row.id(0)?,
        task_id: row.id(1)?,
        board_id: row.id(2)?,
        filename: row.text(3)?,
        content_type: row.text(4)?,
        size: row.number(5)?,
        sha256: row.text(6)?,
        uploaded_by: row.id(7)?,
        created_at: row.time(8)?,
    })
}
