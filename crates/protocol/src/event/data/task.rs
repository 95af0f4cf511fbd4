//! Events of tasks and of what belongs to them.

use super::Changes;
use crate::{Attachment, AttachmentId, BoardId, ColumnId, Comment, CommentId, Dependency, Task, TaskId, UserId};

data! {
    /// `task:created`.
    pub struct TaskCreated {
        /// The task as it is now.
        pub task: Task,
        /// Who created it.
        pub created_by: UserId,
        /// Its board.
        pub board_id: BoardId,
    }

    /// `task:updated`.
    pub struct TaskUpdated {
        /// The task as it is now.
        pub task: Task,
        /// The fields that changed, with their new values.
        pub changes: Changes,
        /// Who changed it.
        pub updated_by: UserId,
        /// Its board.
        pub board_id: BoardId,
    }

    /// `task:moved`.
    pub struct TaskMoved {
        /// The task as it is now.
        pub task: Task,
        /// The column it was in.
        pub from_column: ColumnId,
        /// The column it is in: the same one, if only its position changed.
        pub to_column: ColumnId,
        /// Who moved it.
        pub moved_by: UserId,
        /// Its board.
        pub board_id: BoardId,
    }

    /// `task:assigned`.
    pub struct TaskAssigned {
        /// The task as it is now.
        pub task: Task,
        /// Who works on it now.
        pub assignee: Option<UserId>,
        /// Who worked on it before.
        pub previous_assignee: Option<UserId>,
        /// Who assigned it.
        pub assigned_by: UserId,
        /// Its board.
        pub board_id: BoardId,
    }

    /// `task:completed`.
    pub struct TaskCompleted {
        /// The task as it is now.
        pub task: Task,
        /// Who completed it.
        pub completed_by: UserId,
        /// Its board.
        pub board_id: BoardId,
    }

    /// `task:deleted`.
    pub struct TaskDeleted {
        /// The task that is gone.
        pub task_id: TaskId,
        /// Who deleted it.
        pub deleted_by: UserId,
        /// Its board.
        pub board_id: BoardId,
    }

    /// `task:claimed`.
    pub struct TaskClaimed {
        /// The task as it is now.
        pub task: Task,
        /// Who claimed it.
        pub claimed_by: UserId,
        /// The column it was in.
        pub from_column: ColumnId,
        /// Its board.
        pub board_id: BoardId,
    }

    /// `task:renewed`.
    pub struct TaskRenewed {
        /// The task as it is now.
        pub task: Task,
        /// Who renewed the lease.
        pub renewed_by: UserId,
        /// Its board.
        pub board_id: BoardId,
    }

    /// `task:released`.
    pub struct TaskReleased {
        /// The task as it is now.
        pub task: Task,
        /// Who held it.
        pub holder: UserId,
        /// Who gave it back or took it away; `null`: the lease expired.
        pub released_by: Option<UserId>,
        /// Whether the lease expired.
        pub expired: bool,
        /// Its board.
        pub board_id: BoardId,
    }

    /// `task:comment:added`.
    pub struct TaskCommentAdded {
        /// The comment.
        pub comment: Comment,
        /// Its task.
        pub task_id: TaskId,
        /// The task's board.
        pub board_id: BoardId,
    }

    /// `task:comment:updated`.
    pub struct TaskCommentUpdated {
        /// The comment as it is now.
        pub comment: Comment,
        /// Its task.
        pub task_id: TaskId,
        /// The task's board.
        pub board_id: BoardId,
    }

    /// `task:comment:deleted`.
    pub struct TaskCommentDeleted {
        /// The comment that is gone.
        pub comment_id: CommentId,
        /// The task it was on.
        pub task_id: TaskId,
        /// The task's board.
        pub board_id: BoardId,
    }

    /// `task:attachment:added`.
    pub struct TaskAttachmentAdded {
        /// The attachment.
        pub attachment: Attachment,
        /// Its task.
        pub task_id: TaskId,
        /// The task's board.
        pub board_id: BoardId,
    }

    /// `task:attachment:removed`.
    pub struct TaskAttachmentRemoved {
        /// The attachment that is gone.
        pub attachment_id: AttachmentId,
        /// The task it was on.
        pub task_id: TaskId,
        /// The task's board.
        pub board_id: BoardId,
    }

    /// `task:dependency:added`.
    pub struct TaskDependencyAdded {
        /// The dependency.
        pub dependency: Dependency,
        /// The tasks' board.
        pub board_id: BoardId,
    }

    /// `task:dependency:removed`.
    pub struct TaskDependencyRemoved {
        /// The dependency as it was.
        pub dependency: Dependency,
        /// The tasks' board.
        pub board_id: BoardId,
    }
}
