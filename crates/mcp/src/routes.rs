//! The route of the MCP door.

use std::{sync::Arc, time::Duration};

use axum::{Router, extract::DefaultBodyLimit, middleware::from_fn_with_state};
use rmcp::transport::streamable_http_server::{
    StreamableHttpServerConfig, StreamableHttpService, session::local::LocalSessionManager,
};
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};

use crate::{
    agent::Agent,
    door::{Door, McpParts},
    front,
    sessions::Sessions,
};

/// The largest request, in bytes.
const MAX_BODY: usize = 1 << 20;

/// How long waiting calls have to answer when the gate closes. Then sessions and streams are ended.
const CLOSING_GRACE: Duration = Duration::from_millis(100);

/// Returns the route of the door, `/mcp`. Requests carry their sender as a [`Peer`](boardwire_gate::Peer) in their
/// extensions. Open sessions end when the gate closes. Must be called in a Tokio runtime.
pub fn routes(parts: McpParts) -> Router {
    let McpParts { gate, settings, server_version } = parts;
    let mut manager = LocalSessionManager::default();
    manager.session_config.keep_alive = Some(settings.session_idle);
    let manager = Arc::new(manager);
    let ended = CancellationToken::new();
    let (closing, ending) = (gate.closing().clone(), ended.clone());
    let ending = AbortOnDropHandle::new(tokio::spawn(async move {
        closing.cancelled().await;
        tokio::time::sleep(CLOSING_GRACE).await;
        ending.cancel();
    }));
    // Origins are checked in front of all doors, and hosts in `front`.
    let config = StreamableHttpServerConfig::default()
        .disable_allowed_hosts()
        .disable_allowed_origins()
        .with_max_request_body_bytes(MAX_BODY)
        .with_json_response(true)
        .with_cancellation_token(ended.clone());
    let agents = Arc::clone(&gate);
    let service = StreamableHttpService::new(
        move || Ok(Agent::new(Arc::clone(&agents), server_version)),
        Arc::clone(&manager),
        config,
    );
    let door = Arc::new(Door::new(gate, settings, Sessions::new(manager), ending));
    Router::new()
        .route_service("/mcp", service)
        .layer(from_fn_with_state(door, front::enter))
        .layer(DefaultBodyLimit::max(MAX_BODY))
}
