//! Credentials of each kind over both doors: what lets a caller in and what does not, how often somebody may try, what is
//! kept of them, and that none of it is ever written to the log.

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

/// A request to log in, yet to be sent.
fn login(server: &Server, user: &str, password: &str) -> Http {
    Http::new(&server.url(), "POST", "/api/v1/sessions").json(&json!({ "user": user, "password": password }))
}

/// Asks for the session at hand.
fn current(server: &Server) -> Http {
    Http::new(&server.url(), "GET", "/api/v1/sessions/current")
}

/// The handshake with these credentials fails, with the sentence of the contract and no word more.
async fn not_let_in(server: &Server, auth: Value) -> Result<()> {
    match Client::connect(&server.url(), auth.clone()).await {
        Err(ConnectError::Refused(message)) => {
            ensure!(message == "Authentication failed", "{auth} was refused with {message:?}");
            Ok(())
        }
        Err(other) => Err(other.into()),
        Ok(_) => anyhow::bail!("{auth} was let in"),
    }
}

/// An error as RFC 9457 and the contract have it.
fn is_problem(answer: &Answer, status: u16, code: &str) -> Result<Value> {
    ensure!(answer.status == status, "status {status} expected: {answer:?}");
    ensure!(answer.header("content-type") == Some("application/problem+json"), "{answer:?}");
    let body = answer.json()?;
    ensure!(body["code"] == code && body["ok"] == Value::Null && body["status"] == status, "{code} expected: {body}");
    ensure!(body["error"].as_str().is_some_and(|sentence| !sentence.is_empty()), "no sentence for people: {body}");
    Ok(body)
}
