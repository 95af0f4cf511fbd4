//! Where committed events go.

use std::sync::Arc;

use async_trait::async_trait;
use boardwire_protocol::{BoardId, Seq};

use crate::{Personal, storage::LogEntry};

/// Carries committed events to those who should have them.
#[async_trait]
pub trait Publisher: Send + Sync + 'static {
    /// Takes events that have been committed, in the order of their `seq`. Returns when all events of the board up to
    /// the last of these are on their way, so that an acknowledgement sent now comes after them.
    async fn publish(&self, entries: &[Arc<LogEntry>]);

    /// Returns when all events of the board up to `seq` are on their way.
    async fn settle(&self, board: &BoardId, seq: Seq);

    /// Tells single users, in this order, what has been committed. What is lost on the way is found in storage.
    fn tell(&self, personal: &[Personal]);

    /// A commit ended in an error, so there may be events in the log that nobody will publish: look.
    fn suspect(&self);
}
