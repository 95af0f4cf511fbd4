//! `notification:*`: payloads and results.

use crate::{Notification, NotificationId};

payloads! {
    "camelCase":
    /// `notification:list`: newest first.
    pub struct List {
        /// `true`: only those that have not been read.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub unread_only: Option<bool>,
        /// At most this many, 1 to 100; absent: 50.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 100)))]
        pub limit: Option<u32>,
        /// Only those older than this one: for the next page.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub before: Option<NotificationId>,
    }

    "camelCase":
    /// `notification:read`: `ids` or `all`, one of them.
    #[cfg_attr(feature = "schema", schemars(extend("oneOf" = [
        {"required": ["ids"], "properties": {"ids": {"type": "array", "items": {"type": "string"}}, "all": {"enum": [false, null]}}},
        {"required": ["all"], "properties": {"all": {"const": true}, "ids": {"type": "null"}}},
    ])))]
    pub struct Read {
        /// These have been read, at most 500.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "schema", schemars(length(max = 500)))]
        pub ids: Option<Vec<NotificationId>>,
        /// `true`: all have been read.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub all: Option<bool>,
    }
}

results! {
    /// Notifications of the caller.
    pub struct Listed {
        /// Newest first.
        pub notifications: Vec<Notification>,
        /// How many have not been read, in all.
        pub unread: u64,
    }

    /// How many are left.
    pub struct Unread {
        /// How many have not been read, in all.
        pub unread: u64,
    }
}
