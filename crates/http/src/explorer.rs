//! The OpenAPI document, and a page to read it and try requests. Neither needs credentials, and the page loads nothing
//! from other servers.

use std::sync::{Arc, LazyLock};

use axum::{
    Router,
    http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS},
    response::IntoResponse,
    routing::get,
};

use crate::{door::Door, openapi::document};

/// The page runs only its own script and talks only to this server.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

static DOCUMENT: LazyLock<String> = LazyLock::new(|| document().to_string());

pub(crate) fn routes() -> Router<Arc<Door>> {
    Router::new()
        .route("/openapi.json", get(async || answer("application/json", &DOCUMENT)))
        .route("/docs", get(async || answer("text/html; charset=utf-8", include_str!("explorer/page.html"))))
        .route(
            "/docs/explorer.js",
            get(async || answer("text/javascript; charset=utf-8", include_str!("explorer/explorer.js"))),
        )
        .route(
            "/docs/explorer.css",
            get(async || answer("text/css; charset=utf-8", include_str!("explorer/explorer.css"))),
        )
}

fn answer(content_type: &'static str, text: &'static str) -> impl IntoResponse {
    let headers = [
        (CONTENT_TYPE, content_type),
        (CACHE_CONTROL, "no-cache"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (CONTENT_SECURITY_POLICY, POLICY),
    ];
    (headers, text)
}
