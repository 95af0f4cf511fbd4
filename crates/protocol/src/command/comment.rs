//! `task:comment:*`: payloads and results.

use crate::{Body, Comment, CommentId, TaskId};

payloads! {
    "camelCase":
    /// `task:comment:add`.
    pub struct Add {
        /// The task that gets the comment.
        pub task_id: TaskId,
        /// The text; `@userId` mentions a user who may read the board.
        pub body: Body,
        /// An id of the client's own choice; absent: a UUIDv7.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub id: Option<CommentId>,
    }

    "camelCase":
    /// `task:comment:update`.
    pub struct Update {
        /// The comment.
        pub comment_id: CommentId,
        /// The new text.
        pub body: Body,
    }

    "camelCase":
    /// `task:comment:delete`.
    pub struct Delete {
        /// The comment.
        pub comment_id: CommentId,
    }
}

results! {
    /// The comment as it is now.
    pub struct CommentResult {
        /// The comment.
        pub comment: Comment,
    }

    /// The comment is gone.
    pub struct Deleted {
        /// Its id.
        pub comment_id: CommentId,
    }
}
