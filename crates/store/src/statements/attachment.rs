//! `attachments`: the metadata of files. `leftovers`: the files whose attachments have been deleted; a trigger adds
//! them.

use async_trait::async_trait;
use boardwire_protocol::{Attachment, AttachmentId, TaskId, UserId};
use boardwire_services::storage::{AttachmentRepository, AttachmentStore, StorageResult, StoredBytes};

use crate::{
    connection::Connection,
    database::Database,
    row::Row,
    statement::{Statement, Value},
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

#[async_trait]
impl AttachmentRepository for Connection<'_> {
    #[tracing::instrument(level = "debug", name = "db.attachment.find", skip_all)]
    async fn attachment(&mut self, id: &AttachmentId) -> StorageResult<Option<Attachment>> {
        let row = self.fetch_optional(&FIND, &[Value::Text(id.as_str())]).await?;
        row.as_ref().map(read).transpose()
    }

    #[tracing::instrument(level = "debug", name = "db.attachment.count", skip_all)]
    async fn count_attachments(&mut self, task: &TaskId) -> StorageResult<u64> {
        self.fetch_one(&COUNT, &[Value::Text(task.as_str())]).await?.number(0)
    }

    #[tracing::instrument(level = "debug", name = "db.attachment.insert", skip_all)]
    async fn insert_attachment(&mut self, attachment: &Attachment) -> StorageResult<bool> {
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
        Ok(self.execute(&INSERT, &values).await? == 1)
    }

    #[tracing::instrument(level = "debug", name = "db.attachment.delete", skip_all)]
    async fn delete_attachment(&mut self, id: &AttachmentId) -> StorageResult<()> {
        self.execute_one(&DELETE, &[Value::Text(id.as_str())]).await
    }
}

#[async_trait]
impl AttachmentStore for Database {
    async fn attachment(&self, id: &AttachmentId) -> StorageResult<Option<Attachment>> {
        let id = id.clone();
        self.read(move |mut reader| async move { reader.connection().attachment(&id).await }).await
    }

    async fn count_attachments(&self, task: &TaskId) -> StorageResult<u64> {
        let task = task.clone();
        self.read(move |mut reader| async move { reader.connection().count_attachments(&task).await }).await
    }

    #[tracing::instrument(level = "debug", name = "db.attachment.known", skip_all)]
    async fn known_attachments(&self, ids: &[AttachmentId]) -> StorageResult<Vec<AttachmentId>> {
        let ids = ids.to_vec();
        self.read(move |mut reader| async move {
            let connection = &mut reader.connection();
            let rows = connection.fetch_all(&KNOWN, &[Value::json(&ids)?]).await?;
            rows.iter().map(|row| row.id(0)).collect()
        })
        .await
    }

    #[tracing::instrument(level = "debug", name = "db.attachment.held", skip_all)]
    async fn held(&self, user: &UserId) -> StorageResult<StoredBytes> {
        let user = user.clone();
        self.read(move |mut reader| async move {
            let connection = &mut reader.connection();
            let row = connection.fetch_one(&HELD, &[Value::Text(user.as_str())]).await?;
            Ok(StoredBytes { by_user: row.number(0)?, in_all: row.number(1)? })
        })
        .await
    }

    #[tracing::instrument(level = "debug", name = "db.attachment.leftovers", skip_all)]
    async fn leftovers(&self, limit: u32) -> StorageResult<Vec<AttachmentId>> {
        self.read(move |mut reader| async move {
            let connection = &mut reader.connection();
            let rows = connection.fetch_all(&LEFTOVERS, &[Value::Int(limit.into())]).await?;
            rows.iter().map(|row| row.id(0)).collect()
        })
        .await
    }

    #[tracing::instrument(level = "debug", name = "db.attachment.forget", skip_all)]
    async fn forget_leftovers(&self, ids: &[AttachmentId]) -> StorageResult<()> {
        let ids = ids.to_vec();
        self.change(move |connection| {
            Box::pin(async move { connection.execute(&FORGET, &[Value::json(&ids)?]).await.map(drop) })
        })
        .await
    }
}

#[tracing::instrument(level = "debug", name = "db.attachment.list", skip_all)]
pub(super) async fn list(connection: &mut Connection<'_>, task: &TaskId) -> StorageResult<Vec<Attachment>> {
    let rows = connection.fetch_all(&LIST, &[Value::Text(task.as_str())]).await?;
    rows.iter().map(read).collect()
}

fn read(row: &Row) -> StorageResult<Attachment> {
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
