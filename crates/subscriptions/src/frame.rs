//! What is delivered, and where it is put.

use std::sync::Arc;

use async_trait::async_trait;
use boardwire_protocol::EventKind;
use boardwire_services::storage::LogEntry;
use serde_json::value::RawValue;

/// An event, encoded once for all who receive it. Cheap to clone.
#[derive(Debug, Clone)]
pub enum Frame {
    /// A durable event.
    Durable(Arc<LogEntry>),
    /// An ephemeral one.
    Ephemeral(EventKind, Arc<RawValue>),
}

impl Frame {
    /// Which event.
    #[must_use]
    pub fn kind(&self) -> EventKind {
        match self {
            Self::Durable(entry) => entry.kind,
            Self::Ephemeral(kind, _) => *kind,
        }
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

    /// Waits until the queue has room for a page of a replay; `false`: the connection has ended.
    async fn ready(&self) -> bool;
}
