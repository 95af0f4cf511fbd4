//! `presence:*` and `typing:*`: payloads and results.

use crate::{BoardId, TaskId, Viewer, ViewerStatus};

payloads! {
    "camelCase":
    /// `presence:update`: whether this connection's user is online or away, and where.
    pub struct Update {
        /// Online or away.
        pub status: ViewerStatus,
        /// A board to be present on, even without viewing it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub board_id: Option<BoardId>,
        /// A task to be present on; its board is included.
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
    /// `typing:start`, `typing:stop`: either a board or a task.
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
    /// An empty result.
    pub struct Done {}

    /// Who is present.
    pub struct Listed {
        /// One entry for each user, in the order in which they came.
        pub users: Vec<Viewer>,
    }
}
