//! `task:*`: payloads and results.

use crate::{
    Attachment, BoardId, ColumnId, Comment, Dependency, DueDate, LongText, Patch, Priority, Status, Tags, Task, TaskId,
    Title, UserId,
    patch::{non_null, object},
};

payloads! {
    "camelCase":
    /// `task:create`.
    pub struct Create {
        /// The board that gets the task.
        pub board_id: BoardId,
        /// A title.
        pub title: Title,
        /// Its column; absent: the board's first.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub column_id: Option<ColumnId>,
        /// An id of the client's own choice; absent: a UUIDv7.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub id: Option<TaskId>,
        /// A description.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub description: Option<LongText>,
        /// The priority, 0 to 10; absent: 0.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub priority: Option<Priority>,
        /// Who works on it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub assignee: Option<UserId>,
        /// When it is due.
        #[serde(default, skip_serializing_if = "Option::is_none", rename = "due_date")]
        pub due_date: Option<DueDate>,
        /// Its labels.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub tags: Option<Tags>,
        /// The task that it goes in front of.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub before: Option<TaskId>,
        /// The task that it goes behind.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub after: Option<TaskId>,
    }

    "camelCase":
    /// `task:update`.
    pub struct Update {
        /// The task.
        pub task_id: TaskId,
        /// The fields to set.
        #[serde(deserialize_with = "object")]
        pub updates: Updates,
        /// The version that the change was made against.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub expected_version: Option<u64>,
        /// The `fence` of the lease that the caller has: if it is not the current one, nothing is changed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub fence: Option<u64>,
    }

    "snake_case":
    /// The fields of a task that `task:update` may set.
    #[derive(Default)]
    pub struct Updates {
        /// A new title.
        #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "non_null")]
        #[cfg_attr(feature = "schema", schemars(with = "Title"))]
        pub title: Option<Title>,
        /// A new description; `null` empties it.
        #[serde(default, skip_serializing_if = "Patch::is_keep")]
        pub description: Patch<LongText>,
        /// A new status. The task stays in its column.
        #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "non_null")]
        #[cfg_attr(feature = "schema", schemars(with = "Status"))]
        pub status: Option<Status>,
        /// A new priority.
        #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "non_null")]
        #[cfg_attr(feature = "schema", schemars(with = "Priority"))]
        pub priority: Option<Priority>,
        /// A new assignee; `null`: nobody.
        #[serde(default, skip_serializing_if = "Patch::is_keep")]
        pub assignee: Patch<UserId>,
        /// A new due date; `null`: none.
        #[serde(default, skip_serializing_if = "Patch::is_keep")]
        pub due_date: Patch<DueDate>,
        /// New labels, in place of the old ones.
        #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "non_null")]
        #[cfg_attr(feature = "schema", schemars(with = "Tags"))]
        pub tags: Option<Tags>,
    }

    "camelCase":
    /// `task:move`: to a column, next to a task in it; without `before` and `after`, to its end.
    pub struct Move {
        /// The task.
        pub task_id: TaskId,
        /// The target column, on the same board: its id, or its name if no other column has the same name.
        pub to_column: Title,
        /// The task that it goes in front of.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub before: Option<TaskId>,
        /// The task that it goes behind.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub after: Option<TaskId>,
        /// The `fence` of the lease that the caller has: if it is not the current one, nothing is changed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub fence: Option<u64>,
    }

    "camelCase":
    /// `task:assign`.
    pub struct Assign {
        /// The task.
        pub task_id: TaskId,
        /// Who works on it from now on; `null`: nobody. The field is required.
        #[serde(deserialize_with = "serde::Deserialize::deserialize")]
        #[cfg_attr(feature = "schema", schemars(with = "Patch<UserId>"))]
        pub assignee: Option<UserId>,
    }

    "camelCase":
    /// `task:complete`.
    pub struct Complete {
        /// The task.
        pub task_id: TaskId,
        /// The `fence` of the lease that the caller has: if it is not the current one, nothing is changed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub fence: Option<u64>,
    }

    "camelCase":
    /// `task:delete`.
    pub struct Delete {
        /// The task.
        pub task_id: TaskId,
    }

    "camelCase":
    /// `task:get`.
    pub struct Get {
        /// The task.
        pub task_id: TaskId,
    }
}

results! {
    /// The task as it is now.
    pub struct TaskResult {
        /// The task.
        pub task: Task,
    }

    /// The task is gone.
    pub struct Deleted {
        /// Its id.
        pub task_id: TaskId,
    }

    /// A task with all that belongs to it.
    pub struct Detail {
        /// The task.
        pub task: Task,
        /// Its comments, oldest first.
        pub comments: Vec<Comment>,
        /// Its attachments, oldest first.
        pub attachments: Vec<Attachment>,
        /// The dependencies of this task on others, and of others on this one.
        pub dependencies: Vec<Dependency>,
        /// The tasks that are not done and block it.
        pub blocked_by: Vec<TaskId>,
        /// The tasks that are not done and that it blocks; empty once it is done itself.
        pub blocking: Vec<TaskId>,
    }
}
