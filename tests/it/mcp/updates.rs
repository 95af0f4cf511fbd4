//! Resources that announce their changes, in both revisions.

use std::time::Duration;

use anyhow::{Result, ensure};
use boardwire_test_support::{Kind, patient, token_expiring_in};
use serde_json::json;

use super::client::Agent;
use crate::scene::{Board, Scene};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_are_announced_to_subscribers() -> Result<()> {
    let scene = Scene::open(Kind::Sqlite).await?;
    let ann = scene.client("ann").await?;
    let board = Board::create(&ann, &[]).await?;
    let task = board.task(&ann, "Watched").await?;
    let other = board.task(&ann, "Not watched").await?;
    let (board_uri, task_uri) = (format!("board://{}", board.id), format!("task://{task}"));
    for agent in [Agent::current(&scene.server, "ann")?, Agent::previous(&scene.server, "ann").await?] {
        let mut stream = agent.listen(&[&task_uri]).await?;
        let mut boards = agent.listen_in_new_session(&scene, &board_uri).await?;
        if agent.session.is_none() {
            // A change after the acknowledgement, but before the server listened, is not missed.
            ensure!(stream.updated().await? == task_uri);
            ensure!(boards.updated().await? == board_uri);
        }
        // A subscriber of the board is told of both tasks; a subscriber of the task, of one.
        ann.ask("task:update", json!({"taskId": other, "updates": {"priority": 3}})).await?;
        ensure!(boards.updated().await? == board_uri);
        ann.ask("task:comment:add", json!({"taskId": task, "body": "Look"})).await?;
        ensure!(stream.updated().await? == task_uri);
        ensure!(boards.updated().await? == board_uri);
        ann.ask("task:update", json!({"taskId": other, "updates": {"priority": 0}})).await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unreadable_resources_cannot_be_subscribed_to() -> Result<()> {
    let scene = Scene::open(Kind::Sqlite).await?;
    let ann = scene.client("ann").await?;
    let board = Board::create(&ann, &[]).await?;
    let uri = format!("board://{}", board.id);
    let bob = Agent::previous(&scene.server, "bob").await?;
    for uri in [uri.as_str(), "board://none", "file:///etc/passwd"] {
        let reply = bob.request("resources/subscribe", json!({"uri": uri})).await?;
        ensure!(reply["error"]["data"]["code"] == "NOT_FOUND", "{reply}");
    }
    let mut stream = Agent::current(&scene.server, "bob")?.listen(&[&uri]).await?;
    while let Some(message) = stream.next().await? {
        ensure!(message["method"].is_null(), "{message}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn subscriptions_end_with_the_credentials() -> Result<()> {
    let scene = Scene::open(Kind::Sqlite).await?;
    let ann = scene.client("ann").await?;
    let board = Board::create(&ann, &[]).await?;
    let uri = format!("board://{}", board.id);
    let mut agent = Agent::current(&scene.server, "ann")?;
    agent.token = token_expiring_in("ann", &["read"], patient(Duration::from_secs(10)))?;
    let mut stream = agent.listen(&[&uri]).await?;
    // Changes are announced while the token is valid.
    ensure!(stream.updated().await? == uri);
    while let Some(message) = stream.next().await? {
        ensure!(message["method"].is_null(), "{message}");
        if message["error"].is_object() {
            ensure!(message["error"]["data"]["code"] == "UNAUTHENTICATED", "{message}");
        }
    }
    Ok(())
}
