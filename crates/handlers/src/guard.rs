//! What is checked before a request becomes a connection: the browser's origin, and how often an address comes. A layer
//! in front of the Socket.IO service, because that service checks neither.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, Method, StatusCode, header, uri::Authority};
use tokio_util::sync::CancellationToken;
use tower_http::cors::{AllowHeaders, AllowOrigin, CorsLayer};

use crate::Gateway;

/// How long a browser may remember what it was allowed.
const PREFLIGHT: Duration = Duration::from_secs(600);

/// The other end of a connection; the server puts it into each request's extensions.
#[derive(Debug, Clone)]
pub struct Peer {
    /// Its address.
    pub address: IpAddr,
    /// Cancelling this cuts the connection; it is cancelled when the connection has ended.
    pub hang_up: CancellationToken,
}

/// The sessions that a WebSocket carries or that have a socket, by their ids.
#[derive(Default)]
pub(crate) struct Sessions {
    by_id: Mutex<HashMap<String, Session>>,
}

#[derive(Default)]
struct Session {
    /// Cuts the WebSocket that the session was upgraded to.
    line: Option<CancellationToken>,
    /// Sockets that are being served.
    sockets: usize,
}

impl Sessions {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Session>> {
        self.by_id.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A session goes on over a WebSocket.
    fn upgraded(&self, id: &str, line: &CancellationToken) {
        let mut by_id = self.lock();
        // Growing pays for the sweep; sockets and open connections are what is left.
        if by_id.len() == by_id.capacity() {
            let over = |session: &Session| session.line.as_ref().is_none_or(CancellationToken::is_cancelled);
            by_id.retain(|_, session| session.sockets > 0 || !over(session));
        }
        by_id.entry(id.to_owned()).or_default().line = Some(line.clone());
    }

    /// What cuts the session's WebSocket, if it was upgraded to one.
    pub(crate) fn line(&self, id: &str) -> Option<CancellationToken> {
        self.lock().get(id)?.line.clone()
    }

    pub(crate) fn socket_began(&self, id: &str) {
        self.lock().entry(id.to_owned()).or_default().sockets += 1;
    }

    /// Whether the session has no socket any more.
    pub(crate) fn socket_ended(&self, id: &str) -> bool {
        let mut by_id = self.lock();
        let Some(session) = by_id.get_mut(id) else { return true };
        session.sockets = session.sockets.saturating_sub(1);
        if session.sockets > 0 {
            return false;
        }
        by_id.remove(id);
        true
    }
}

/// Which origins a browser may connect from. Programs that are no browsers send no origin, and are not concerned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AllowedOrigins {
    /// Pages that come from the server's own address.
    SameHost,
    /// These, written as browsers send them: `https://board.example`; and pages from the server's own address.
    Listed(Vec<String>),
    /// All. Not to be used together with cookies.
    Any,
}

impl AllowedOrigins {
    fn allow(&self, headers: &HeaderMap) -> bool {
        let Some(origin) = headers.get(header::ORIGIN) else { return true };
        let Ok(origin) = origin.to_str() else { return false };
        match self {
            Self::Any => true,
            Self::SameHost => same_host(origin, headers),
            Self::Listed(list) => {
                list.iter().any(|allowed| allowed.eq_ignore_ascii_case(origin)) || same_host(origin, headers)
            }
        }
    }
}

fn same_host(origin: &str, headers: &HeaderMap) -> bool {
    let Some((_, authority)) = origin.split_once("://") else { return false };
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let host = host.and_then(|host| host.parse::<Authority>().ok());
    host.is_some_and(|host| host.as_str().eq_ignore_ascii_case(authority))
}

/// Refuses foreign origins with 403, and addresses that open connections too often with 429.
pub(crate) async fn check(State(gateway): State<Arc<Gateway>>, request: Request, next: Next) -> Response {
    if !gateway.settings.origins.allow(request.headers()) {
        let text = "this origin may not connect; the operator allows origins with BOARDWIRE_CLIENT_URL\n";
        return (StatusCode::FORBIDDEN, text).into_response();
    }
    let peer = request.extensions().get::<Peer>().cloned();
    let query = request.uri().query().unwrap_or_default();
    let session = query.split('&').find_map(|pair| pair.strip_prefix("sid=")).map(str::to_owned);
    if let (None, Some(peer)) = (&session, &peer)
        && request.method() != Method::OPTIONS
        && let Err(wait) = gateway.handshakes.check(peer.address)
    {
        let wait = [(header::RETRY_AFTER, wait.as_secs_f64().ceil().to_string())];
        return (StatusCode::TOO_MANY_REQUESTS, wait, "too many connections\n").into_response();
    }
    let response = next.run(request).await;
    // Only now is it known that there is such a session.
    if let (Some(session), Some(peer)) = (session, peer)
        && response.status() == StatusCode::SWITCHING_PROTOCOLS
    {
        gateway.sessions.upgraded(&session, &peer.hang_up);
    }
    response
}

/// Lets pages of allowed origins read what they get over polling. Credentials go with it only where origins are listed.
fn cors(origins: &AllowedOrigins) -> CorsLayer {
    let allowed = origins.clone();
    CorsLayer::new()
        .allow_origin(AllowOrigin::predicate(move |_, request| allowed.allow(&request.headers)))
        .allow_methods([Method::GET, Method::POST])
        .allow_headers(AllowHeaders::mirror_request())
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

#[cfg(test)]
mod tests {
    use super::*;

    fn check(allowed: &AllowedOrigins, origin: Option<&str>, host: &str, expected: bool) {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, host.parse().unwrap());
        if let Some(origin) = origin {
            headers.insert(header::ORIGIN, origin.parse().unwrap());
        }
        assert_eq!(allowed.allow(&headers), expected, "{allowed:?} {origin:?} {host}");
    }

    #[test]
    fn foreign_origins_are_refused() {
        let listed = AllowedOrigins::Listed(vec!["https://board.example".into()]);
        check(&listed, Some("https://board.example"), "api.example", true);
        check(&listed, Some("https://board.example.evil"), "api.example", false);
        check(&listed, Some("http://board.example"), "api.example", false);
        check(&listed, Some("null"), "api.example", false);
        check(&listed, None, "api.example", true);
        check(&AllowedOrigins::SameHost, Some("http://127.0.0.1:3456"), "127.0.0.1:3456", true);
        check(&AllowedOrigins::SameHost, Some("http://127.0.0.1:9"), "127.0.0.1:3456", false);
        check(&AllowedOrigins::Any, Some("https://anywhere.example"), "api.example", true);
    }
}
