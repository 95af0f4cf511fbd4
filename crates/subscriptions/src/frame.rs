//! What is delivered, and where it is put.

use std::sync::Arc;

use async_trait::async_trait;
use boardwire_protocol::{BoardId, Envelope, EnvelopeMeta, Ephemeral, EventId, EventKind, UserId};
use boardwire_services::{clock::Clock, storage::LogEntry};
use serde_json::value::{RawValue, to_raw_value};

/// An event, encoded once for all who receive it. Cheap to clone.
#[derive(Debug, Clone)]
pub enum Frame {
    /// A durable event.
    Durable(Arc<LogEntry>),
    /// An ephemeral one.
    Ephemeral(EventKind, Arc<RawValue>),
}

/// What the envelope of an ephemeral event says besides its data.
#[derive(Debug, Clone, Copy, Default)]
pub struct About<'a> {
    /// The board that it concerns.
    pub board: Option<&'a BoardId>,
    /// Who caused it.
    pub actor: Option<&'a UserId>,
}

impl Frame {
    /// An ephemeral event, ready to be sent. `error` travels bare, all others in an envelope.
    pub fn ephemeral(clock: &dyn Clock, event: &Ephemeral, about: About<'_>) -> Self {
        let kind = event.kind();
        let body = match (event, EventId::try_from(clock.new_id().as_str())) {
            (Ephemeral::Error(error), _) => to_raw_value(error),
            (_, Err(_)) => to_raw_value(event),
            (_, Ok(id)) => {
                let meta = EnvelopeMeta {
                    kind,
                    timestamp: clock.now(),
                    id,
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

    /// Which event.
    #[must_use]
    pub fn kind(&self) -> EventKind {
        match self {
            Self::Durable(entry) => entry.kind,
            Self::Ephemeral(kind, _) => *kind,
        }
    }

    /// Its size in bytes.
    #[must_use]
    pub fn size(&self) -> usize {
        self.body().get().len()
    }

    /// The argument of the event, as JSON text.
    #[must_use]
    pub fn body(&self) -> &RawValue {
        match self {
            Self::Durable(entry) => &entry.envelope,
            Self::Ephemeral(_, body) => body,
        }
    }
}

/// The bounded queue of one connection. What is put in comes out in order, or the connection ends.
#[async_trait]
pub trait Outbox: Send + Sync + 'static {
    /// Puts a frame into the queue without waiting. When the queue is full the connection is ended.
    fn push(&self, frame: Frame);

    /// There is a hole: the user may not read this board any more, and nothing of it comes until that changes, or events were
    /// forgotten before they could be delivered. Whoever promises a stream without a hole ends it here; resuming tells what
    /// can be had.
    fn lost(&self, _board: &BoardId) {}

    /// Waits until the queue has room for a page of a replay; `false`: the connection has ended.
    async fn ready(&self) -> bool;
}
