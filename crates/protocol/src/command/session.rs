//! What a socket asks for itself: subscriptions and views. These have no effect on a board.

use crate::{BoardId, Epoch, Pattern, Seq, SubscriptionId, TaskId, Timestamp, UserId, Viewer, patch::object};

payloads! {
    "camelCase":
    /// `subscribe`.
    pub struct Subscribe {
        /// Which events, by name: `task:*`.
        #[serde(rename = "type")]
        pub pattern: Pattern,
        /// Which of them.
        #[serde(default, deserialize_with = "object")]
        pub filters: Filters,
        /// Deliver all matching events after this one first. Needs `filters.boardId` or `filters.taskId`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub since: Option<Seq>,
        /// The epoch that `since` belongs to.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub epoch: Option<Epoch>,
    }

    "camelCase":
    /// Narrows a subscription; what is absent does not narrow.
    #[derive(Default)]
    pub struct Filters {
        /// Events of this board.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub board_id: Option<BoardId>,
        /// Events that concern this task.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub task_id: Option<TaskId>,
        /// Events that this user caused.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub user_id: Option<UserId>,
    }

    "camelCase":
    /// `unsubscribe`.
    pub struct Unsubscribe {
        /// The subscription.
        pub subscription_id: SubscriptionId,
    }

    "camelCase":
    /// `view:board`: everything on this board, in place of the board viewed before.
    pub struct ViewBoard {
        /// The board.
        pub board_id: BoardId,
        /// Deliver all events after this one first.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub since: Option<Seq>,
        /// The epoch that `since` belongs to.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub epoch: Option<Epoch>,
    }

    "camelCase":
    /// `view:task`: everything on this task, in place of the task viewed before.
    pub struct ViewTask {
        /// The task.
        pub task_id: TaskId,
    }

    "camelCase":
    /// `view:leave`: no board and no task are viewed any more.
    pub struct ViewLeave {}

    "camelCase":
    /// `auth:refresh`.
    pub struct Refresh {
        /// A token of the same user. From now on it counts in place of the credentials of the handshake.
        pub token: String,
    }
}

results! {
    /// Credentials that count from now on.
    pub struct Refreshed {
        /// When they expire.
        pub expires_at: Option<Timestamp>,
    }

    /// A subscription.
    pub struct Subscribed {
        /// Its id, for `unsubscribe`.
        pub subscription_id: SubscriptionId,
        /// The pattern as given.
        #[serde(rename = "type")]
        pub pattern: Pattern,
        /// The filters as given.
        pub filters: Filters,
        /// The board's last event at this moment, where the subscription is for one board.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub seq: Option<Seq>,
        /// The epoch that `seq` belongs to.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub epoch: Option<Epoch>,
        /// With `since`: whether everything missed has been delivered. `false`: take a fresh `board:get`.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub recovered: Option<bool>,
    }

    /// The subscription is gone.
    pub struct Unsubscribed {
        /// Its id.
        pub subscription_id: SubscriptionId,
    }

    /// A view.
    pub struct Viewed {
        /// Who is looking at the board, one entry a user.
        pub viewers: Vec<Viewer>,
        /// The board's last event at this moment.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub seq: Option<Seq>,
        /// The epoch that `seq` belongs to.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub epoch: Option<Epoch>,
        /// With `since`: whether everything missed has been delivered. `false`: take a fresh `board:get`.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub recovered: Option<bool>,
    }
}
