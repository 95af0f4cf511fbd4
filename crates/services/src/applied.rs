//! What a change left behind: the reply, and the events it appended.

use std::sync::Arc;

use boardwire_protocol::{BoardId, Seq};
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};

use crate::{Fault, storage::LogEntry};

/// A change that has been made.
#[derive(Debug, Clone)]
pub struct Applied {
    /// The board it was made on.
    pub board: BoardId,
    /// The board's `seq` after it.
    pub seq: Seq,
    /// The result, a JSON object.
    pub result: Box<RawValue>,
    /// What it appended to the log, in order. Empty when nothing changed, and when the request had been made before.
    pub entries: Vec<Arc<LogEntry>>,
}

/// The part that is remembered with the request id.
#[derive(Serialize, Deserialize)]
struct Kept {
    board: BoardId,
    seq: Seq,
    result: Box<RawValue>,
}

impl Applied {
    /// A result, before the unit of work adds what it appended.
    pub(crate) fn new(board: BoardId, seq: Seq, result: &impl Serialize) -> Result<Self, Fault> {
        Ok(Self { board, seq, result: to_raw_value(result)?, entries: Vec::new() })
    }

    /// The first reply, for the next time that the same request is made.
    pub(crate) fn to_kept(&self) -> Result<String, Fault> {
        let kept = Kept { board: self.board.clone(), seq: self.seq, result: self.result.clone() };
        Ok(serde_json::to_string(&kept)?)
    }

    /// The first reply again.
    pub(crate) fn from_kept(text: &str) -> Result<Self, Fault> {
        let Kept { board, seq, result } = serde_json::from_str(text)?;
        Ok(Self { board, seq, result, entries: Vec::new() })
    }
}
