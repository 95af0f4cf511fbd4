//! What a change left behind: the reply, the events it appended, and what concerns single users.

use std::sync::Arc;

use boardwire_protocol::{BoardId, Notification, Seq, UserId, data};
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};

use crate::{Fault, Origin, storage::LogEntry};

/// A change that has been made.
#[derive(Debug, Clone)]
pub struct Applied {
    /// The board it was made on, and that board's `seq` after it; `None`: it was made beside boards.
    pub at: Option<(BoardId, Seq)>,
    /// The result, a JSON object.
    pub result: Box<RawValue>,
    /// What it appended to the log, in order. Empty when nothing changed, and when the request had been made before.
    pub entries: Vec<Arc<LogEntry>>,
    /// What single users are to be told, in order. Empty when the request had been made before.
    pub personal: Vec<Personal>,
}

/// What a single user is to be told, on all of the user's connections.
#[derive(Debug, Clone)]
pub enum Personal {
    /// A new notification.
    Notified(Notification),
    /// Notifications have been read.
    Read {
        /// Whose.
        user: UserId,
        /// Which.
        data: data::NotificationRead,
        /// The connection that said so: it gets the reply.
        origin: Option<Origin>,
    },
}

/// The part that is remembered with the request id.
#[derive(Serialize, Deserialize)]
struct Kept {
    #[serde(skip_serializing_if = "Option::is_none")]
    board: Option<BoardId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seq: Option<Seq>,
    result: Box<RawValue>,
}

impl Applied {
    /// A result, before the unit of work adds what it appended.
    pub(crate) fn new(board: BoardId, seq: Seq, result: &impl Serialize) -> Result<Self, Fault> {
        Ok(Self { at: Some((board, seq)), ..Self::beside_boards(result)? })
    }

    /// The result of a change that is on no board.
    pub(crate) fn beside_boards(result: &impl Serialize) -> Result<Self, Fault> {
        Ok(Self { at: None, result: to_raw_value(result)?, entries: Vec::new(), personal: Vec::new() })
    }

    /// The board's `seq` after it.
    #[must_use]
    pub fn seq(&self) -> Option<Seq> {
        self.at.as_ref().map(|(_, seq)| *seq)
    }

    /// The first reply, for the next time that the same request is made.
    pub(crate) fn to_kept(&self) -> Result<String, Fault> {
        let (board, seq) = self.at.clone().unzip();
        Ok(serde_json::to_string(&Kept { board, seq, result: self.result.clone() })?)
    }

    /// The first reply again.
    pub(crate) fn from_kept(text: &str) -> Result<Self, Fault> {
        let Kept { board, seq, result } = serde_json::from_str(text)?;
        Ok(Self { at: board.zip(seq), result, entries: Vec::new(), personal: Vec::new() })
    }
}
