//! Comments.

use async_trait::async_trait;
use boardwire_protocol::{Comment, CommentId, TaskId};

use super::StorageResult;

/// Comments, within a unit of work.
#[async_trait]
pub trait CommentRepository: Send {
    /// Returns a comment.
    async fn comment(&mut self, id: &CommentId) -> StorageResult<Option<Comment>>;

    /// Returns how many comments a task has.
    async fn count_comments(&mut self, task: &TaskId) -> StorageResult<u64>;

    /// Inserts a comment.
    async fn insert_comment(&mut self, comment: &Comment) -> StorageResult<bool>;

    /// Updates a comment.
    async fn save_comment(&mut self, comment: &Comment) -> StorageResult<()>;

    /// Deletes a comment.
    async fn delete_comment(&mut self, id: &CommentId) -> StorageResult<()>;
}
