//! The layer in front of all doors.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Request, State},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse as _, Response},
};
use boardwire_auth::AllowedOrigins;
use boardwire_gate::Peer;
use http::{Extensions, HeaderMap, StatusCode, header};

use crate::{cors::cors, page::Page};

/// What an operator says about browsers.
#[derive(Debug, Clone)]
pub struct BrowserPolicy {
    /// The origins whose pages may call.
    pub origins: AllowedOrigins,
    /// Whether cookies are sent over HTTPS alone; `None`: those that were set over it.
    pub secure_cookies: Option<bool>,
}

/// Puts the policy in front of doors. Foreign origins are refused with 403; all other requests carry a [`Page`] in their
/// extensions. Requests have to carry a [`Peer`] when they come here.
pub fn protect(doors: Router, policy: BrowserPolicy) -> Router {
    let policy = Arc::new(policy);
    doors.layer(cors(&policy)).layer(from_fn_with_state(policy, check))
}

async fn check(State(policy): State<Arc<BrowserPolicy>>, mut request: Request, next: Next) -> Response {
    if !is_allowed(&policy.origins, request.headers(), request.extensions()) {
        let text = "this origin may not connect; the operator allows origins with BOARDWIRE_CLIENT_URL, and names proxies \
                    that end TLS with BOARDWIRE_TRUSTED_PROXIES\n";
        return (StatusCode::FORBIDDEN, text).into_response();
    }
    let page = Page::of(policy, request.extensions());
    request.extensions_mut().insert(page);
    next.run(request).await
}

/// Returns whether the page that sent a request may.
pub(crate) fn is_allowed(origins: &AllowedOrigins, headers: &HeaderMap, extensions: &Extensions) -> bool {
    let origin = headers.get(header::ORIGIN).map(|value| value.to_str().unwrap_or("null"));
    origins.allow(origin, extensions.get::<Peer>().and_then(Peer::origin).as_deref())
}
