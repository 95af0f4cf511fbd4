//! Errors as clients see them: a stable code, a sentence for people, and details for programs.

use std::time::Duration;

use serde::Serialize;
use serde_json::{Value, json};

use crate::Timestamp;

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $name:ident => $wire:literal;)*) => {
        /// The stable code of an error.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Code { $($(#[doc = $doc])+ $name,)* }

        impl Code {
            /// All codes, in the order of the contract.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// Returns the code as it is on the wire.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $wire),* }
            }

            /// Returns a sentence that says what the code means.
            #[must_use]
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$name => concat!($($doc),+)),* }
            }
        }
    };
}

codes! {
    /// The credentials were not accepted.
    AuthFailed => "AUTH_FAILED";
    /// The connection has no valid credentials any more.
    Unauthenticated => "UNAUTHENTICATED";
    /// The caller is not allowed to do this.
    Forbidden => "FORBIDDEN";
    /// It does not exist, or the caller may not know that it does.
    NotFound => "NOT_FOUND";
    /// The message has the wrong shape: `details` lists `{path, message}`.
    InvalidMessage => "INVALID_MESSAGE";
    /// There is no command of this name.
    UnknownEvent => "UNKNOWN_EVENT";
    /// Somebody else changed it first, or a rule forbids it: `details` may hold `current` and the `fields` that clash.
    Conflict => "CONFLICT";
    /// The request id was used for another payload.
    IdempotencyMismatch => "IDEMPOTENCY_MISMATCH";
    /// The dependency would close a circle.
    DependencyCycle => "DEPENDENCY_CYCLE";
    /// The column holds as many tasks as it may.
    WipLimit => "WIP_LIMIT";
    /// The board holds as many tasks as it may.
    BoardFull => "BOARD_FULL";
    /// The lease has expired, was released or was taken over: `details.current` holds the task.
    LeaseLost => "LEASE_LOST";
    /// The board is archived: restore it first.
    Archived => "ARCHIVED";
    /// The socket has as many subscriptions as it may.
    SubscriptionLimit => "SUBSCRIPTION_LIMIT";
    /// Too many commands: wait `retryAfter` seconds. The connection stays open.
    RateLimit => "RATE_LIMIT";
    /// The message is larger than the server accepts, or the board too large for one answer: ask for pages (`limit`).
    PayloadTooLarge => "PAYLOAD_TOO_LARGE";
    /// There is no room for the file: `details.scope` says which limit is reached, `user`, `server` or `disk`.
    StorageFull => "STORAGE_FULL";
    /// The server can't do this now; the same request may go through later.
    Unavailable => "UNAVAILABLE";
    /// Something is wrong with the connection.
    SocketError => "SOCKET_ERROR";
    /// A fault of the server; `details.id` identifies it in the server's log.
    Internal => "INTERNAL";
}

impl Serialize for Code {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// One thing that is wrong with the shape of a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Violation {
    /// The path of the field, such as `updates.title`; empty for the message as a whole.
    pub path: String,
    /// What is wrong with it, as a sentence without a subject, such as `is missing`.
    pub message: String,
}

impl Violation {
    /// Makes a violation from a path, empty for the message as a whole, and what is wrong there.
    #[must_use]
    pub fn new(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { path: path.into(), message: message.into() }
    }
}

/// An error in a reply, an `error` event or an HTTP body.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ErrorBody {
    /// A sentence for people.
    #[serde(rename = "error")]
    pub message: String,
    /// The stable code.
    pub code: Code,
    /// Data for programs; its shape depends on the code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub details: Option<Value>,
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

impl ErrorBody {
    /// Makes an error with a code and a sentence.
    #[must_use]
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            code,
            details: None,
            retry_after: None,
            limit: None,
            remaining: None,
            reset: None,
        }
    }

    /// Makes an `INVALID_MESSAGE` for a message of the wrong shape; `details` lists the violations.
    #[must_use]
    pub fn invalid(violations: &[Violation]) -> Self {
        let sentence = |Violation { path, message }: &Violation| match path.as_str() {
            "" => message.clone(),
            path => format!("{path}: {message}"),
        };
        let message = violations.iter().map(sentence).collect::<Vec<_>>().join("; ");
        Self::new(Code::InvalidMessage, message).with_details(json!(violations))
    }

    /// Makes a `RATE_LIMIT` with the state of the binding limit: how long to `wait`, how much it allows, how much it
    /// has left, and the time until it has more. Durations are rounded up to the millisecond, so that waiting this long
    /// is always enough.
    #[must_use]
    pub fn rate_limited(wait: Duration, limit: u32, remaining: u32, reset: Duration, now: Timestamp) -> Self {
        let millis = |time: Duration| time.as_nanos().div_ceil(1_000_000);
        let seconds = millis(wait) as f64 / 1000.0;
        let reset = i64::try_from(millis(reset)).unwrap_or(i64::MAX / 2);
        Self {
            retry_after: Some(seconds),
            limit: Some(limit),
            remaining: Some(remaining),
            reset: Some(now.0.saturating_add(reset)),
            ..Self::new(Code::RateLimit, format!("too many requests; try again in {seconds} s"))
        }
    }

    /// Adds `details`.
    #[must_use]
    pub fn with_details(mut self, details: Value) -> Self {
        self.details = Some(details);
        self
    }
}
