//! One server at a time on a database: a second one would be deaf to the first, so it is told why it can't start. The
//! command line goes on beside a server, and one that was killed is followed at once.

use anyhow::{Result, ensure};
use boardwire_test_support::{Kind, Server};
use serde_json::json;

use crate::scene::{Board, Scene};

on_both!(a_second_server_is_refused, a_killed_server_is_followed_at_once);

async fn a_second_server_is_refused(kind: Kind) -> Result<()> {
    let scene = Scene::open(kind).await?;
    let ann = scene.client("ann").await?;
    let board = Board::create(&ann, &[]).await?;
    board.view(&ann).await?;

    let Err(refused) = Server::start(&scene.database).await else { anyhow::bail!("two servers on one database") };
    let said = format!("{refused:#}");
    for part in ["can't open the database", "another server runs on it", "stop that one first"] {
        ensure!(said.contains(part), "{part} is not in: {said}");
    }

    // Neither the command line nor the server that was there notices anything.
    scene.server.create_user("bob", "Bob", "read,write").await?;
    let bob = scene.client("bob").await?;
    ann.ask("board:member:set", json!({ "boardId": board.id, "userId": "bob", "role": "member" })).await?;
    let task = board.task(&bob, "Heard").await?;
    let heard = ann.next_event("task:created").await?;
    ensure!(heard.data()["task"]["id"] == *task, "{heard:?}");
    Ok(())
}

async fn a_killed_server_is_followed_at_once(kind: Kind) -> Result<()> {
    let mut scene = Scene::open(kind).await?;
    for _ in 0..5 {
        scene.server.kill9().await?;
        scene.server.restart().await?;
    }
    scene.client("ann").await?;
    Ok(())
}
