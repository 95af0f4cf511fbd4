//! Lets pages of other origins read responses (CORS).

use std::time::Duration;

use boardwire_auth::AllowedOrigins;
use http::{HeaderName, Method, header};
use tower_http::cors::{AllowHeaders, AllowOrigin, CorsLayer};

use crate::{BrowserPolicy, page::Page};

/// How long a browser may cache the answer to a preflight.
const PREFLIGHT_MAX_AGE: Duration = Duration::from_secs(600);

/// The header with the id of an MCP session, which agents that run in a browser must read.
const MCP_SESSION_ID: HeaderName = HeaderName::from_static("mcp-session-id");

/// Lets pages of allowed origins read responses, with credentials unless all origins are allowed. Requests must carry
/// their [`Page`].
pub(crate) fn cors(policy: &BrowserPolicy) -> CorsLayer {
    CorsLayer::new()
        .allow_origin(AllowOrigin::predicate(|_, request| {
            request.extensions.get::<Page>().is_some_and(|page| page.may_call(&request.headers))
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
            MCP_SESSION_ID,
        ])
        .allow_credentials(policy.origins != AllowedOrigins::Any)
        .max_age(PREFLIGHT_MAX_AGE)
}
