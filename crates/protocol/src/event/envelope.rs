//! The envelope that every event is sent in: `{type, data, timestamp, id, boardId?, seq?, userId?, requestId?}`.

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use crate::{BoardId, EventId, EventKind, RequestId, Seq, Timestamp, UserId};

/// The fields of an envelope besides its data.
#[derive(Debug, Clone)]
pub struct EnvelopeMeta {
    /// The kind of event.
    pub kind: EventKind,
    /// When it was committed, or sent.
    pub timestamp: Timestamp,
    /// The event's own id.
    pub id: EventId,
    /// The board whose event it is.
    pub board_id: Option<BoardId>,
    /// Its number in the board's log.
    pub seq: Option<Seq>,
    /// Who caused it.
    pub user_id: Option<UserId>,
    /// The request that caused it.
    pub request_id: Option<RequestId>,
}

/// An event as it is sent.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Envelope<'a, T: Serialize> {
    #[serde(rename = "type")]
    kind: &'static str,
    data: &'a T,
    timestamp: Timestamp,
    id: &'a EventId,
    #[serde(skip_serializing_if = "Option::is_none")]
    board_id: Option<&'a BoardId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seq: Option<Seq>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<&'a UserId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a RequestId>,
}

impl<'a, T: Serialize> Envelope<'a, T> {
    /// Makes an envelope around data.
    pub fn new(meta: &'a EnvelopeMeta, data: &'a T) -> Self {
        Self {
            kind: meta.kind.name(),
            data,
            timestamp: meta.timestamp,
            id: &meta.id,
            board_id: meta.board_id.as_ref(),
            seq: meta.seq,
            user_id: meta.user_id.as_ref(),
            request_id: meta.request_id.as_ref(),
        }
    }

    /// Returns the bytes that are sent and, for a durable event, stored.
    ///
    /// # Errors
    /// Returns an error if the data can't be written as JSON, which never happens with this crate's types.
    pub fn encode(&self) -> Result<Box<RawValue>, serde_json::Error> {
        to_raw_value(self)
    }
}

/// An envelope as it was encoded.
#[derive(Debug, Clone, Serialize)]
#[serde(transparent)]
pub struct EncodedEnvelope(pub Box<RawValue>);

impl PartialEq for EncodedEnvelope {
    fn eq(&self, other: &Self) -> bool {
        self.0.get() == other.0.get()
    }
}

impl Eq for EncodedEnvelope {}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for EncodedEnvelope {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "EncodedEnvelope".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "object"})
    }
}
