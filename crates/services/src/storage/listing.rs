//! How much of a board is wanted, which tasks are looked for, and what is found.

use boardwire_protocol::{BoardId, ColumnId, CommentId, Status, TaskId, Timestamp, UserId};

/// How much of a board is wanted. Where it has more, the snapshot's `next` says so, and no more is read than that takes.
#[derive(Debug, Clone)]
pub struct WantedBoard {
    /// The board.
    pub board: BoardId,
    /// Its tasks behind this id.
    pub after: Option<TaskId>,
    /// At most this many.
    pub limit: u32,
    /// With their dependencies, at most so many bytes of JSON; but one task at least.
    pub bytes: usize,
}

/// Which tasks are wanted: those of which all of these are true.
#[derive(Debug, Clone)]
pub struct WantedTasks {
    /// On boards of which this user is a member; `None`: on all.
    pub reader: Option<UserId>,
    /// On this board; `None`: on those that are not archived.
    pub board: Option<BoardId>,
    /// In this column.
    pub column: Option<ColumnId>,
    /// With this status.
    pub status: Option<Status>,
    /// Assigned to this user.
    pub assignee: Option<UserId>,
    /// With this label.
    pub tag: Option<String>,
    /// With a lease that lasts beyond `now`, or without.
    pub leased: Option<bool>,
    /// The present.
    pub now: Timestamp,
    /// Changed at this moment or later.
    pub updated_since: Option<Timestamp>,
    /// Behind this id.
    pub after: Option<TaskId>,
    /// At most this many.
    pub limit: u32,
}

/// Which texts are wanted.
#[derive(Debug, Clone)]
pub struct WantedMatches {
    /// All of these words, letters and digits alone, are in the text; the last may be the beginning of one. At least one.
    pub words: Vec<String>,
    /// On boards of which this user is a member; `None`: on all.
    pub reader: Option<UserId>,
    /// On this board; `None`: on those that are not archived.
    pub board: Option<BoardId>,
    /// At most this many.
    pub limit: u32,
}

/// A text that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Match {
    /// The task.
    pub task_id: TaskId,
    /// Its board.
    pub board_id: BoardId,
    /// Its title.
    pub title: String,
    /// How far it is.
    pub status: Status,
    /// Its description, or the comment's text.
    pub text: String,
    /// The comment in which it was; `None`: in the task's own text.
    pub comment_id: Option<CommentId>,
}
