//! `auth:refresh`: a new token for an open connection.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use boardwire_test_support::{Client, Kind, patient, token_expiring_in};
use serde_json::{Value, json};

use super::{PASSWORD, login, user};
use crate::scene::{Scene, text};

fn expiring(user: &str, seconds: u64) -> Result<String> {
    token_expiring_in(user, &["read", "write"], Duration::from_secs(seconds))
}

/// Returns a token that expires during the test, after the preparations.
fn brief(user: &str, seconds: u64) -> Result<String> {
    expiring(user, patient(Duration::from_secs(seconds)).as_secs())
}

/// Checks that the connection is still open and working.
async fn expect_working(client: &Client) -> Result<()> {
    client.ask("board:list", json!({})).await.map(drop)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_later_token_extends_the_connection() -> Result<()> {
    let scene = Scene::open(Kind::Sqlite).await?;
    let url = scene.server.url();
    let ann = Client::connect(&url, json!({ "token": brief("ann", 8)? })).await?;
    let other = Client::connect(&url, json!({ "token": brief("ann", 8)? })).await?;
    let reply = ann.ask("auth:refresh", json!({ "token": expiring("ann", 3_600)? })).await?;
    ensure!(reply["expiresAt"].as_str().is_some_and(|at| at.ends_with('Z')), "{reply}");
    // The other client was not refreshed: it is told when the first tokens have expired.
    assert_eq!(other.next_event("error").await?.payload["code"], "UNAUTHENTICATED");
    expect_working(&ann).await?;
    ensure!(ann.expect_silence(Duration::from_millis(1_200)).await.is_ok(), "it ended after all: {:?}", ann.closed());
    expect_working(&ann).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unsuitable_token_is_refused_without_effect() -> Result<()> {
    let scene = Scene::open(Kind::Sqlite).await?;
    let server = &scene.server;
    user(&scene, "ann", PASSWORD).await?;
    let key = server.run(&["api-key", "create", "--user", "ann", "--name", "k"], "").await?;
    let session = login(server, "ann", PASSWORD).send().await?.json()?;
    let ann = Client::connect(&server.url(), json!({ "token": expiring("ann", 600)? })).await?;
    let created = ann.ask("board:create", json!({ "name": "Hers" })).await?;
    for (case, token) in [
        ("another user", expiring("bob", 3_600)?),
        ("garbage", "garbage".to_owned()),
        ("an API key", text(&key["key"])?),
        ("a session", text(&session["sessionId"])?),
        ("an earlier end", expiring("ann", 300)?),
        ("nothing", String::new()),
    ] {
        ann.refused("auth:refresh", json!({ "token": token }), "AUTH_FAILED").await.context(case)?;
    }
    for payload in [json!({}), json!({ "token": 7 }), json!({ "token": Value::Null })] {
        ann.refused("auth:refresh", payload, "INVALID_MESSAGE").await?;
    }
    // She is still the same user, with the same permissions and the same expiry.
    ann.ask("board:update", json!({ "boardId": created["board"]["id"], "updates": { "name": "Still hers" } })).await?;
    ensure!(ann.closed().is_none(), "{:?}", ann.closed());

    let brief = Client::connect(&server.url(), json!({ "token": brief("ann", 8)? })).await?;
    brief.refused("auth:refresh", json!({ "token": expiring("bob", 3_600)? }), "AUTH_FAILED").await?;
    assert_eq!(brief.next_event("error").await?.payload["code"], "UNAUTHENTICATED");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_expired_token_does_not_extend_the_connection() -> Result<()> {
    let scene = Scene::open(Kind::Sqlite).await?;
    let url = scene.server.url();
    let stale = brief("ann", 1)?;
    let ann = Client::connect(&url, json!({ "token": expiring("ann", 600)? })).await?;
    let witness = Client::connect(&url, json!({ "token": brief("ann", 8)? })).await?;
    witness.next_event("error").await?;
    ann.refused("auth:refresh", json!({ "token": stale }), "AUTH_FAILED").await?;
    expect_working(&ann).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refresh_works_with_every_kind_of_credentials() -> Result<()> {
    let scene = Scene::open(Kind::Sqlite).await?;
    let server = &scene.server;
    user(&scene, "ann", PASSWORD).await?;
    let ttl = format!("{}s", patient(Duration::from_secs(8)).as_secs());
    let key = server.run(&["api-key", "create", "--user", "ann", "--name", "k", "--ttl", &ttl], "").await?;
    let agent = Client::connect(&server.url(), json!({ "apiKey": key["key"] })).await?;
    let witness = Client::connect(&server.url(), json!({ "apiKey": key["key"] })).await?;
    agent.ask("auth:refresh", json!({ "token": expiring("ann", 3_600)? })).await?;
    assert_eq!(witness.next_event("error").await?.payload["code"], "UNAUTHENTICATED");
    expect_working(&agent).await?;
    // From then on, the permissions of the new token apply.
    let narrow = token_expiring_in("ann", &["read"], Duration::from_secs(7_200))?;
    agent.ask("auth:refresh", json!({ "token": narrow })).await?;
    agent.refused("board:create", json!({ "name": "B" }), "FORBIDDEN").await?;

    let session = login(server, "ann", PASSWORD).send().await?.json()?;
    let ann = Client::connect(&server.url(), json!({ "sessionId": session["sessionId"] })).await?;
    ann.refused("auth:refresh", json!({ "token": expiring("ann", 60)? }), "AUTH_FAILED").await?;
    ann.ask("auth:refresh", json!({ "token": expiring("ann", 40 * 24 * 3_600)? })).await?;
    expect_working(&ann).await
}
