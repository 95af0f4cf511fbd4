//! Data of events about presence, typing and notifications.

use serde::Serialize;

use crate::{BoardId, Notification, NotificationId, TaskId, UserId, ViewerStatus};

data! {
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
        /// Who types.
        pub user_id: UserId,
        /// The board.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub board_id: Option<BoardId>,
        /// The task, if the user types on one.
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
    /// Connected, and not active.
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
