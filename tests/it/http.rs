//! The HTTP door: changes made over it reach sockets; versions and request ids are valid across the doors; a board's
//! log as a stream.

mod bodies;
mod changes;
mod conditions;
mod layers;
mod not_found;
mod pages;
mod stream;

use anyhow::{Result, ensure};
use boardwire_test_support::{Answer, Http, token};
use serde_json::Value;

use crate::scene::Scene;

/// Returns a request of a user who may read and write.
fn http(scene: &Scene, user: &str, method: &str, path: &str) -> Result<Http> {
    let token = token(user, &["read", "write"])?;
    Ok(Http::new(&scene.server.url(), method, &format!("/api/v1{path}")).bearer(&token))
}

/// Returns the body of an answer after checking its status.
fn with_status(answer: &Answer, status: u16) -> Result<Value> {
    ensure!(answer.status == status, "{status} expected: {answer:?}");
    answer.json()
}
