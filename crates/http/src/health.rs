//! Health checks: whether the server is alive, and whether it is ready.

use std::{sync::Arc, time::Duration};

use axum::{Json, Router, extract::State, http::StatusCode, routing::get};
use serde_json::{Value, json};

use crate::door::Door;

pub(crate) fn routes() -> Router<Arc<Door>> {
    Router::new().route("/healthz", get(async || Json(json!({"status": "ok"})))).route("/readyz", get(ready))
}

/// How long an answer is reused. Each check writes to the database, and anyone may ask.
const REUSE_TIME: Duration = Duration::from_secs(1);

async fn ready(State(door): State<Arc<Door>>) -> (StatusCode, Json<Value>) {
    let mut last = door.last_check.lock().await;
    let now = door.clock().monotonic();
    let is_ready = match last.filter(|(at, _)| now.duration_since(*at) < REUSE_TIME) {
        Some((_, is_ready)) => is_ready,
        None => {
            let checked = door.services().store().ping().await;
            let is_ready = checked.inspect_err(|error| tracing::warn!(%error, "not ready")).is_ok();
            *last = Some((now, is_ready));
            is_ready
        }
    };
    drop(last);
    match is_ready {
        true => (StatusCode::OK, Json(json!({"status": "ready"}))),
        false => (StatusCode::SERVICE_UNAVAILABLE, Json(json!({"status": "unavailable", "reason": "database"}))),
    }
}
