//! Which callers are admitted, and whom a session belongs to.

use anyhow::{Result, ensure};
use boardwire_test_support::Kind;
use serde_json::json;

use super::client::Agent;
use crate::scene::Scene;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn callers_without_valid_credentials_are_refused() -> Result<()> {
    let scene = Scene::with(Kind::Sqlite, &[("BOARDWIRE_FAILED_HANDSHAKES_PER_MINUTE", "4")]).await?;
    let mut agent = Agent::current(&scene.server, "ann")?;
    let list = json!({});
    ensure!(agent.send("tools/list", list.clone()).await?.status == 200);
    agent.token = "wrong".to_owned();
    let refused = agent.send("tools/list", list.clone()).await?;
    ensure!(refused.status == 401 && refused.header("www-authenticate") == Some("Bearer"), "{refused:?}");
    ensure!(refused.json()?["error"]["data"]["code"] == "UNAUTHENTICATED", "{refused:?}");
    let mut limited = refused;
    for _ in 0..6 {
        limited = agent.send("tools/list", list.clone()).await?;
    }
    ensure!(limited.status == 429 && limited.header("retry-after").is_some(), "{limited:?}");
    ensure!(Agent::current(&scene.server, "ann")?.send("tools/list", list).await?.status == 200);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn foreign_pages_and_cookies_are_refused() -> Result<()> {
    let scene = Scene::open(Kind::Sqlite).await?;
    let agent = Agent::current(&scene.server, "ann")?;
    let foreign = agent.bare().header("origin", "http://evil.example").json(&json!({})).send().await?;
    ensure!(foreign.status == 403, "{foreign:?}");
    let url = scene.server.url();
    let cookie = boardwire_test_support::Http::new(&url, "POST", "/mcp").header("origin", &url);
    let cookie = cookie.header("cookie", "boardwire_session=s").json(&json!({})).send().await?;
    ensure!(cookie.status == 401, "{cookie:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_belongs_to_its_user() -> Result<()> {
    let scene = Scene::with(Kind::Sqlite, &[("BOARDWIRE_MAX_MCP_SESSIONS", "1")]).await?;
    let ann = Agent::previous(&scene.server, "ann").await?;
    let mut bob = Agent::current(&scene.server, "bob")?;
    bob.session = ann.session.clone();
    ensure!(bob.send("tools/list", json!({})).await?.status == 404);
    ensure!(ann.send("tools/list", json!({})).await?.status == 200);
    let refused = Agent::current(&scene.server, "bob")?.initialize().await?;
    ensure!(refused.status == 503 && refused.header("retry-after").is_some(), "{refused:?}");
    ensure!(Agent::current(&scene.server, "bob")?.send("tools/list", json!({})).await?.status == 200);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_with_too_many_sessions_loses_the_oldest_of_them() -> Result<()> {
    let scene = Scene::open(Kind::Sqlite).await?;
    let first = Agent::previous(&scene.server, "ann").await?;
    let other = Agent::previous(&scene.server, "bob").await?;
    let mut last = first.clone();
    for _ in 0..32 {
        last = Agent::previous(&scene.server, "ann").await?;
    }
    let list = json!({});
    ensure!(first.send("tools/list", list.clone()).await?.status == 404, "the first of 33 sessions still works");
    for kept in [last, other] {
        ensure!(kept.send("tools/list", list.clone()).await?.status == 200);
    }
    Ok(())
}
