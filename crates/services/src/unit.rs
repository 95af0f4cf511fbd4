//! A unit of work while it runs: storage, the caller, the time, and the events so far.

use std::sync::Arc;

use boardwire_protocol::{RequestId, Timestamp};

use crate::{
    Addable, Caller, ChangeOutcome, Origin, ServiceError, UserEvent,
    clock::Clock,
    storage::{LogEntry, Transaction},
};

/// A unit of work. It can read anything, and changes boards through a `BoardEdit`.
pub(crate) struct Unit<'t> {
    pub(crate) tx: &'t mut dyn Transaction,
    pub(crate) caller: &'t Caller,
    pub(crate) clock: &'t dyn Clock,
    pub(crate) now: Timestamp,
    /// The most tasks of a board.
    pub(crate) max_tasks: u32,
    pub(crate) request_id: Option<&'t RequestId>,
    pub(crate) origin: Option<Origin>,
    pub(crate) addable: Addable,
    pub(crate) entries: Vec<Arc<LogEntry>>,
    pub(crate) user_events: Vec<UserEvent>,
}

/// Work that runs within a unit, such as the payload of a change. Implemented in the module of the entity that the work
/// changes.
pub(crate) trait Execute {
    /// Checks the rules, makes the change, and records its events.
    async fn execute(self, unit: &mut Unit<'_>) -> Result<ChangeOutcome, ServiceError>;
}
