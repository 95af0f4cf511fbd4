//! `task:list`, `task:search`, `board:events`: payloads and results.

use crate::{
    BoardId, ColumnId, CommentId, CursorText, EncodedEnvelope, Epoch, SearchText, Seq, Status, Tag, Task, TaskId,
    Timestamp, UserId,
};

payloads! {
    "camelCase":
    /// `task:list`: what all of these say.
    #[derive(Default)]
    pub struct List {
        /// On this board; absent: on all that the caller may read and that are not archived.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub board_id: Option<BoardId>,
        /// In this column.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub column_id: Option<ColumnId>,
        /// With this status.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub status: Option<Status>,
        /// Assigned to this user.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub assignee: Option<UserId>,
        /// With this label.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub tag: Option<Tag>,
        /// Held by somebody now, or not.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub leased: Option<bool>,
        /// Changed at this moment or later.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub updated_since: Option<Timestamp>,
        /// At most this many: 1 to 200; absent: 50.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 200)))]
        pub limit: Option<u32>,
        /// Go on where the page before ended: its `cursor`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub cursor: Option<CursorText>,
    }

    "camelCase":
    /// `task:search`.
    pub struct Search {
        /// The words, the last of which may be the beginning of one.
        pub query: SearchText,
        /// On this board; absent: on all that the caller may read and that are not archived.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub board_id: Option<BoardId>,
        /// At most this many: 1 to 50; absent: 20.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 50)))]
        pub limit: Option<u32>,
    }

    "camelCase":
    /// `board:events`.
    pub struct Events {
        /// The board.
        pub board_id: BoardId,
        /// The number of the last event that the caller knows.
        pub since: Seq,
        /// At most this many: 1 to 500; absent: 100.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 500)))]
        pub limit: Option<u32>,
        /// The life of the log that `since` belongs to.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub epoch: Option<Epoch>,
    }
}

results! {
    /// One page of a list.
    pub struct Listed {
        /// By id.
        pub tasks: Vec<Task>,
        /// Where the next page begins; absent: this is the last.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub cursor: Option<String>,
    }

    /// What was found.
    pub struct Found {
        /// Best first.
        pub hits: Vec<Hit>,
    }

    /// A task that was found, by itself or by one of its comments.
    pub struct Hit {
        /// The task.
        pub task_id: TaskId,
        /// Its board.
        pub board_id: BoardId,
        /// Its title.
        pub title: String,
        /// How far it is.
        pub status: Status,
        /// A piece of the text in which a word was found.
        pub snippet: String,
        /// The comment in which it was found; absent: in the task's own text.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub comment_id: Option<CommentId>,
    }

    /// A piece of a board's log.
    pub struct Logged {
        /// The events after `since`, in order, as they were sent.
        pub events: Vec<EncodedEnvelope>,
        /// The number of the board's last event.
        pub seq: Seq,
        /// The life of the log that `seq` belongs to.
        pub epoch: Epoch,
        /// Is there nothing after the last of these events?
        pub complete: bool,
        /// Does the log reach back to `since`? If not, there are no events here: a fresh `board:get` tells where it stands.
        pub recovered: bool,
    }
}
