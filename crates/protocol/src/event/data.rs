//! The data of each event.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use crate::{Board, BoardId, Code, Column, ColumnId, Member, RequestId, Task, TaskId, TeamId, Timestamp, UserId};

/// What really changed: each field's new value, by the entity's field names.
pub type Changes = BTreeMap<&'static str, Value>;

macro_rules! data {
    ($($item:item)*) => {$(
        #[derive(Debug, Clone, PartialEq, Eq, Serialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[serde(rename_all = "camelCase")]
        $item
    )*};
}

data! {
    /// `task:created`.
    pub struct TaskCreated {
        /// The task as it is now.
        pub task: Task,
        /// Who created it.
        pub created_by: UserId,
        /// Its board.
        pub board_id: BoardId,
    }

    /// `task:updated`.
    pub struct TaskUpdated {
        /// The task as it is now.
        pub task: Task,
        /// The fields that changed, with their new values.
        pub changes: Changes,
        /// Who changed it.
        pub updated_by: UserId,
        /// Its board.
        pub board_id: BoardId,
    }

    /// `task:moved`.
    pub struct TaskMoved {
        /// The task as it is now.
        pub task: Task,
        /// The column it was in.
        pub from_column: ColumnId,
        /// The column it is in: the same, if only its place changed.
        pub to_column: ColumnId,
        /// Who moved it.
        pub moved_by: UserId,
        /// Its board.
        pub board_id: BoardId,
    }

    /// `task:assigned`.
    pub struct TaskAssigned {
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
    }

    /// `task:completed`.
    pub struct TaskCompleted {
        /// The task as it is now.
        pub task: Task,
        /// Who completed it.
        pub completed_by: UserId,
        /// Its board.
        pub board_id: BoardId,
    }

    /// `task:deleted`.
    pub struct TaskDeleted {
        /// The task that is gone.
        pub task_id: TaskId,
        /// Who deleted it.
        pub deleted_by: UserId,
        /// Its board.
        pub board_id: BoardId,
    }

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

    /// `connection:status`.
    pub struct ConnectionStatus {
        /// Always `connected`.
        pub status: &'static str,
        /// The socket's id. Keep it to yourself.
        pub socket_id: String,
        /// Who is connected.
        pub user: ConnectedUser,
        /// The server's version.
        pub server_version: &'static str,
        /// The version of the wire contract.
        pub protocol_version: u32,
        /// What the server accepts.
        pub limits: Limits,
    }

    /// Who is connected.
    pub struct ConnectedUser {
        /// The user's id.
        pub id: UserId,
        /// The user's name.
        pub name: String,
        /// What the credential allows: `read`, `write`, `admin`.
        pub permissions: Vec<String>,
        /// The user's teams.
        pub teams: Vec<TeamId>,
    }

    /// What the server accepts from one user or in one message.
    pub struct Limits {
        /// Commands in any window of `windowMs`.
        pub max_requests: u32,
        /// The length of that window, in milliseconds.
        pub window_ms: u64,
        /// Commands in any second.
        pub burst: u32,
        /// Bytes in one message.
        pub max_payload: u64,
        /// Subscriptions of one socket.
        pub max_subscriptions: u32,
    }

    /// `server:closing`.
    pub struct ServerClosing {
        /// How long to wait before connecting again, in milliseconds.
        pub reconnect_after_ms: u64,
    }
}

/// `error`: sent bare, without an envelope.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ErrorEvent {
    /// The stable code.
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub code: Code,
    /// A sentence for people.
    pub message: String,
    /// When.
    pub timestamp: Timestamp,
    /// The request that it answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub request_id: Option<RequestId>,
    /// How many seconds to wait, on `RATE_LIMIT`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<f64>,
    /// How many commands the binding limit allows, on `RATE_LIMIT`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// How many are left of it, on `RATE_LIMIT`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remaining: Option<u32>,
    /// When the first one is free again, in milliseconds since 1970 UTC, on `RATE_LIMIT`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reset: Option<i64>,
}
