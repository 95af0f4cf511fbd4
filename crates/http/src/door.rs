//! The HTTP door as a whole: what it is made of, and its routes.

use std::sync::Arc;

use axum::{
    Router,
    middleware::{from_fn, from_fn_with_state},
};
use boardwire_auth::{AllowedOrigins, SessionPolicy};
use boardwire_gate::Gate;
use boardwire_protocol::Code;
use boardwire_services::{Services, clock::Clock, storage::Files};

use crate::{
    api, attachments, caller, drain, events, explorer,
    health::{self, LastLook},
    logins::Logins,
    notifications, operator,
    passwords::Passwords,
    presence,
    problem::Problem,
    quota::{Quotas, Uploads},
    sessions,
};

/// What the HTTP door accepts.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Which pages a browser may call from.
    pub origins: AllowedOrigins,
    /// Whether cookies are sent over HTTPS alone; `None`: those that were set over it.
    pub secure_cookies: Option<bool>,
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
    pub(crate) last_look: LastLook,
}

impl Door {
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

/// The routes of the door. Requests carry who sent them as a [`Peer`](boardwire_gate::Peer) in their extensions.
pub fn routes(parts: DoorParts) -> Router {
    let (passwords, uploads, last_look) = (Passwords::default(), Uploads::default(), LastLook::default());
    let door = Arc::new(Door { parts, passwords, uploads, last_look });
    let api = Router::new()
        .merge(sessions::routes())
        .merge(attachments::routes())
        .merge(notifications::routes())
        .merge(events::routes())
        .merge(presence::routes())
        .merge(operator::routes())
        .merge(api::routes())
        .merge(explorer::routes())
        .fallback(async || Problem::new(Code::NotFound, "there is nothing of this name here"))
        .method_not_allowed_fallback(async || Problem::wrong_method())
        .layer(from_fn_with_state(Arc::clone(&door), caller::tell_limits))
        .layer(from_fn(drain::refused_bodies));
    Router::new().merge(health::routes()).merge(operator::metrics()).nest("/api/v1", api).with_state(door)
}
