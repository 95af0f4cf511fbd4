//! Subscriptions, views and credentials of a socket: payloads and results. They have no effect on a board.

use crate::{BoardId, Epoch, Pattern, Seq, SubscriptionId, TaskId, Timestamp, UserId, Viewer, patch::object};

payloads! {
    "camelCase":
    /// `subscribe`.
    pub struct Subscribe {
        /// A pattern of event names, such as `task:*`.
        #[serde(rename = "type")]
        pub pattern: Pattern,
        /// Conditions for these events.
        #[serde(default, deserialize_with = "object")]
        pub filters: Filters,
        /// The last event that the client has, to get those after it. Needs `filters.boardId` or `filters.taskId`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub since: Option<Seq>,
        /// The epoch that `since` belongs to.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub epoch: Option<Epoch>,
    }

    "camelCase":
    /// The conditions of a subscription. All that are given must hold.
    #[derive(Default)]
    pub struct Filters {
        /// The board of the events.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub board_id: Option<BoardId>,
        /// The task that the events concern.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub task_id: Option<TaskId>,
        /// The user who caused the events.
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
        /// The last event that the client has: all events after it are delivered first.
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
    /// `view:leave`: ends the views of a board and a task.
    pub struct ViewLeave {}

    "camelCase":
    /// `auth:refresh`.
    pub struct Refresh {
        /// A token of the same user, which replaces the credentials of the handshake.
        pub token: String,
    }
}

results! {
    /// The credentials that the connection has now.
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
        /// With `since`: whether everything missed has been delivered. `false`: get the board anew with `board:get`.
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
        /// Who is present on the board, one entry for each user.
        pub viewers: Vec<Viewer>,
        /// The board's last event at this moment.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub seq: Option<Seq>,
        /// The epoch that `seq` belongs to.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub epoch: Option<Epoch>,
        /// With `since`: whether everything missed has been delivered. `false`: get the board anew with `board:get`.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub recovered: Option<bool>,
    }
}
