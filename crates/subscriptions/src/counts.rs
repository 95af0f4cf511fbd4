//! Counters of events, from the creation of the hub on.

use std::sync::{Mutex, atomic::AtomicU64};

use boardwire_protocol::BoardId;

use crate::tally::Tally;

/// Counters that the hub and its channels share.
#[derive(Default)]
pub(crate) struct Counts {
    /// Durable events that this node has committed.
    pub(crate) events: AtomicU64,
    /// Durable events put into a connection's queue as they happened; an event counts once for each queue.
    pub(crate) deliveries: AtomicU64,
    /// Durable events of each board within the last minute.
    pub(crate) boards: Mutex<Tally<BoardId>>,
}
