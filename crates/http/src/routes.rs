//! The routes of the HTTP door.

use std::sync::Arc;

use axum::{
    Router,
    middleware::{from_fn, from_fn_with_state},
};
use boardwire_protocol::Code;

use crate::{
    api, attachments, caller,
    door::{Door, DoorParts},
    drain, events, explorer, health, notifications, operator, presence,
    problem::Problem,
    sessions,
};

/// Returns the routes of the door. Requests carry their sender as a [`Peer`](boardwire_gate::Peer) in their extensions.
pub fn routes(parts: DoorParts) -> Router {
    let door = Arc::new(Door::new(parts));
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
        .layer(from_fn_with_state(Arc::clone(&door), caller::add_limit_headers))
        .layer(from_fn(drain::refused_bodies));
    Router::new().merge(health::routes()).merge(operator::metrics()).nest("/api/v1", api).with_state(door)
}
