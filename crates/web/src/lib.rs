//! The board in the browser: a page and its parts, built from `ui/` into `dist/` and embedded. The page's addresses all
//! answer with the same document, whose script shows what the address names; whatever it shows it gets through the same
//! doors as anybody else.
#![doc = include_str!("../README.md")]

mod accept;
mod files;
mod nothing;
mod page;

use axum::{Router, extract::Path, handler::HandlerWithoutStateExt as _, routing::get};
use http::HeaderMap;

/// The page at its addresses, its parts below `/assets`, and the answer where there is nothing.
pub fn routes<State: Clone + Send + Sync + 'static>() -> Router<State> {
    let page = get(page::answer);
    Router::new()
        .route("/", page.clone())
        .route("/operator", page.clone())
        .route("/boards/{board}", page.clone())
        .route("/boards/{board}/tasks/{task}", page)
        .route(
            "/assets/{*name}",
            get(async |Path(name): Path<String>, headers: HeaderMap| files::answer(&name, &headers)),
        )
        .fallback_service(nothing::answer.into_service())
}

#[cfg(test)]
mod tests;
