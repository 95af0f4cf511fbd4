//! HTML documents. Each runs only the page's own script, loads nothing from elsewhere, and cannot be framed.

use axum::response::{Html, IntoResponse, Response};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{HeaderName, StatusCode, header};

use crate::files;

/// What the build writes in place of the nonce.
const NONCE_PLACEHOLDER: &str = "{{nonce}}";
const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");
const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");

/// Returns the page.
pub(crate) async fn answer() -> Response {
    let page = files::get("index.html").map(|file| String::from_utf8_lossy(&file.data).into_owned());
    document(StatusCode::OK, &page.unwrap_or_default())
}

/// Returns a document with a nonce of its own. Every style element must carry the nonce, including those that scripts
/// add, as a library for dragging does.
pub(crate) fn document(status: StatusCode, text: &str) -> Response {
    let mut random = [0; 16];
    if getrandom::fill(&mut random).is_err() {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let nonce = STANDARD.encode(random);
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; font-src 'self'; \
         img-src 'self' data: blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    let headers = [
        (header::CONTENT_SECURITY_POLICY, policy.as_str()),
        // The names of the parts change with their contents, and the document names the current ones.
        (header::CACHE_CONTROL, "no-cache"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
        (PERMISSIONS_POLICY, "camera=(), geolocation=(), microphone=()"),
        (OPENER_POLICY, "same-origin"),
    ];
    (status, headers, Html(text.replace(NONCE_PLACEHOLDER, &nonce))).into_response()
}
