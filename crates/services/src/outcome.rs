//! What a change returns: the reply, the events that it appended, and the events for single users.

use std::sync::Arc;

use boardwire_protocol::{BoardId, Notification, Seq, UserId, data};
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};

use crate::{Origin, ServiceError, storage::LogEntry};

/// The outcome of a change.
#[derive(Debug, Clone)]
pub struct ChangeOutcome {
    /// The board that was changed and its `seq` after the change; `None` if the change was not on a board.
    pub at: Option<(BoardId, Seq)>,
    /// The result, a JSON object.
    pub result: Box<RawValue>,
    /// The events that were appended to the log, in order. Empty if nothing changed, or if the request had been made
    /// before.
    pub entries: Vec<Arc<LogEntry>>,
    /// The events for single users, in order. Empty if the request had been made before.
    pub user_events: Vec<UserEvent>,
}

/// An event for a single user, sent to all of the user's connections. It is in no board's log.
#[derive(Debug, Clone)]
pub enum UserEvent {
    /// A new notification.
    Notified(Notification),
    /// Notifications have been read.
    Read {
        /// The user.
        user: UserId,
        /// The notifications that were read.
        data: data::NotificationRead,
        /// The connection that marked them: it gets the reply instead.
        origin: Option<Origin>,
    },
}

/// The former name of [`UserEvent`].
#[deprecated(since = "0.1.0", note = "renamed to `UserEvent`")]
pub type Personal = UserEvent;

/// A reply as it is stored with its request id.
#[derive(Serialize, Deserialize)]
struct StoredReply {
    #[serde(skip_serializing_if = "Option::is_none")]
    board: Option<BoardId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seq: Option<Seq>,
    result: Box<RawValue>,
}

impl ChangeOutcome {
    /// Returns an outcome on a board, without events.
    pub(crate) fn new(board: BoardId, seq: Seq, result: &impl Serialize) -> Result<Self, ServiceError> {
        Ok(Self { at: Some((board, seq)), ..Self::without_board(result)? })
    }

    /// Returns an outcome that is not on a board.
    pub(crate) fn without_board(result: &impl Serialize) -> Result<Self, ServiceError> {
        Ok(Self { at: None, result: to_raw_value(result)?, entries: Vec::new(), user_events: Vec::new() })
    }

    /// Returns the board's `seq` after the change.
    #[must_use]
    pub fn seq(&self) -> Option<Seq> {
        self.at.as_ref().map(|(_, seq)| *seq)
    }

    /// Returns the reply as text, to be stored with the request id.
    pub(crate) fn to_stored(&self) -> Result<String, ServiceError> {
        let (board, seq) = self.at.clone().unzip();
        Ok(serde_json::to_string(&StoredReply { board, seq, result: self.result.clone() })?)
    }

    /// Returns an outcome with a reply that was stored earlier.
    pub(crate) fn from_stored(text: &str) -> Result<Self, ServiceError> {
        let StoredReply { board, seq, result } = serde_json::from_str(text)?;
        Ok(Self { at: board.zip(seq), result, entries: Vec::new(), user_events: Vec::new() })
    }
}
