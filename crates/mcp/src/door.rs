//! The MCP door: its parts and its settings.

use std::{sync::Arc, time::Duration};

use boardwire_gate::Gate;
use tokio_util::task::AbortOnDropHandle;

use crate::sessions::Sessions;

/// The settings of the MCP door.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The most sessions at the same time. Clients of revision 2026-07-28 and later need none.
    pub max_sessions: usize,
    /// How long a session without requests lasts.
    pub session_idle: Duration,
}

/// The parts that the MCP door is made of.
pub struct McpParts {
    /// The gate that all doors share.
    pub gate: Arc<Gate>,
    /// The limits of the door.
    pub settings: Settings,
    /// The server version that is reported to clients.
    pub server_version: &'static str,
}

/// The state of the door's middleware.
pub(crate) struct Door {
    pub(crate) gate: Arc<Gate>,
    pub(crate) settings: Settings,
    pub(crate) sessions: Sessions,
    /// The task that ends the remaining sessions when the gate closes.
    _ending: AbortOnDropHandle<()>,
}

impl Door {
    /// Creates a door; `ending` is the task that ends the remaining sessions when the gate closes.
    pub(crate) fn new(gate: Arc<Gate>, settings: Settings, sessions: Sessions, ending: AbortOnDropHandle<()>) -> Self {
        Self { gate, settings, sessions, _ending: ending }
    }
}
