//! Presence, typing and replay end with the membership.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use boardwire_test_support::Kind;
use serde_json::{Value, json};

use super::{SILENCE, ViewedBoard, expect_event, with};
use crate::scene::{Board, Scene};

on_both!(a_removal_ends_the_replay_of_a_view, a_removal_ends_the_replay_of_a_subscription);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_removed_user_leaves_and_receives_nothing() -> Result<()> {
    let setup = ViewedBoard::open().await?;
    let ViewedBoard { ann, bob, cid, board, .. } = &setup;
    let about = with(setup.event_data("bob"), json!({ "name": "Bob" }));
    board.view(cid).await?;
    board.view(bob).await?;
    expect_event(ann, "user:joined", with(setup.event_data("cid"), json!({ "name": "Cid" }))).await?;
    for other in [ann, cid] {
        expect_event(other, "user:joined", about.clone()).await?;
    }
    setup.remove("bob").await?;
    for other in [ann, cid] {
        expect_event(other, "user:left", about.clone()).await?;
    }
    assert_eq!(setup.present(ann).await?, ["ann online", "cid online"]);
    cid.ask("presence:update", json!({ "status": "away" })).await?;
    cid.ask("typing:start", json!({ "boardId": board.id })).await?;
    cid.ask("view:leave", json!({})).await?;
    setup.catch_up(ann).await?;
    for (command, payload) in [
        ("presence:update", json!({ "status": "online", "boardId": board.id })),
        ("presence:list", json!({ "boardId": board.id })),
        ("typing:start", json!({ "boardId": board.id })),
    ] {
        bob.refused(command, payload, "NOT_FOUND").await?;
    }
    // His status without a board does not depend on the membership.
    bob.ask("presence:update", json!({ "status": "away" })).await?;
    bob.expect_no_ephemeral(SILENCE).await?;
    bob.expect_silence(Duration::from_millis(50)).await?;
    setup.catch_up(ann).await?;

    // Added again, he is present on the board that his connection still views, and receives events about others.
    setup.add("bob").await?;
    expect_event(ann, "user:joined", about).await?;
    assert_eq!(setup.present(ann).await?, ["ann online", "bob away"]);
    board.view(cid).await?;
    expect_event(bob, "user:joined", with(setup.event_data("cid"), json!({ "name": "Cid" }))).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_removed_while_typing_stops_typing() -> Result<()> {
    let setup = ViewedBoard::open().await?;
    let ViewedBoard { ann, bob, cid, board, .. } = &setup;
    let task = board.task(ann, "Typed on").await?;
    board.view(cid).await?;
    board.view(bob).await?;
    bob.ask("subscribe", json!({ "type": "*" })).await?;
    bob.ask("typing:start", json!({ "taskId": task })).await?;
    ann.next_event("typing:start").await?;
    let removal = setup.remove("bob").await?;
    for other in [ann, cid] {
        let stop = other.next_event("typing:stop").await?;
        assert_eq!(stop.data(), &with(setup.event_data("bob"), json!({ "taskId": task })));
        other.next_event("user:left").await?;
    }
    for event in bob.events() {
        ensure!(event.seq() <= removal["seq"].as_u64(), "after his removal he received {event:?}");
    }
    // He receives nothing of what happens there now.
    cid.ask("typing:start", json!({ "taskId": task })).await?;
    ann.ask("task:update", json!({ "taskId": task, "updates": { "description": "@bob" } })).await?;
    ann.ask("task:assign", json!({ "taskId": task, "assignee": "bob" })).await?;
    ann.ask("task:comment:add", json!({ "taskId": task, "body": "@bob" })).await?;
    cid.ask("view:leave", json!({})).await?;
    bob.refused("typing:stop", json!({ "taskId": task }), "NOT_FOUND").await?;
    bob.expect_no_ephemeral(SILENCE).await?;
    bob.expect_silence(Duration::from_millis(50)).await
}

async fn a_removal_ends_the_replay_of_a_view(kind: Kind) -> Result<()> {
    removal_during_replay(kind, |board| ("view:board", json!({ "boardId": board, "since": 0 }))).await
}

async fn a_removal_ends_the_replay_of_a_subscription(kind: Kind) -> Result<()> {
    let everything = |board: &str| json!({ "type": "*", "filters": { "boardId": board }, "since": 0 });
    removal_during_replay(kind, |board| ("subscribe", everything(board))).await
}

/// A member resumes from the start of a long log, and reads only its beginning until the owner has removed the member.
async fn removal_during_replay(kind: Kind, resume: impl Fn(&str) -> (&'static str, Value)) -> Result<()> {
    /// About 32 MiB: more than the kernel and the server keep for one connection.
    const EVENTS: u64 = 2_000;
    /// How many commands of one user may wait.
    const ROUND: u64 = 500;
    let scene = Scene::open(kind).await?;
    let ann = scene.client("ann").await?;
    let bob = scene.dial("bob")?.receive_buffer(4096).open().await?;
    let board = Board::create(&ann, &[("bob", "viewer")]).await?;
    let mut writers = Vec::new();
    for _ in 0..8 {
        writers.push(scene.client("ann").await?);
    }
    let text = "long ".repeat(3_200);
    let create = json!({ "boardId": board.id, "title": "Long", "description": text });
    for _ in 0..EVENTS / ROUND {
        let calls: Vec<_> =
            (0..ROUND as usize).map(|n| writers[n % writers.len()].send_call("task:create", &create)).collect();
        for call in calls {
            let reply = call.reply().await?;
            ensure!(reply["ok"] == true, "{reply}");
        }
    }

    // The replay has begun once its first event arrives.
    let (command, payload) = resume(&board.id);
    let replay = bob.send_call(command, &payload);
    let first = bob.next_any().await?;
    bob.pause_reading();
    assert_eq!(first.seq(), Some(1));
    let removal = ann.ask("board:member:remove", json!({ "boardId": board.id, "userId": "bob" })).await?;
    let removed_at = removal["seq"].as_u64().context("no seq")?;
    ensure!(removed_at > EVENTS, "{removal}");
    board.task(&ann, "Not for Bob").await?;
    bob.resume_reading();
    let reply = replay.reply().await?;
    assert_eq!((&reply["ok"], &reply["code"]), (&json!(false), &json!("NOT_FOUND")), "{reply}");
    let received: Vec<u64> = bob.events().iter().filter_map(boardwire_test_support::Event::seq).collect();
    let last = received.last().copied().unwrap_or(1);
    ensure!(last < EVENTS, "the replay went on to {last}; he was removed at {removed_at}");
    ensure!(received.iter().copied().eq(2..=last), "a replay is in order: {received:?}");
    bob.expect_silence(SILENCE).await
}
