//! Data of ephemeral events: presence, typing, notifications, and the connection itself.

use serde::Serialize;

use crate::{BoardId, Code, Notification, NotificationId, RequestId, TaskId, TeamId, Timestamp, UserId, ViewerStatus};

event_data! {
    /// `user:joined`.
    pub struct UserJoined {
        /// Who came.
        pub user_id: UserId,
        /// The user's name.
        pub name: String,
        /// The board.
        pub board_id: BoardId,
        /// The task that the user has open.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub task_id: Option<TaskId>,
    }

    /// `user:left`.
    pub struct UserLeft {
        /// Who left.
        pub user_id: UserId,
        /// The user's name.
        pub name: String,
        /// The board.
        pub board_id: BoardId,
        /// The task that the user had open.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub task_id: Option<TaskId>,
    }

    /// `user:presence`.
    pub struct UserPresence {
        /// The user.
        pub user_id: UserId,
        /// Whether the user is online, away or offline.
        pub status: PresenceStatus,
        /// The board.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub board_id: Option<BoardId>,
        /// The task that the user has open.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub task_id: Option<TaskId>,
    }

    /// `typing:start` and `typing:stop`.
    pub struct Typing {
        /// Who is typing.
        pub user_id: UserId,
        /// The board.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub board_id: Option<BoardId>,
        /// The task, if the user is typing on one.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub task_id: Option<TaskId>,
    }

    /// `notification:task`, `notification:mention`, `notification:system`.
    pub struct Notified {
        /// The notification.
        pub notification: Notification,
    }

    /// `notifications:batch`.
    pub struct NotificationsBatch {
        /// The notifications, oldest first, at most 10.
        pub notifications: Vec<Notification>,
    }

    /// `notification:read`.
    pub struct NotificationRead {
        /// The notifications that have been read.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub ids: Option<Vec<NotificationId>>,
        /// `true`: all notifications have been read.
        pub all: bool,
        /// How many notifications of the user have not been read.
        pub unread: u64,
    }
}

/// Whether a user is online, away or offline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(inline))]
#[serde(rename_all = "snake_case")]
pub enum PresenceStatus {
    /// Active.
    Online,
    /// Connected but not active.
    Away,
    /// Not connected any more.
    Offline,
}

impl From<ViewerStatus> for PresenceStatus {
    fn from(status: ViewerStatus) -> Self {
        match status {
            ViewerStatus::Online => Self::Online,
            ViewerStatus::Away => Self::Away,
        }
    }
}

event_data! {
    /// `connection:status`.
    pub struct ConnectionStatus {
        /// Always `connected`.
        pub status: &'static str,
        /// The socket's id, which is a secret.
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
        /// The most commands in any window of `windowMs`.
        pub max_requests: u32,
        /// The length of that window, in milliseconds.
        pub window_ms: u64,
        /// The most commands in any second.
        pub burst: u32,
        /// The most bytes in one message.
        pub max_payload: u64,
        /// The most subscriptions of one socket.
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
    /// When it was sent.
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
    /// How many commands the binding limit has left, on `RATE_LIMIT`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remaining: Option<u32>,
    /// When the binding limit has more left, in milliseconds since 1970 UTC, on `RATE_LIMIT`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reset: Option<i64>,
}
