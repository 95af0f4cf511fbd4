//! Only one server at a time may use a database: a second one would miss the first one's events, so it is told why it
//! can't start. The command line works beside a server, a killed server can be replaced at once, and one that has lost
//! its database to another ends.

use std::{sync::Arc, time::Duration};

use anyhow::{Result, ensure};
use boardwire_test_support::{Kind, PATIENCE, Server, eventually};
use serde_json::json;
use tokio_util::task::AbortOnDropHandle;

use crate::scene::{Board, Scene};

on_both!(a_second_server_is_refused, a_killed_server_can_be_replaced_at_once);

async fn a_second_server_is_refused(kind: Kind) -> Result<()> {
    let scene = Scene::open(kind).await?;
    let ann = scene.client("ann").await?;
    let board = Board::create(&ann, &[]).await?;
    board.view(&ann).await?;

    let Err(refused) = Server::start(&scene.database).await else { anyhow::bail!("two servers on one database") };
    let message = format!("{refused:#}");
    for part in ["can't open the database", "another server runs on it", "stop that one first"] {
        ensure!(message.contains(part), "{part} is not in: {message}");
    }

    // Neither the command line nor the running server notices anything.
    scene.server.create_user("bob", "Bob", "read,write").await?;
    let bob = scene.client("bob").await?;
    ann.ask("board:member:set", json!({ "boardId": board.id, "userId": "bob", "role": "member" })).await?;
    let task = board.task(&bob, "Heard").await?;
    let heard = ann.next_event("task:created").await?;
    ensure!(heard.data()["task"]["id"] == *task, "{heard:?}");
    Ok(())
}

async fn a_killed_server_can_be_replaced_at_once(kind: Kind) -> Result<()> {
    let mut scene = Scene::open(kind).await?;
    for _ in 0..5 {
        scene.server.kill9().await?;
        scene.server.restart().await?;
    }
    scene.client("ann").await?;
    Ok(())
}

/// The locks that servers hold on Postgres, and wait for.
const CLAIMS: &str = "FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 2
                      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";

/// How soon the server gives up. It does so once another server has had the database for half a minute.
const GIVEN_UP: Duration = Duration::from_secs(120);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_loses_its_database_to_another_shuts_down() -> Result<()> {
    let mut scene = Scene::open(Kind::Postgres).await?;
    let ann = scene.client("ann").await?;

    // The next in line for the claim gets it when the server's connection is lost, and keeps it.
    let database = Arc::clone(&scene.database);
    let other = format!("SELECT pg_advisory_lock(classid::int, objid::int), pg_sleep(3600) {CLAIMS} AND granted");
    let other = AbortOnDropHandle::new(tokio::spawn(async move { database.query(&other).await }));
    eventually("another one waits for the lock", PATIENCE, async || {
        let waits = scene.database.query(&format!("SELECT pid {CLAIMS} AND NOT granted")).await?;
        Ok((!waits.is_empty()).then_some(()))
    })
    .await?;
    let holders = format!("SELECT pg_terminate_backend(pid, 10000) {CLAIMS} AND granted");
    assert_eq!(scene.database.query(&holders).await?, [["t"]]);
    scene.server.wait_for_log("the connection that holds the database for this server is lost").await?;
    Board::create(&ann, &[]).await?;

    eventually("the server gives up", GIVEN_UP, async || {
        Ok(scene.server.log().contains("another server has taken the database").then_some(()))
    })
    .await?;
    let closing = ann.next_event("server:closing").await?.payload;
    ensure!(closing["data"]["reconnectAfterMs"].as_u64().is_some(), "{closing}");
    ann.wait_closed(PATIENCE).await?;
    // The server is already ending, so SIGTERM changes nothing; this waits for its exit.
    let status = scene.server.terminate().await?;
    assert_eq!(status.code(), Some(1), "{status}; its log:\n{}", scene.server.log());
    drop(other);
    Ok(())
}
