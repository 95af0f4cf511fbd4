//! What a node counts.

use serde::Serialize;

/// The counts of a node, since its start or within a second.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct Counts {
    /// Commands at all doors, refused ones included.
    pub commands: u64,
    /// Commands that were refused.
    pub refusals: u64,
    /// Events of boards.
    pub events: u64,
    /// Events put into a connection's queue.
    pub deliveries: u64,
}

impl Counts {
    /// Returns what has been counted since the `earlier` counts.
    pub(crate) fn since(self, earlier: Self) -> Self {
        Self {
            commands: self.commands - earlier.commands,
            refusals: self.refusals - earlier.refusals,
            events: self.events - earlier.events,
            deliveries: self.deliveries - earlier.deliveries,
        }
    }
}
