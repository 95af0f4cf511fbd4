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
    async fn wait_until_queued(&self, board: &BoardId, seq: Seq);

    /// Delivers events for single users, in this order. An event that is lost can still be found in storage.
    fn send_to_users(&self, events: &[UserEvent]);

    /// Asks the publisher to look in the log for events that have not been published, as after a failed commit.
    fn check_log(&self);
}
