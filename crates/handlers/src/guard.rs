//! Checks a request before it becomes a connection: how often its address connects. This is a layer in front of the
//! Socket.IO service, which does not check it.

use std::sync::Arc;

use axum::{
    body::{Body, HttpBody as _},
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use boardwire_gate::Peer;
use http::{Method, StatusCode, header};

use crate::{Gateway, batch::Batch};

/// Refuses with 429 addresses that open connections too often, and keeps track of the transport of each session.
async fn check_request(State(gateway): State<Arc<Gateway>>, request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<Peer>().cloned();
    let query = request.uri().query().unwrap_or_default();
    let session = query.split('&').find_map(|pair| pair.strip_prefix("sid=")).map(str::to_owned);
    let is_socket_io = request.uri().path().starts_with("/socket.io");
    if let (None, Some(peer), true) = (&session, &peer, is_socket_io)
        && request.method() != Method::OPTIONS
        && let Err(wait) = gateway.handshakes.check(peer.address)
    {
        let wait = [(header::RETRY_AFTER, wait.as_secs_f64().ceil().to_string())];
        return (StatusCode::TOO_MANY_REQUESTS, wait, "too many connections\n").into_response();
    }
    if let (Some(session), Some(peer)) = (&session, &peer) {
        gateway.sessions.note_request(session, &peer.connection);
    }
    let request = match is_socket_io && request.method() == Method::POST {
        true => request.map(|body| Body::new(Batch::new(body, gateway.max_message()))),
        false => request,
    };
    let is_poll = request.method() == Method::GET;
    let response = next.run(request).await;
    // Only now is it known that this session exists.
    if let Some(peer) = peer.filter(|_| response.status() == StatusCode::SWITCHING_PROTOCOLS) {
        peer.connection.begin_messages(gateway.max_message());
        if let Some(session) = session {
            gateway.sessions.note_upgrade(&session, peer.connection);
        }
    } else if let Some(session) = session.filter(|_| is_poll)
        && let Some(bytes) = response.body().size_hint().exact()
    {
        gateway.sessions.note_polled(&session, bytes);
    }
    response
}

impl Gateway {
    /// Puts the checks in front of a router that carries the Socket.IO layer.
    pub fn guard(self: &Arc<Self>, router: axum::Router) -> axum::Router {
        router.layer(axum::middleware::from_fn_with_state(Arc::clone(self), check_request))
    }
}
