//! Whether the server lives, and whether it is ready.

use std::sync::Arc;

use axum::{Json, Router, extract::State, http::StatusCode, routing::get};
use serde_json::{Value, json};

use crate::door::Door;

pub(crate) fn routes() -> Router<Arc<Door>> {
    Router::new().route("/healthz", get(async || Json(json!({"status": "ok"})))).route("/readyz", get(ready))
}

async fn ready(State(door): State<Arc<Door>>) -> (StatusCode, Json<Value>) {
    match door.services().store().ping().await {
        Ok(()) => (StatusCode::OK, Json(json!({"status": "ready"}))),
        Err(error) => {
            tracing::warn!(%error, "not ready");
            (StatusCode::SERVICE_UNAVAILABLE, Json(json!({"status": "unavailable", "reason": "database"})))
        }
    }
}
