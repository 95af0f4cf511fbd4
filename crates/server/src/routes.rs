//! What the server answers beside the socket: whether it lives, whether it is ready, and where to go from `/`.

use std::sync::Arc;

use axum::{Json, Router, extract::State, http::StatusCode, routing::get};
use boardwire_services::storage::Store;
use serde_json::{Value, json};

/// The routes, without the Socket.IO layer.
pub(crate) fn routes(store: Arc<dyn Store>) -> Router {
    Router::new()
        .route("/", get(async || "Boardwire is running. Connect with a Socket.IO client at /socket.io/\n"))
        .route("/healthz", get(async || Json(json!({"status": "ok"}))))
        .route("/readyz", get(ready))
        .with_state(store)
}

async fn ready(State(store): State<Arc<dyn Store>>) -> (StatusCode, Json<Value>) {
    match store.ping().await {
        Ok(()) => (StatusCode::OK, Json(json!({"status": "ready"}))),
        Err(error) => {
            tracing::warn!(%error, "not ready");
            (StatusCode::SERVICE_UNAVAILABLE, Json(json!({"status": "unavailable", "reason": "database"})))
        }
    }
}
