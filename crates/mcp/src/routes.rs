//! The MCP door as a whole: what it is made of, and its route.

use std::{sync::Arc, time::Duration};

use axum::{Router, extract::DefaultBodyLimit, middleware::from_fn_with_state};
use boardwire_auth::AllowedOrigins;
use boardwire_gate::Gate;
use rmcp::transport::streamable_http_server::{
    StreamableHttpServerConfig, StreamableHttpService, session::local::LocalSessionManager,
};
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};

use crate::{agent::Agent, entry, sessions::Sessions};

/// The largest request.
const MAX_BODY: usize = 1 << 20;

/// When the gate closes, what waits gets so long to say so; then sessions and streams are ended.
const LAST_WORDS: Duration = Duration::from_millis(100);

/// What the MCP door accepts.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Which pages a browser may call from.
    pub origins: AllowedOrigins,
    /// Sessions at the same time. Clients of the revision 2026-07-28 and later need none.
    pub max_sessions: usize,
    /// How long a session lasts in which nothing is asked.
    pub session_idle: Duration,
}

/// What the MCP door is made of.
pub struct McpParts {
    /// The gates that all doors have in common.
    pub gate: Arc<Gate>,
    /// What is accepted.
    pub settings: Settings,
    /// What clients are told.
    pub server_version: &'static str,
}

/// The door as its middleware knows it.
pub(crate) struct Door {
    pub(crate) gate: Arc<Gate>,
    pub(crate) settings: Settings,
    pub(crate) sessions: Sessions,
    _ending: AbortOnDropHandle<()>,
}

/// The route of the door, `/mcp`. Requests carry who sent them as a [`Peer`](boardwire_gate::Peer) in their
/// extensions. Open sessions end when the gate closes. Must be called in a runtime.
pub fn routes(parts: McpParts) -> Router {
    let McpParts { gate, settings, server_version } = parts;
    let mut manager = LocalSessionManager::default();
    manager.session_config.keep_alive = Some(settings.session_idle);
    let manager = Arc::new(manager);
    let ended = CancellationToken::new();
    let (closing, ending) = (gate.closing().clone(), ended.clone());
    let ending = AbortOnDropHandle::new(tokio::spawn(async move {
        closing.cancelled().await;
        tokio::time::sleep(LAST_WORDS).await;
        ending.cancel();
    }));
    // Hosts and origins are looked at in `entry`, with the rule that all doors share.
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
    let door = Arc::new(Door { gate, settings, sessions: Sessions::new(manager), _ending: ending });
    Router::new()
        .route_service("/mcp", service)
        .layer(from_fn_with_state(door, entry::enter))
        .layer(DefaultBodyLimit::max(MAX_BODY))
}
