//! What a query returns.

use boardwire_protocol::{BoardId, Seq};
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use crate::ServiceError;

/// The answer to a query.
pub(crate) struct Answer {
    /// The result, a JSON object.
    pub(crate) result: Box<RawValue>,
    /// The board that the result shows, and the number of the last event that it includes.
    pub(crate) at: Option<(BoardId, Seq)>,
}

impl Answer {
    /// Returns an answer that shows no board.
    pub(crate) fn new(result: &impl Serialize) -> Result<Self, ServiceError> {
        Ok(Self { result: to_raw_value(result)?, at: None })
    }
}
