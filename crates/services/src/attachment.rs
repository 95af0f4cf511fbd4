//! Changes of attachments: what is known of a file. Its bytes are kept elsewhere, under the attachment's id; they are put
//! there before the attachment is added, and go soon after it is gone.

use boardwire_protocol::{Attachment, AttachmentId, Event, FileName, TaskId, attachment, data};

use crate::{
    Applied, Fault,
    storage::{Files, StorageResult, Store},
    unit::Unit,
};

/// The most files that a task may have.
pub(crate) const MAX_ATTACHMENTS: u64 = 100;
/// How many files are removed in one go.
const REMOVED_AT_ONCE: u32 = 500;

/// A file whose bytes have been kept.
#[derive(Debug, Clone)]
pub struct NewAttachment {
    /// The id under which they are kept.
    pub id: AttachmentId,
    /// The task that the file is for.
    pub task_id: TaskId,
    /// The name that it was uploaded under.
    pub filename: FileName,
    /// Its media type as uploaded.
    pub content_type: String,
    /// Its size in bytes.
    pub size: u64,
    /// The SHA-256 of its bytes, in lower-case hexadecimal.
    pub sha256: String,
}

pub(crate) async fn add(unit: &mut Unit<'_>, new: NewAttachment) -> Result<Applied, Fault> {
    let mut edit = unit.board_of(&new.task_id).await?;
    let task = edit.task(&new.task_id).await?.task;
    if edit.tx().count_attachments(&task.id).await? >= MAX_ATTACHMENTS {
        return Err(too_many());
    }
    let attachment = Attachment {
        id: new.id,
        task_id: task.id.clone(),
        board_id: edit.id().clone(),
        filename: new.filename.into_string(),
        content_type: new.content_type,
        size: new.size,
        sha256: new.sha256,
        uploaded_by: edit.actor(),
        created_at: edit.now(),
    };
    if !edit.tx().insert_attachment(&attachment).await? {
        return Err(Fault::conflict("this attachment id is taken"));
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

pub(crate) async fn remove(unit: &mut Unit<'_>, command: attachment::Only) -> Result<Applied, Fault> {
    let id = command.attachment_id;
    let board = unit.tx.attachment(&id).await?.ok_or(Fault::NotFound("attachment"))?.board_id;
    let mut edit = unit.board_with("attachment", &board).await?;
    let attachment = edit.tx().attachment(&id).await?.ok_or(Fault::NotFound("attachment"))?;
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

/// Removes files whose attachments are gone, some hundreds at most, and says how many. One that can't be removed keeps no
/// other from it.
///
/// # Errors
/// Storage did not do its part. What was removed is forgotten all the same.
pub async fn remove_leftovers(store: &dyn Store, files: &dyn Files) -> StorageResult<usize> {
    let (mut removed, mut failed) = (Vec::new(), None);
    for id in store.leftovers(REMOVED_AT_ONCE).await? {
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

pub(crate) fn too_many() -> Fault {
    Fault::conflict(format!("a task has at most {MAX_ATTACHMENTS} attachments; remove one first"))
}
