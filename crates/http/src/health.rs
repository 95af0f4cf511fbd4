//! Whether the server is alive, and whether it is ready.

use std::{sync::Arc, time::Duration};

use axum::{Json, Router, extract::State, http::StatusCode, routing::get};
use serde_json::{Value, json};

use crate::door::Door;

pub(crate) fn routes() -> Router<Arc<Door>> {
    Router::new().route("/healthz", get(async || Json(json!({"status": "ok"})))).route("/readyz", get(ready))
}

/// How long an answer is reused. Each check writes to the database, and anyone may ask.
const HOLDS: Duration = Duration::from_secs(1);

async fn ready(State(door): State<Arc<Door>>) -> (StatusCode, Json<Value>) {
    let mut last = door.last_look.lock().await;
    let now = door.clock().monotonic();
    let well = match last.filter(|(at, _)| now.duration_since(*at) < HOLDS) {
        Some((_, well)) => well,
        None => {
            let looked = door.services().store().ping().await;
            let well = looked.inspect_err(|error| tracing::warn!(%error, "not ready")).is_ok();
            *last = Some((now, well));
            well
        }
    };
    drop(last);
    match well {
        true => (StatusCode::OK, Json(json!({"status": "ready"}))),
        false => (StatusCode::SERVICE_UNAVAILABLE, Json(json!({"status": "unavailable", "reason": "database"}))),
    }
}
