//! What is checked before a request becomes a connection: the browser's origin, and how often an address comes. A layer
//! in front of the Socket.IO service, because that service checks neither.

use std::{sync::Arc, time::Duration};

use axum::{
    body::{Body, HttpBody as _},
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use boardwire_auth::{AllowedOrigins, Credential};
use boardwire_gate::Peer;
use http::{Extensions, HeaderMap, HeaderName, Method, StatusCode, header, request::Parts};
use tower_http::cors::{AllowHeaders, AllowOrigin, CorsLayer};

use crate::{Gateway, Settings, batch::Batch};

/// How long a browser may remember what it was allowed.
const PREFLIGHT: Duration = Duration::from_secs(600);

/// The header with the session of an agent, which an agent in a browser has to read.
const AGENT_SESSION: HeaderName = HeaderName::from_static("mcp-session-id");

/// A header as text.
fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name).map(|value| value.to_str().unwrap_or("null"))
}

/// The origin of the server's own pages.
fn own_origin(extensions: &Extensions) -> Option<String> {
    extensions.get::<Peer>().and_then(Peer::origin)
}

fn is_allowed(origins: &AllowedOrigins, headers: &HeaderMap, extensions: &Extensions) -> bool {
    origins.allow(text(headers, header::ORIGIN), own_origin(extensions).as_deref())
}

/// The sessions in the cookies of a handshake, where cookies count.
pub(crate) fn session_cookies(settings: &Settings, parts: &Parts) -> Vec<Credential> {
    let secure = settings.secure_cookies.unwrap_or(parts.extensions.get::<Peer>().is_some_and(|peer| peer.https));
    let own = own_origin(&parts.extensions);
    match settings.origins.allow_cookies(text(&parts.headers, header::ORIGIN), own.as_deref()) {
        true => boardwire_gate::session_cookies(&parts.headers, secure),
        false => Vec::new(),
    }
}

/// Refuses foreign origins with 403, and addresses that open connections too often with 429.
pub(crate) async fn check(State(gateway): State<Arc<Gateway>>, request: Request, next: Next) -> Response {
    if !is_allowed(&gateway.settings.origins, request.headers(), request.extensions()) {
        let text = "this origin may not connect; the operator allows origins with BOARDWIRE_CLIENT_URL, and names proxies \
                    that end TLS with BOARDWIRE_TRUSTED_PROXIES\n";
        return (StatusCode::FORBIDDEN, text).into_response();
    }
    let peer = request.extensions().get::<Peer>().cloned();
    let query = request.uri().query().unwrap_or_default();
    let session = query.split('&').find_map(|pair| pair.strip_prefix("sid=")).map(str::to_owned);
    let ours = request.uri().path().starts_with("/socket.io");
    if let (None, Some(peer), true) = (&session, &peer, ours)
        && request.method() != Method::OPTIONS
        && let Err(wait) = gateway.handshakes.check(peer.address)
    {
        let wait = [(header::RETRY_AFTER, wait.as_secs_f64().ceil().to_string())];
        return (StatusCode::TOO_MANY_REQUESTS, wait, "too many connections\n").into_response();
    }
    if let (Some(session), Some(peer)) = (&session, &peer) {
        gateway.sessions.came_over(session, &peer.line);
    }
    let request = match ours && request.method() == Method::POST {
        true => request.map(|body| Body::new(Batch::new(body, gateway.max_message()))),
        false => request,
    };
    let polls = request.method() == Method::GET;
    let response = next.run(request).await;
    // Only now it is known that there is such a session.
    if let Some(peer) = peer.filter(|_| response.status() == StatusCode::SWITCHING_PROTOCOLS) {
        peer.line.begin_messages(gateway.max_message());
        if let Some(session) = session {
            gateway.sessions.upgraded(&session, peer.line);
        }
    } else if let Some(session) = session.filter(|_| polls)
        && let Some(bytes) = response.body().size_hint().exact()
    {
        gateway.sessions.polled(&session, bytes);
    }
    response
}

/// Lets pages of allowed origins read what they get over polling. Credentials go with it only where origins are listed.
fn cors(origins: &AllowedOrigins) -> CorsLayer {
    let allowed = origins.clone();
    CorsLayer::new()
        .allow_origin(AllowOrigin::predicate(move |_, request| {
            is_allowed(&allowed, &request.headers, &request.extensions)
        }))
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE])
        .allow_headers(AllowHeaders::mirror_request())
        .expose_headers([
            header::RETRY_AFTER,
            header::ETAG,
            header::LOCATION,
            header::CONTENT_DISPOSITION,
            HeaderName::from_static("ratelimit"),
            HeaderName::from_static("ratelimit-policy"),
            AGENT_SESSION,
        ])
        .allow_credentials(*origins != AllowedOrigins::Any)
        .max_age(PREFLIGHT)
}

impl Gateway {
    /// Puts the checks in front of a router that carries the Socket.IO layer.
    pub fn guard(self: &Arc<Self>, router: axum::Router) -> axum::Router {
        let checks = axum::middleware::from_fn_with_state(Arc::clone(self), check);
        router.layer(cors(&self.settings.origins)).layer(checks)
    }
}
