//! The layer in front of all doors.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Request, State},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse as _, Response},
};
use http::StatusCode;

use crate::{BrowserPolicy, cors::cors, page::Page};

/// Puts the policy in front of the doors. Foreign origins are refused with 403; all other requests carry a [`Page`] in
/// their extensions. Requests must carry a [`Peer`](boardwire_gate::Peer) when they arrive here.
pub fn protect(doors: Router, policy: BrowserPolicy) -> Router {
    let policy = Arc::new(policy);
    doors.layer(cors(&policy)).layer(from_fn_with_state(policy, check_origin))
}

async fn check_origin(State(policy): State<Arc<BrowserPolicy>>, mut request: Request, next: Next) -> Response {
    let page = Page::of(policy, request.extensions());
    if !page.may_call(request.headers()) {
        let text = "this origin may not connect; the operator allows origins with BOARDWIRE_CLIENT_URL, and names proxies \
                    that end TLS with BOARDWIRE_TRUSTED_PROXIES\n";
        return (StatusCode::FORBIDDEN, text).into_response();
    }
    request.extensions_mut().insert(page);
    next.run(request).await
}
