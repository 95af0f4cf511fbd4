//! What is checked before a request becomes a connection: the browser's origin, and how often an address comes. A layer
//! in front of the Socket.IO service, because that service checks neither.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode, header, uri::Authority};
use tokio_util::sync::CancellationToken;

use crate::Gateway;

/// The other end of a connection; the server puts it into each request's extensions.
#[derive(Debug, Clone)]
pub struct Peer {
    /// Its address.
    pub address: IpAddr,
    /// Cancelling this cuts the connection; it is cancelled when the connection has ended.
    pub hang_up: CancellationToken,
}

/// Which connection carries the WebSocket of a session that began with polling.
#[derive(Default)]
pub(crate) struct Upgrades {
    by_session: Mutex<HashMap<String, CancellationToken>>,
}

impl Upgrades {
    fn note(&self, session: &str, hang_up: &CancellationToken) {
        let mut by_session = self.by_session.lock().unwrap_or_else(PoisonError::into_inner);
        // Doubling the room pays for the sweep, and connections that are left bound it.
        if by_session.len() == by_session.capacity() {
            by_session.retain(|_, hang_up| !hang_up.is_cancelled());
        }
        by_session.insert(session.to_owned(), hang_up.clone());
    }

    pub(crate) fn find(&self, session: &str) -> Option<CancellationToken> {
        self.by_session.lock().unwrap_or_else(PoisonError::into_inner).get(session).cloned()
    }

    pub(crate) fn forget(&self, session: &str) {
        self.by_session.lock().unwrap_or_else(PoisonError::into_inner).remove(session);
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
    let query = request.uri().query().unwrap_or_default();
    let session = query.split('&').find_map(|pair| pair.strip_prefix("sid="));
    if let Some(peer) = request.extensions().get::<Peer>() {
        match session {
            Some(session) if request.headers().contains_key(header::UPGRADE) => {
                gateway.upgrades.note(session, &peer.hang_up);
            }
            Some(_) => {}
            None => {
                if let Err(wait) = gateway.handshakes.check(peer.address) {
                    let wait = [(header::RETRY_AFTER, wait.as_secs_f64().ceil().to_string())];
                    return (StatusCode::TOO_MANY_REQUESTS, wait, "too many connections\n").into_response();
                }
            }
        }
    }
    next.run(request).await
}

impl Gateway {
    /// Puts the checks in front of a router that carries the Socket.IO layer.
    pub fn guard(self: &Arc<Self>, router: axum::Router) -> axum::Router {
        router.layer(axum::middleware::from_fn_with_state(Arc::clone(self), check))
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
