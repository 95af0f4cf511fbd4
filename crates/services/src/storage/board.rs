//! Boards.

use async_trait::async_trait;
use boardwire_protocol::{Board, BoardId, Epoch, ListedBoard, Seq, Timestamp, UserId};

use super::{FieldVersions, StorageResult};

/// A board as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoardState {
    /// The board as clients see it.
    pub board: Board,
    /// The version at which each field last changed.
    pub changed: FieldVersions,
    /// The number of the board's last event.
    pub seq: Seq,
    /// The time of the board's last event.
    pub changed_at: Timestamp,
    /// Identifies this numbering of the board's events.
    pub epoch: Epoch,
}

/// Boards, within a unit of work.
#[async_trait]
pub trait BoardRepository: Send {
    /// Returns a board and locks it: no other unit of work can lock it until this one ends.
    async fn lock_board(&mut self, id: &BoardId) -> StorageResult<Option<BoardState>>;

    /// Inserts a board.
    async fn insert_board(&mut self, state: &BoardState) -> StorageResult<bool>;

    /// Updates a board, including the number and time of its last event.
    async fn save_board(&mut self, state: &BoardState) -> StorageResult<()>;

    /// Updates only the number and time of a board's last event.
    async fn save_seq(&mut self, id: &BoardId, seq: Seq, at: Timestamp) -> StorageResult<()>;
}

/// Boards, outside units of work.
#[async_trait]
pub trait BoardStore: Send + Sync + 'static {
    /// Returns a board.
    async fn board(&self, id: &BoardId) -> StorageResult<Option<Board>>;

    /// Returns the boards that `member` is a member of, or all boards, by name and id. `archived`: only those that are
    /// archived, or only those that are not.
    async fn boards(&self, member: Option<&UserId>, archived: Option<bool>) -> StorageResult<Vec<ListedBoard>>;
}
