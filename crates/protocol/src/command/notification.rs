//! `notification:*`: payloads and results.

use crate::{Notification, NotificationId};

payloads! {
    "camelCase":
    /// `notification:list`: newest first.
    pub struct List {
        /// `true`: only notifications that have not been read.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub unread_only: Option<bool>,
        /// The most results: 1 to 100; absent: 50.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 100)))]
        pub limit: Option<u32>,
        /// Only notifications older than this one: for the next page.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub before: Option<NotificationId>,
    }

    "camelCase":
    /// `notification:read`: either `ids` or `all`.
    #[cfg_attr(feature = "schema", schemars(extend("oneOf" = [
        {"required": ["ids"], "properties": {"ids": {"type": "array", "items": {"type": "string"}}, "all": {"enum": [false, null]}}},
        {"required": ["all"], "properties": {"all": {"const": true}, "ids": {"type": "null"}}},
    ])))]
    pub struct Read {
        /// The notifications to mark as read, at most 500.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "schema", schemars(length(max = 500)))]
        pub ids: Option<Vec<NotificationId>>,
        /// `true`: marks all as read.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub all: Option<bool>,
    }
}

results! {
    /// Notifications of the caller.
    pub struct Listed {
        /// The notifications, newest first.
        pub notifications: Vec<Notification>,
        /// How many notifications of the caller have not been read.
        pub unread: u64,
    }

    /// How many notifications are left to read.
    pub struct Unread {
        /// How many notifications of the caller have not been read.
        pub unread: u64,
    }
}
