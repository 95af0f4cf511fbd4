//! The HTTP door as its handlers know it: its parts, its settings, and what it counts.

use std::{sync::Arc, time::Instant};

use boardwire_auth::SessionPolicy;
use boardwire_gate::Gate;
use boardwire_services::{Services, clock::Clock, storage::Files};

use crate::{
    logins::Logins,
    passwords::Passwords,
    quota::{Quotas, Uploads},
};

/// What the HTTP door accepts.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How long sessions last.
    pub sessions: SessionPolicy,
    /// The largest file, in bytes.
    pub max_attachment_size: u64,
    /// How much attachments may hold.
    pub quotas: Quotas,
}

/// What the HTTP door is made of.
pub struct DoorParts {
    /// The gates that all doors have in common.
    pub gate: Arc<Gate>,
    /// Where files are kept.
    pub files: Arc<dyn Files>,
    /// What holds guesses of passwords back.
    pub logins: Logins,
    /// What is accepted.
    pub settings: Settings,
}

/// The HTTP door: its parts, and what it counts.
pub(crate) struct Door {
    pub(crate) parts: DoorParts,
    pub(crate) passwords: Passwords,
    pub(crate) uploads: Uploads,
    /// The last look at the database for `/readyz`: when, and whether it could be read and written.
    pub(crate) last_look: tokio::sync::Mutex<Option<(Instant, bool)>>,
}

impl Door {
    pub(crate) fn new(parts: DoorParts) -> Self {
        Self {
            parts,
            passwords: Passwords::default(),
            uploads: Uploads::default(),
            last_look: tokio::sync::Mutex::default(),
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
