//! The board in the browser: a page and its parts, built from `ui/` into `dist/` and embedded. The page's addresses all
//! answer with the same document, whose script shows what the address names; it gets what it shows through the same
//! doors as any other client.
#![doc = include_str!("../README.md")]

mod accept;
mod files;
mod not_found;
mod page;

use axum::{Router, extract::Path, handler::HandlerWithoutStateExt as _, routing::get};
use http::HeaderMap;

/// Returns the routes of the page, of its parts below `/assets`, and of the answer for addresses that do not exist.
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
        .fallback_service(not_found::answer.into_service())
}

#[cfg(test)]
mod tests;
