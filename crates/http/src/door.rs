//! The HTTP door as its handlers see it: its parts, its settings and its counters.

use std::{sync::Arc, time::Instant};

use boardwire_auth::SessionPolicy;
use boardwire_gate::Gate;
use boardwire_services::{Services, clock::Clock, storage::Files};

use crate::{
    logins::Logins,
    passwords::Passwords,
    quota::{Quotas, Uploads},
};

/// The settings of the HTTP door.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How long sessions last.
    pub sessions: SessionPolicy,
    /// The largest file, in bytes.
    pub max_attachment_size: u64,
    /// How much space attachments may take.
    pub quotas: Quotas,
}

/// The parts that the HTTP door is made of.
pub struct DoorParts {
    /// The gate that all doors share.
    pub gate: Arc<Gate>,
    /// Where files are stored.
    pub files: Arc<dyn Files>,
    /// Slows down the guessing of passwords.
    pub logins: Logins,
    /// The limits of the door.
    pub settings: Settings,
}

/// The HTTP door: its parts and its counters.
pub(crate) struct Door {
    pub(crate) parts: DoorParts,
    pub(crate) passwords: Passwords,
    pub(crate) uploads: Uploads,
    /// The last check of the database for `/readyz`: when it was made, and whether reading and writing worked.
    pub(crate) last_check: tokio::sync::Mutex<Option<(Instant, bool)>>,
}

impl Door {
    pub(crate) fn new(parts: DoorParts) -> Self {
        Self {
            parts,
            passwords: Passwords::default(),
            uploads: Uploads::default(),
            last_check: tokio::sync::Mutex::default(),
        }
    }

    pub(crate) fn gate(&self) -> &Arc<Gate> {
        &self.parts.gate
    }

    pub(crate) fn services(&self) -> &Services {
        self.parts.gate.services()
    }

    pub(crate) fn clock(&self) -> &dyn Clock {
        self.parts.gate.clock()
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.parts.settings
    }
}
