//! Where committed events go.

use std::sync::Arc;

use async_trait::async_trait;
use boardwire_protocol::{BoardId, Seq};

use crate::{UserEvent, storage::LogEntry};

/// Delivers committed events.
#[async_trait]
pub trait Publisher: Send + Sync + 'static {
    /// Takes events that have been committed, in the order of their `seq`. Returns when all events of the board up to
    /// the last of these have been queued for delivery, so that a reply sent now arrives after them.
    async fn publish(&self, entries: &[Arc<LogEntry>]);

    /// Returns when all events of the board up to `seq` have been queued for delivery.
    async fn settle(&self, board: &BoardId, seq: Seq);

    /// Delivers what single users are told, in this order. If some of it is lost, it can still be found in storage.
    fn tell(&self, events: &[UserEvent]);

    /// Says that a commit failed, so that the log may contain events that have not been published. The publisher looks
    /// for them.
    fn suspect(&self);
}
