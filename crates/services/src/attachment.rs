//! Changes of attachments. A file's bytes are stored before its attachment is added, and removed shortly after the
//! attachment is deleted.

use boardwire_protocol::{Attachment, AttachmentId, Event, FileName, TaskId, attachment, data};

use crate::{
    ChangeOutcome, ServiceError,
    storage::{Files, StorageResult, Store},
    unit::{Execute, Unit},
};

/// The most attachments that a task may have.
pub(crate) const MAX_ATTACHMENTS: u64 = 100;
/// The most files that one call of [`remove_leftovers`] removes.
const MAX_REMOVED: u32 = 500;

/// A file whose bytes have been stored.
#[derive(Debug, Clone)]
pub struct NewAttachment {
    /// The id under which the bytes are stored.
    pub id: AttachmentId,
    /// The task to attach the file to.
    pub task_id: TaskId,
    /// The file name.
    pub filename: FileName,
    /// The media type, as the client gave it.
    pub content_type: String,
    /// The size in bytes.
    pub size: u64,
    /// The SHA-256 of the bytes, in lower-case hexadecimal.
    pub sha256: String,
}

impl Execute for NewAttachment {
    async fn execute(self, unit: &mut Unit<'_>) -> Result<ChangeOutcome, ServiceError> {
        let mut edit = unit.board_of(&self.task_id).await?;
        let task = edit.task(&self.task_id).await?.task;
        if edit.tx().count_attachments(&task.id).await? >= MAX_ATTACHMENTS {
            return Err(too_many_attachments());
        }
        let attachment = Attachment {
            id: self.id,
            task_id: task.id.clone(),
            board_id: edit.id().clone(),
            filename: self.filename.into_string(),
            content_type: self.content_type,
            size: self.size,
            sha256: self.sha256,
            uploaded_by: edit.actor(),
            created_at: edit.now(),
        };
        if !edit.tx().insert_attachment(&attachment).await? {
            return Err(ServiceError::conflict("this attachment id is taken"));
        }
        edit.notify_assignee(&task, "attached a file to", &[]).await?;
        edit.record(Event::TaskAttachmentAdded(data::TaskAttachmentAdded {
            attachment: attachment.clone(),
            task_id: task.id,
            board_id: edit.id().clone(),
        }))
        .await?;
        edit.finish(&attachment::AttachmentResult { attachment }).await
    }
}

impl Execute for attachment::Remove {
    async fn execute(self, unit: &mut Unit<'_>) -> Result<ChangeOutcome, ServiceError> {
        let id = self.attachment_id;
        let board = unit.tx.attachment(&id).await?.ok_or(ServiceError::NotFound("attachment"))?.board_id;
        let mut edit = unit.board_with("attachment", &board).await?;
        let attachment = edit.tx().attachment(&id).await?.ok_or(ServiceError::NotFound("attachment"))?;
        let task = edit.task(&attachment.task_id).await?.task;
        edit.tx().delete_attachment(&id).await?;
        edit.notify_assignee(&task, "removed a file from", &[]).await?;
        edit.record(Event::TaskAttachmentRemoved(data::TaskAttachmentRemoved {
            attachment_id: id.clone(),
            task_id: task.id,
            board_id: edit.id().clone(),
        }))
        .await?;
        edit.finish(&attachment::Removed { attachment_id: id }).await
    }
}

/// Removes up to 500 files whose attachments have been deleted, and returns how many it removed. If one can't be
/// removed, the others still are.
///
/// # Errors
/// Returns the last error of storage. Files that were removed are forgotten nevertheless.
pub async fn remove_leftovers(store: &dyn Store, files: &dyn Files) -> StorageResult<usize> {
    let (mut removed, mut failed) = (Vec::new(), None);
    for id in store.leftovers(MAX_REMOVED).await? {
        match files.remove(&id).await {
            Ok(()) => removed.push(id),
            Err(error) => failed = Some(error),
        }
    }
    if !removed.is_empty() {
        store.forget_leftovers(&removed).await?;
    }
    failed.map_or(Ok(removed.len()), Err)
}

/// Returns the error for a task that has as many attachments as it may have.
pub(crate) fn too_many_attachments() -> ServiceError {
    ServiceError::conflict(format!("a task has at most {MAX_ATTACHMENTS} attachments; remove one first"))
}
