//! `presence:*` and `typing:*`: payloads and results.

use crate::{BoardId, TaskId, Viewer, ViewerStatus};

payloads! {
    "camelCase":
    /// `presence:update`: how this connection's user is there, and where.
    pub struct Update {
        /// There, or away.
        pub status: ViewerStatus,
        /// Be present on this board, also without viewing it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub board_id: Option<BoardId>,
        /// Be present on this task and its board.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub task_id: Option<TaskId>,
    }

    "camelCase":
    /// `presence:list`.
    pub struct List {
        /// The board.
        pub board_id: BoardId,
    }

    "camelCase":
    /// `typing:start`, `typing:stop`: on a board or on a task, one of them.
    pub struct Typing {
        /// The board.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub board_id: Option<BoardId>,
        /// The task.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub task_id: Option<TaskId>,
    }
}

results! {
    /// Nothing to be told.
    pub struct Done {}

    /// Who is there.
    pub struct Listed {
        /// One entry for each user, in the order in which they came.
        pub users: Vec<Viewer>,
    }
}
