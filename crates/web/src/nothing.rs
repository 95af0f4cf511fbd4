//! The answer at an address where there is nothing: a small page for people, and nothing for programs.
//!
//! It is the fallback of the whole router, as one service that looks at the method itself. A handler would get the router's
//! layers anew with each request, and Socket.IO's layer, through which its own paths come here, would forget each connection.

use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};

use crate::{accept::accepts, page};

const PAGE: &str = include_str!("nothing.html");

/// The doors of programs: nothing below them is a page.
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
