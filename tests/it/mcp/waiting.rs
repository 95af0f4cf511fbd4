//! Waiting for changes: every event once, in order, however the calls are timed.

use anyhow::{Context, Result, ensure};
use boardwire_test_support::Kind;
use serde_json::json;
use tokio::time::Instant;

use super::client::Agent;
use crate::scene::{Board, Scene};

on_both!(waiting_misses_no_event_and_repeats_none);

/// How many changes are made during the calls.
const CHANGES: u64 = 150;

async fn waiting_misses_no_event_and_repeats_none(kind: Kind) -> Result<()> {
    let scene = Scene::open(kind).await?;
    let ann = scene.client("ann").await?;
    let board = Board::create(&ann, &[]).await?;
    let agent = Agent::current(&scene.server, "ann")?;
    let start = agent.ask("get_board", json!({"boardId": board.id})).await?;
    let (mut seq, epoch) = (start["seq"].as_u64().context("seq")?, start["epoch"].clone());
    let last = seq + CHANGES;
    let id = board.id.clone();
    let writing = tokio::spawn(async move {
        for number in 0..CHANGES {
            ann.ask("task:create", json!({"boardId": id, "title": format!("Task {number}")})).await?;
        }
        anyhow::Ok(ann)
    });
    let mut calls = 0;
    while seq < last {
        // Each call has another limit and another size.
        calls += 1;
        let (limit, bytes) = (1 + calls * 7 % 40, 600 + calls * 997 % 16_000);
        let wanted = json!({
            "boardId": board.id, "since": seq, "epoch": epoch, "type": "task:*", "timeoutSeconds": 10,
            "limit": limit, "maxBytes": bytes,
        });
        let answer = agent.ask("wait_for_changes", wanted).await?;
        ensure!(answer["recovered"] == true && answer["timedOut"] == false, "{answer}");
        let events = answer["events"].as_array().context("events")?;
        ensure!(!events.is_empty(), "{answer}");
        for event in events {
            ensure!(event["seq"] == seq + 1, "after {seq}: {event}");
            seq += 1;
        }
        ensure!(answer["seq"] == seq, "{answer}");
    }
    writing.await??;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wait_ends_at_the_first_change_or_its_timeout() -> Result<()> {
    let scene = Scene::open(Kind::Sqlite).await?;
    let ann = scene.client("ann").await?;
    let board = Board::create(&ann, &[]).await?;
    let agent = Agent::previous(&scene.server, "ann").await?;
    let seq = agent.ask("get_board", json!({"boardId": board.id})).await?["seq"].clone();
    let wanted = json!({"boardId": board.id, "since": seq, "timeoutSeconds": 1});
    let answer = agent.ask("wait_for_changes", wanted).await?;
    ensure!(answer["timedOut"] == true && answer["seq"] == seq && answer["events"] == json!([]), "{answer}");

    let began = Instant::now();
    let wanted = json!({"boardId": board.id, "since": seq, "type": "task:comment:*", "timeoutSeconds": 30});
    let waiting = tokio::spawn({
        let agent = agent.clone();
        async move { agent.ask("wait_for_changes", wanted).await }
    });
    let task = board.task(&ann, "Talk").await?;
    ann.ask("task:comment:add", json!({"taskId": task, "body": "Hello"})).await?;
    let answer = waiting.await??;
    ensure!(answer["events"][0]["type"] == "task:comment:added" && began.elapsed().as_secs() < 10, "{answer}");

    let wanted = json!({"boardId": board.id, "since": 9999});
    ensure!(agent.ask("wait_for_changes", wanted).await?["recovered"] == false);
    agent.refused("wait_for_changes", json!({"boardId": "none", "since": 0}), "NOT_FOUND").await?;
    for (wanted, missing) in [(json!({"boardId": board.id}), "since"), (json!({"since": 0}), "boardId")] {
        let refused = agent.refused("wait_for_changes", wanted, "INVALID_MESSAGE").await?;
        ensure!(refused["details"] == json!([{"path": missing, "message": "is missing"}]), "{refused}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn waiting_callers_learn_that_the_server_closes() -> Result<()> {
    let mut scene = Scene::open(Kind::Sqlite).await?;
    let board = Board::create(&scene.client("ann").await?, &[]).await?;
    let mut waiting = Vec::new();
    for agent in [Agent::current(&scene.server, "ann")?, Agent::previous(&scene.server, "ann").await?] {
        let seq = agent.ask("get_board", json!({"boardId": board.id})).await?["seq"].clone();
        let wanted = json!({"boardId": board.id, "since": seq, "timeoutSeconds": 50});
        waiting.push(tokio::spawn(async move { agent.refused("wait_for_changes", wanted, "UNAVAILABLE").await }));
    }
    // The server does not show that a call is waiting.
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    ensure!(scene.server.terminate().await?.success());
    for waiting in waiting {
        waiting.await??;
    }
    Ok(())
}
