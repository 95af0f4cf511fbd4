//! Events as they are delivered, and the queues that they are put into.

use std::sync::Arc;

use async_trait::async_trait;
use boardwire_protocol::{BoardId, Envelope, EnvelopeMeta, Ephemeral, EventKind, UserId};
use boardwire_services::{clock::Clock, storage::LogEntry};
use serde_json::value::{RawValue, to_raw_value};

/// An event, encoded once for all its recipients. Cheap to clone.
#[derive(Debug, Clone)]
pub enum Frame {
    /// A durable event, with its envelope.
    Durable(Arc<LogEntry>),
    /// The kind of an ephemeral event, and its encoded form.
    Ephemeral(EventKind, Arc<RawValue>),
}

/// The optional fields of an ephemeral event's envelope.
#[derive(Debug, Clone, Copy, Default)]
pub struct About<'a> {
    /// The board that the event concerns.
    pub board: Option<&'a BoardId>,
    /// The user who caused the event.
    pub actor: Option<&'a UserId>,
}

impl Frame {
    /// Encodes an ephemeral event: `error` without an envelope, all others in one.
    pub fn ephemeral(clock: &dyn Clock, event: &Ephemeral, about: About<'_>) -> Self {
        let kind = event.kind();
        let body = match event {
            Ephemeral::Error(error) => to_raw_value(error),
            _ => {
                let meta = EnvelopeMeta {
                    kind,
                    timestamp: clock.now(),
                    id: clock.new_id(),
                    board_id: about.board.cloned(),
                    seq: None,
                    user_id: about.actor.cloned(),
                    request_id: None,
                };
                Envelope::new(&meta, event).encode()
            }
        };
        Self::Ephemeral(kind, Arc::from(body.unwrap_or_else(|_| RawValue::NULL.to_owned())))
    }

    /// Returns the kind of event.
    #[must_use]
    pub fn kind(&self) -> EventKind {
        match self {
            Self::Durable(entry) => entry.kind,
            Self::Ephemeral(kind, _) => *kind,
        }
    }

    /// Returns the size in bytes.
    #[must_use]
    pub fn size(&self) -> usize {
        self.body().get().len()
    }

    /// Returns the encoded event, as JSON text.
    #[must_use]
    pub fn body(&self) -> &RawValue {
        match self {
            Self::Durable(entry) => &entry.envelope,
            Self::Ephemeral(_, body) => body,
        }
    }
}

/// The bounded queue of one connection. Frames are sent in the order in which they are put in, or the connection ends.
#[async_trait]
pub trait Outbox: Send + Sync + 'static {
    /// Puts a frame into the queue without waiting. When the queue is full the connection is ended.
    fn push(&self, frame: Frame);

    /// Is called when events of a board will be missing: the connection's user may not read the board any more, or
    /// events were deleted from the log before they could be delivered. A connection that guarantees completeness ends
    /// here; when its client resumes, the answer says whether everything could be recovered.
    fn lost(&self, _board: &BoardId) {}

    /// Waits until the queue has room for a page of a replay. Returns `false` if the connection has ended.
    async fn ready(&self) -> bool;
}
