//! Events of boards, their members and their columns.

use super::Changes;
use crate::{Board, BoardId, Column, ColumnId, Member, UserId};

data! {
    /// `board:created`.
    pub struct BoardCreated {
        /// The board as it is now.
        pub board: Board,
        /// Its columns, in order.
        pub columns: Vec<Column>,
        /// Who created it.
        pub created_by: UserId,
    }

    /// `board:updated`.
    pub struct BoardUpdated {
        /// The board as it is now.
        pub board: Board,
        /// The fields that changed, with their new values.
        pub changes: Changes,
        /// Who changed it.
        pub updated_by: UserId,
    }

    /// `board:archived`.
    pub struct BoardArchived {
        /// The board as it is now.
        pub board: Board,
        /// Who archived it.
        pub archived_by: UserId,
    }

    /// `board:restored`.
    pub struct BoardRestored {
        /// The board as it is now.
        pub board: Board,
        /// Who restored it.
        pub restored_by: UserId,
    }

    /// `board:member:set`.
    pub struct BoardMemberSet {
        /// The member as it is now.
        pub member: Member,
        /// The board.
        pub board_id: BoardId,
    }

    /// `board:member:removed`.
    pub struct BoardMemberRemoved {
        /// Who is no member any more.
        pub user_id: UserId,
        /// The board.
        pub board_id: BoardId,
    }

    /// `column:created`.
    pub struct ColumnCreated {
        /// The column as it is now.
        pub column: Column,
        /// Its board.
        pub board_id: BoardId,
    }

    /// `column:updated`.
    pub struct ColumnUpdated {
        /// The column as it is now.
        pub column: Column,
        /// The fields that changed, with their new values.
        pub changes: Changes,
        /// Its board.
        pub board_id: BoardId,
    }

    /// `column:reordered`.
    pub struct ColumnReordered {
        /// All columns of the board, in the new order.
        pub columns: Vec<Column>,
        /// Their board.
        pub board_id: BoardId,
    }

    /// `column:deleted`.
    pub struct ColumnDeleted {
        /// The column that is gone.
        pub column_id: ColumnId,
        /// Its board.
        pub board_id: BoardId,
    }
}
