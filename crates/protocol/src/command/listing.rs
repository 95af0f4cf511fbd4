//! `task:list`, `task:search`, `board:events`: payloads and results.

use crate::{
    BoardId, ColumnId, CommentId, CursorText, EncodedEnvelope, Epoch, SearchText, Seq, Status, Tag, Task, TaskId,
    Timestamp, UserId,
};

payloads! {
    "camelCase":
    /// `task:list`: the tasks for which all of these conditions hold.
    #[derive(Default)]
    pub struct List {
        /// The board; absent: all boards that the caller may read and that are not archived.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub board_id: Option<BoardId>,
        /// The column of the tasks.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub column_id: Option<ColumnId>,
        /// The status of the tasks.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub status: Option<Status>,
        /// The user to whom the tasks are assigned.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub assignee: Option<UserId>,
        /// A label of the tasks.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub tag: Option<Tag>,
        /// Whether there is a lease on the tasks now.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub leased: Option<bool>,
        /// The earliest time of the tasks' last change.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub updated_since: Option<Timestamp>,
        /// The most results: 1 to 200; absent: 50.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 200)))]
        pub limit: Option<u32>,
        /// The `cursor` of the page before.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub cursor: Option<CursorText>,
    }

    "camelCase":
    /// `task:search`.
    pub struct Search {
        /// The words; the last one may be the beginning of a word.
        pub query: SearchText,
        /// The board; absent: all boards that the caller may read and that are not archived.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub board_id: Option<BoardId>,
        /// The most results: 1 to 50; absent: 20.
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
        /// The most results: 1 to 500; absent: 100.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 500)))]
        pub limit: Option<u32>,
        /// The epoch that `since` belongs to.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub epoch: Option<Epoch>,
    }
}

results! {
    /// One page of a list.
    pub struct Listed {
        /// The tasks, by id.
        pub tasks: Vec<Task>,
        /// The `cursor` of the next page; absent: this is the last page.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub cursor: Option<String>,
    }

    /// The tasks that were found.
    pub struct Found {
        /// The tasks, the best match first.
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
        /// Its status.
        pub status: Status,
        /// The part of the text in which a word was found.
        pub snippet: String,
        /// The comment in which a word was found; absent: the task's own text.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub comment_id: Option<CommentId>,
    }

    /// A page of a board's log.
    pub struct Logged {
        /// The events after `since`, in order, as they were sent.
        pub events: Vec<EncodedEnvelope>,
        /// The number of the board's last event.
        pub seq: Seq,
        /// The epoch that `seq` belongs to.
        pub epoch: Epoch,
        /// Whether the log has no events after these.
        pub complete: bool,
        /// Whether the log has all events after `since`; else `events` is empty: get the board anew with `board:get`.
        pub recovered: bool,
    }
}
