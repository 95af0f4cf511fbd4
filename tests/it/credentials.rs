//! Credentials of each kind over Socket.IO and HTTP: which are accepted, how often a client may try, and that secrets
//! are neither stored nor logged.

mod keys;
mod logins;
mod refresh;
mod secrets;
mod sessions;

use anyhow::{Result, ensure};
use boardwire_test_support::{Answer, Client, ConnectError, Http, Server};
use serde_json::{Value, json};

use crate::scene::Scene;

const PASSWORD: &str = "correct horse battery";

/// Creates a user with a password, or gives an existing one this password.
async fn user(scene: &Scene, id: &str, password: &str) -> Result<Value> {
    let create = ["user", "create", "--id", id, "--name", id, "--password-stdin"];
    scene.server.run(&create, &format!("{password}\n")).await
}

/// Returns a login request.
fn login(server: &Server, user: &str, password: &str) -> Http {
    Http::new(&server.url(), "POST", "/api/v1/sessions").json(&json!({ "user": user, "password": password }))
}

/// Returns a request for the current session.
fn current(server: &Server) -> Http {
    Http::new(&server.url(), "GET", "/api/v1/sessions/current")
}

/// Checks that the handshake with these credentials fails with exactly the contract's sentence.
async fn expect_refused(server: &Server, auth: Value) -> Result<()> {
    match Client::connect(&server.url(), auth.clone()).await {
        Err(ConnectError::Refused(message)) => {
            ensure!(message == "Authentication failed", "{auth} was refused with {message:?}");
            Ok(())
        }
        Err(other) => Err(other.into()),
        Ok(_) => anyhow::bail!("{auth} was accepted"),
    }
}

/// Checks an error against RFC 9457 and the contract.
fn expect_problem(answer: &Answer, status: u16, code: &str) -> Result<Value> {
    ensure!(answer.status == status, "status {status} expected: {answer:?}");
    ensure!(answer.header("content-type") == Some("application/problem+json"), "{answer:?}");
    let body = answer.json()?;
    ensure!(body["code"] == code && body["ok"] == Value::Null && body["status"] == status, "{code} expected: {body}");
    ensure!(body["error"].as_str().is_some_and(|sentence| !sentence.is_empty()), "no sentence for people: {body}");
    Ok(body)
}
