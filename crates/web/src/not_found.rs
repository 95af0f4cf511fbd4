//! The answer for an address that does not exist: a small page for people, an empty answer for programs.
//!
//! It is the fallback of the whole router, as one service that checks the method itself. A handler would get the
//! router's layers anew with each request, and Socket.IO's layer, which its own requests pass on the way here, would
//! forget each connection.

use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};

use crate::{accept::accepts, page};

const PAGE: &str = include_str!("not_found.html");

/// The first path segments of the doors for programs, below which there are no pages.
const DOORS: [&str; 3] = ["api", "mcp", "socket.io"];

pub(crate) async fn answer(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    let first = uri.path().split('/').nth(1).unwrap_or_default();
    if DOORS.contains(&first) || !matches!(method, Method::GET | Method::HEAD) {
        return StatusCode::NOT_FOUND.into_response();
    }
    let mut response = match accepts(&headers, &header::ACCEPT, &["text/html"]) {
        true => page::document(StatusCode::NOT_FOUND, PAGE),
        false => StatusCode::NOT_FOUND.into_response(),
    };
    response.headers_mut().append(header::VARY, HeaderValue::from_static("accept"));
    response
}
