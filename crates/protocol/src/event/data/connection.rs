//! Data of events about the connection itself.

use serde::Serialize;

use crate::{Code, RequestId, TeamId, Timestamp, UserId};

data! {
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
