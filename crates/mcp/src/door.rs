//! The MCP door as its middleware knows it: its parts, and what it accepts.

use std::{sync::Arc, time::Duration};

use boardwire_gate::Gate;
use tokio_util::task::AbortOnDropHandle;

use crate::sessions::Sessions;

/// What the MCP door accepts.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Sessions at the same time. Clients of the revision 2026-07-28 and later need none.
    pub max_sessions: usize,
    /// How long a session lasts in which nothing is asked.
    pub session_idle: Duration,
}

/// What the MCP door is made of.
pub struct McpParts {
    /// The gates that all doors have in common.
    pub gate: Arc<Gate>,
    /// What is accepted.
    pub settings: Settings,
    /// What clients are told.
    pub server_version: &'static str,
}

/// The door as its middleware knows it.
pub(crate) struct Door {
    pub(crate) gate: Arc<Gate>,
    pub(crate) settings: Settings,
    pub(crate) sessions: Sessions,
    /// The task that ends what is left when the gate closes.
    _ending: AbortOnDropHandle<()>,
}

impl Door {
    /// Makes a door; `ending` is the task that ends what is left when the gate closes.
    pub(crate) fn new(gate: Arc<Gate>, settings: Settings, sessions: Sessions, ending: AbortOnDropHandle<()>) -> Self {
        Self { gate, settings, sessions, _ending: ending }
    }
}
