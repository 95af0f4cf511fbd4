//! SIGTERM: clients are told, what was begun is finished, the exit is clean.

use std::time::Duration;

use anyhow::{Result, ensure};
use boardwire_test_support::Kind;
use serde_json::json;

use crate::scene::{Board, Scene};

on_both!(clients_are_told_and_the_exit_is_clean, what_was_acknowledged_before_the_end_is_there_after_it);

async fn clients_are_told_and_the_exit_is_clean(kind: Kind) -> Result<()> {
    let mut scene = Scene::open(kind).await?;
    let (ann, bob) = (scene.client("ann").await?, scene.client("bob").await?);
    let board = Board::create(&ann, &[("bob", "viewer")]).await?;
    board.view(&bob).await?;
    scene.server.ask_to_drain()?;
    for client in [&ann, &bob] {
        let closing = client.next_event("server:closing").await?.payload;
        ensure!(closing["data"]["reconnectAfterMs"].as_u64().is_some(), "{closing}");
        client.wait_closed(Duration::from_secs(10)).await?;
    }
    let status = scene.server.terminate().await?;
    ensure!(status.success(), "it ended with {status}; its log:\n{}", scene.server.log());
    scene.server.restart().await?;
    scene.client("ann").await.map(drop)
}

async fn what_was_acknowledged_before_the_end_is_there_after_it(kind: Kind) -> Result<()> {
    let mut scene = Scene::open(kind).await?;
    let ann = scene.client("ann").await?;
    let board = Board::create(&ann, &[]).await?;
    let mut pending = Vec::new();
    for n in 0..200 {
        let create = json!({ "boardId": board.id, "title": "T", "id": format!("card-{n}") });
        pending.push((n, ann.send_call("task:create", &create)));
    }
    let status = scene.server.terminate().await?;
    ensure!(status.success(), "it ended with {status}; its log:\n{}", scene.server.log());
    let mut done = Vec::new();
    for (n, reply) in pending {
        // One that was not begun gets no reply, or is told that the server is going.
        if let Ok(reply) = reply.reply().await {
            ensure!(reply["ok"] == true || reply["code"] == "UNAVAILABLE", "card {n}: {reply}");
            done.extend((reply["ok"] == true).then_some(format!("card-{n}")));
        }
    }
    scene.server.restart().await?;
    let ann = scene.client("ann").await?;
    let snapshot = board.snapshot(&ann).await?;
    let there = crate::scene::ids(&snapshot["tasks"])?;
    for id in done {
        ensure!(there.contains(&id), "{id} was acknowledged and is gone");
    }
    Ok(())
}
