//! Documents. Each runs the page's own script alone, loads nothing from elsewhere, and is shown in no frame.

use axum::response::{Html, IntoResponse, Response};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{HeaderName, StatusCode, header};

use crate::files;

/// What the build writes where the nonce belongs.
const PLACE: &str = "{{nonce}}";
const POLICY: HeaderName = HeaderName::from_static("permissions-policy");
const OPENER: HeaderName = HeaderName::from_static("cross-origin-opener-policy");

/// The page.
pub(crate) async fn answer() -> Response {
    let page = files::get("index.html").map(|file| String::from_utf8_lossy(&file.data).into_owned());
    document(StatusCode::OK, &page.unwrap_or_default())
}

/// A document with a nonce of its own. A style element, also one that a script adds, as a library for dragging does, has to
/// know it.
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
        // The names of its parts change with what is in them; the document says which ones count.
        (header::CACHE_CONTROL, "no-cache"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
        (POLICY, "camera=(), geolocation=(), microphone=()"),
        (OPENER, "same-origin"),
    ];
    (status, headers, Html(text.replace(PLACE, &nonce))).into_response()
}
