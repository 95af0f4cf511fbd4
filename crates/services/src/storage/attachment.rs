//! Attachments: what is known about files. Their bytes are in [`Files`](super::Files).

use async_trait::async_trait;
use boardwire_protocol::{Attachment, AttachmentId, TaskId, UserId};

use super::StorageResult;

/// The former name of [`StoredBytes`].
#[deprecated(since = "0.1.0", note = "renamed to `StoredBytes`")]
pub type Held = StoredBytes;

/// The size of stored files, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoredBytes {
    /// The files of one user.
    pub by_user: u64,
    /// The files of all users.
    pub in_all: u64,
}

/// Attachments, within a unit of work.
#[async_trait]
pub trait AttachmentRepository: Send {
    /// Returns an attachment.
    async fn attachment(&mut self, id: &AttachmentId) -> StorageResult<Option<Attachment>>;

    /// Returns how many attachments a task has.
    async fn count_attachments(&mut self, task: &TaskId) -> StorageResult<u64>;

    /// Inserts an attachment.
    async fn insert_attachment(&mut self, attachment: &Attachment) -> StorageResult<bool>;

    /// Deletes an attachment. Its file becomes a leftover.
    async fn delete_attachment(&mut self, id: &AttachmentId) -> StorageResult<()>;
}

/// Attachments, outside units of work, and leftovers: files whose attachments have been deleted.
#[async_trait]
pub trait AttachmentStore: Send + Sync + 'static {
    /// Returns an attachment.
    async fn attachment(&self, id: &AttachmentId) -> StorageResult<Option<Attachment>>;

    /// Returns how many attachments a task has.
    async fn count_attachments(&self, task: &TaskId) -> StorageResult<u64>;

    /// Returns which of these attachments exist, by id.
    async fn known_attachments(&self, ids: &[AttachmentId]) -> StorageResult<Vec<AttachmentId>>;

    /// Returns the size of the files that a user has uploaded, and of all files. Leftovers count until they are
    /// forgotten.
    async fn held(&self, user: &UserId) -> StorageResult<StoredBytes>;

    /// Returns at most `limit` leftovers.
    async fn leftovers(&self, limit: u32) -> StorageResult<Vec<AttachmentId>>;

    /// Forgets leftovers whose files have been removed.
    async fn forget_leftovers(&self, ids: &[AttachmentId]) -> StorageResult<()>;
}
