//! Full-text search.

use async_trait::async_trait;
use boardwire_protocol::{BoardId, CommentId, Status, TaskId, UserId};

use super::StorageResult;

/// The words to search for, and where to look for them.
#[derive(Debug, Clone)]
pub struct WantedMatches {
    /// Words that must all be in the text; the last one may be the beginning of a word. At least one word, of letters
    /// and digits only.
    pub words: Vec<String>,
    /// On boards that this user is a member of; `None`: on any board.
    pub reader: Option<UserId>,
    /// On this board; `None`: on any board that is not archived.
    pub board: Option<BoardId>,
    /// The most matches to return.
    pub limit: u32,
}

/// A text that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Match {
    /// The task.
    pub task_id: TaskId,
    /// The task's board.
    pub board_id: BoardId,
    /// The task's title.
    pub title: String,
    /// The task's status.
    pub status: Status,
    /// The task's description, or the comment's body.
    pub text: String,
    /// The comment that the words are in; `None` if they are in the task itself.
    pub comment_id: Option<CommentId>,
}

/// Searches tasks and comments.
#[async_trait]
pub trait SearchStore: Send + Sync + 'static {
    /// Returns the texts that contain all of the words, best first. If there are very many, only the newest are
    /// considered (on SQLite, those of the boards that changed last).
    async fn matches(&self, search: &WantedMatches) -> StorageResult<Vec<Match>>;
}
