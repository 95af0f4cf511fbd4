//! The one list of all events: durable events, which are in a board's log, with their data, and ephemeral events, which
//! are not.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::ephemeral::{
    ConnectionStatus, ErrorEvent, NotificationRead, NotificationsBatch, Notified, ServerClosing, Typing, UserJoined,
    UserLeft, UserPresence,
};
use crate::{
    Attachment, AttachmentId, Board, BoardId, Column, ColumnId, Comment, CommentId, Dependency, Member, Task, TaskId,
    UserId,
};

/// The fields that changed, by the entity's field names, with their new values.
pub type Changes = BTreeMap<&'static str, Value>;

events! {
    durable {
        /// A task was created.
        "task:created" => TaskCreated {
            /// The task as it is now.
            pub task: Task,
            /// Who created it.
            pub created_by: UserId,
            /// Its board.
            pub board_id: BoardId,
        }, task = task.id;
        /// Fields of a task changed.
        "task:updated" => TaskUpdated {
            /// The task as it is now.
            pub task: Task,
            /// The fields that changed, with their new values.
            pub changes: Changes,
            /// Who changed it.
            pub updated_by: UserId,
            /// Its board.
            pub board_id: BoardId,
        }, task = task.id;
        /// A task moved to another place or column.
        "task:moved" => TaskMoved {
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
        }, task = task.id;
        /// A task was given to somebody, or to nobody.
        "task:assigned" => TaskAssigned {
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
        }, task = task.id, subject = assignee;
        /// A task was completed.
        "task:completed" => TaskCompleted {
            /// The task as it is now.
            pub task: Task,
            /// Who completed it.
            pub completed_by: UserId,
            /// Its board.
            pub board_id: BoardId,
        }, task = task.id;
        /// A task was deleted.
        "task:deleted" => TaskDeleted {
            /// The task that is gone.
            pub task_id: TaskId,
            /// Who deleted it.
            pub deleted_by: UserId,
            /// Its board.
            pub board_id: BoardId,
        }, task = task_id;
        /// Somebody took a task to work on; it may have moved to another column.
        "task:claimed" => TaskClaimed {
            /// The task as it is now.
            pub task: Task,
            /// Who claimed it.
            pub claimed_by: UserId,
            /// The column it was in.
            pub from_column: ColumnId,
            /// Its board.
            pub board_id: BoardId,
        }, task = task.id;
        /// The lease of a task was extended.
        "task:renewed" => TaskRenewed {
            /// The task as it is now.
            pub task: Task,
            /// Who renewed the lease.
            pub renewed_by: UserId,
            /// Its board.
            pub board_id: BoardId,
        }, task = task.id;
        /// The lease of a task ended: the task was given back or taken away, or the lease expired.
        "task:released" => TaskReleased {
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
        }, task = task.id;
        /// A comment was added to a task.
        "task:comment:added" => TaskCommentAdded {
            /// The comment.
            pub comment: Comment,
            /// Its task.
            pub task_id: TaskId,
            /// The task's board.
            pub board_id: BoardId,
        }, task = task_id;
        /// The text of a comment changed.
        "task:comment:updated" => TaskCommentUpdated {
            /// The comment as it is now.
            pub comment: Comment,
            /// Its task.
            pub task_id: TaskId,
            /// The task's board.
            pub board_id: BoardId,
        }, task = task_id;
        /// A comment was deleted.
        "task:comment:deleted" => TaskCommentDeleted {
            /// The comment that is gone.
            pub comment_id: CommentId,
            /// The task it was on.
            pub task_id: TaskId,
            /// The task's board.
            pub board_id: BoardId,
        }, task = task_id;
        /// A file was attached to a task.
        "task:attachment:added" => TaskAttachmentAdded {
            /// The attachment.
            pub attachment: Attachment,
            /// Its task.
            pub task_id: TaskId,
            /// The task's board.
            pub board_id: BoardId,
        }, task = task_id;
        /// A file was removed from a task.
        "task:attachment:removed" => TaskAttachmentRemoved {
            /// The attachment that is gone.
            pub attachment_id: AttachmentId,
            /// The task it was on.
            pub task_id: TaskId,
            /// The task's board.
            pub board_id: BoardId,
        }, task = task_id;
        /// A task depends on another.
        "task:dependency:added" => TaskDependencyAdded {
            /// The dependency.
            pub dependency: Dependency,
            /// The tasks' board.
            pub board_id: BoardId,
        }, task = dependency.task_id;
        /// A task does not depend on another any more.
        "task:dependency:removed" => TaskDependencyRemoved {
            /// The dependency as it was.
            pub dependency: Dependency,
            /// The tasks' board.
            pub board_id: BoardId,
        }, task = dependency.task_id;
        /// A board was created.
        "board:created" => BoardCreated {
            /// The board as it is now.
            pub board: Board,
            /// Its columns, in order.
            pub columns: Vec<Column>,
            /// Who created it.
            pub created_by: UserId,
        }, subject = created_by;
        /// Fields of a board changed.
        "board:updated" => BoardUpdated {
            /// The board as it is now.
            pub board: Board,
            /// The fields that changed, with their new values.
            pub changes: Changes,
            /// Who changed it.
            pub updated_by: UserId,
        };
        /// A board was archived.
        "board:archived" => BoardArchived {
            /// The board as it is now.
            pub board: Board,
            /// Who archived it.
            pub archived_by: UserId,
        };
        /// A board was restored.
        "board:restored" => BoardRestored {
            /// The board as it is now.
            pub board: Board,
            /// Who restored it.
            pub restored_by: UserId,
        };
        /// A member was added, or has another role.
        "board:member:set" => BoardMemberSet {
            /// The member as it is now.
            pub member: Member,
            /// The board.
            pub board_id: BoardId,
        }, subject = member.user_id;
        /// A member was removed.
        "board:member:removed" => BoardMemberRemoved {
            /// Who is no longer a member.
            pub user_id: UserId,
            /// The board.
            pub board_id: BoardId,
        }, subject = user_id;
        /// A column was created.
        "column:created" => ColumnCreated {
            /// The column as it is now.
            pub column: Column,
            /// Its board.
            pub board_id: BoardId,
        };
        /// Fields of a column changed.
        "column:updated" => ColumnUpdated {
            /// The column as it is now.
            pub column: Column,
            /// The fields that changed, with their new values.
            pub changes: Changes,
            /// Its board.
            pub board_id: BoardId,
        };
        /// The columns have a new order.
        "column:reordered" => ColumnReordered {
            /// All columns of the board, in the new order.
            pub columns: Vec<Column>,
            /// Their board.
            pub board_id: BoardId,
        };
        /// A column was deleted.
        "column:deleted" => ColumnDeleted {
            /// The column that is gone.
            pub column_id: ColumnId,
            /// Its board.
            pub board_id: BoardId,
        };
    }
    ephemeral {
        /// A user came to a board: the first of the user's connections there.
        "user:joined" => UserJoined(UserJoined);
        /// A user left a board, or lost the last connection there 5 seconds ago.
        "user:left" => UserLeft(UserLeft);
        /// A user who is present on a board is away, is back, has another task open, or has no connection any more.
        "user:presence" => UserPresence(UserPresence);
        /// A user began to type.
        "typing:start" => TypingStart(Typing);
        /// A user stopped typing.
        "typing:stop" => TypingStop(Typing);
        /// A task of the user changed, or was assigned to the user or taken away.
        "notification:task" => NotificationTask(Notified);
        /// The user was mentioned.
        "notification:mention" => NotificationMention(Notified);
        /// The operator sent a message.
        "notification:system" => NotificationSystem(Notified);
        /// Notifications that came within a second of another one.
        "notifications:batch" => NotificationsBatch(NotificationsBatch);
        /// Another connection of the user has marked notifications as read.
        "notification:read" => NotificationRead(NotificationRead);
        /// The connection is ready.
        "connection:status" => ConnectionStatus(ConnectionStatus);
        /// The server is about to stop: connect again after `reconnectAfterMs`.
        "server:closing" => ServerClosing(ServerClosing);
        /// An error that concerns the connection as a whole; also sent on `RATE_LIMIT`.
        "error" => Error(ErrorEvent);
    }
}
