//! An HTTP server that holds each caller to 100 requests in any minute and 10 in any second; a search counts as five.

use std::sync::Arc;

use axum::{Router, routing::get};
use boardwire_rate_limit::{Quota, RateLimitLayer, RateLimiter, Weights};

pub(crate) fn app() -> Router {
    let limiter = Arc::new(RateLimiter::new(Quota::default()));
    let weights = Weights::from([("/search", 5)]);
    let limit = RateLimitLayer::new(limiter, |request| {
        // In production, return the authenticated user. A header that the caller chooses is only for trying it out.
        request.headers.get("x-user").map(|user| user.as_bytes().to_vec())
    })
    .with_weight(move |request| weights.of(request.uri.path()));
    Router::new().route("/", get(async || "hello")).route("/search", get(async || "nothing found")).layer(limit)
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    axum::serve(listener, app()).await
}
