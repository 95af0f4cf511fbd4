//! Resuming: `since` and `epoch` return what was missed, or the reply says that it is not available.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use boardwire_test_support::{Kind, Replica};
use serde_json::json;

use crate::scene::{Board, Scene};

on_both!(
    missed_events_come_in_order_and_live_events_follow,
    resuming_during_writes_leaves_no_gap_and_no_repeat,
    a_future_number_or_another_epoch_cannot_be_recovered,
    a_subscription_resumes_with_its_own_pattern,
    resuming_without_missed_events_counts_as_recovered,
    resuming_works_after_a_crash_of_the_server,
);

/// How long the tests watch that nothing arrives.
const SILENCE: Duration = Duration::from_millis(300);

async fn missed_events_come_in_order_and_live_events_follow(kind: Kind) -> Result<()> {
    let scene = Scene::open(kind).await?;
    let (ann, bob) = (scene.client("ann").await?, scene.client("bob").await?);
    let board = Board::create(&ann, &[("bob", "viewer")]).await?;
    board.view(&bob).await?;
    let mut replica = Replica::from_snapshot(&board.snapshot(&bob).await?).context("no snapshot")?;
    bob.drop_connection().await;
    for n in 0..30 {
        board.task(&ann, &format!("Missed {n}")).await?;
    }
    let bob = scene.client("bob").await?;
    let resume = json!({ "boardId": board.id, "since": replica.seq(), "epoch": replica.epoch() });
    let reply = bob.ask("view:board", resume).await?;
    assert_eq!(reply["recovered"], true);
    for _ in 0..30 {
        replica.apply(&bob.next_any().await?)?;
    }
    assert_eq!(reply["seq"].as_u64(), Some(replica.seq()));
    board.task(&ann, "Live").await?;
    let live = bob.next_any().await?;
    assert_eq!(live.data()["task"]["title"], "Live");
    replica.apply(&live)?;
    let truth = Replica::from_snapshot(&board.snapshot(&bob).await?).context("no snapshot")?;
    assert_eq!(replica.to_value(), truth.to_value());
    bob.expect_silence(SILENCE).await
}

async fn resuming_during_writes_leaves_no_gap_and_no_repeat(kind: Kind) -> Result<()> {
    const CHANGES: usize = 400;
    let scene = Scene::open(kind).await?;
    let (ann, bob) = (scene.client("ann").await?, scene.client("bob").await?);
    let board = Board::create(&ann, &[("bob", "viewer")]).await?;
    let task = board.task(&ann, "Busy").await?;
    let mut replica = Replica::from_snapshot(&board.snapshot(&bob).await?).context("no snapshot")?;
    bob.disconnect().await?;
    let end = replica.seq() + CHANGES as u64;
    let writing = tokio::spawn(async move {
        for n in 0..CHANGES {
            let update = json!({ "taskId": task, "updates": { "title": format!("Title {n}") } });
            ann.ask("task:update", update).await?;
        }
        anyhow::Ok(ann)
    });
    let mut round = 0;
    while replica.seq() < end {
        let bob = scene.client("bob").await?;
        let filters = json!({ "boardId": board.id });
        let (since, epoch) = (replica.seq(), replica.epoch().clone());
        let reply = if round % 2 == 0 {
            bob.ask("view:board", json!({ "boardId": board.id, "since": since, "epoch": epoch })).await?
        } else {
            bob.ask("subscribe", json!({ "type": "*", "filters": filters, "since": since, "epoch": epoch })).await?
        };
        assert_eq!(reply["recovered"], true, "round {round}: {reply}");
        for _ in 0..25.min(end - replica.seq()) {
            replica.apply(&bob.next_any().await?).with_context(|| format!("round {round}"))?;
        }
        bob.drop_connection().await;
        round += 1;
    }
    let ann = writing.await??;
    let truth = Replica::from_snapshot(&board.snapshot(&ann).await?).context("no snapshot")?;
    assert_eq!(replica.to_value(), truth.to_value());
    Ok(())
}

async fn a_future_number_or_another_epoch_cannot_be_recovered(kind: Kind) -> Result<()> {
    let scene = Scene::open(kind).await?;
    let ann = scene.client("ann").await?;
    let board = Board::create(&ann, &[]).await?;
    board.task(&ann, "One").await?;
    let snapshot = board.snapshot(&ann).await?;
    let (seq, epoch) = (snapshot["seq"].as_u64().context("no seq")?, &snapshot["epoch"]);
    let cases = [
        ("a future number", json!({ "since": seq + 1, "epoch": epoch })),
        ("a number far off", json!({ "since": 9_007_199_254_740_991_u64, "epoch": epoch })),
        ("another epoch", json!({ "since": seq, "epoch": "another" })),
        ("another epoch from the start", json!({ "since": 0, "epoch": "another" })),
    ];
    for (case, fields) in cases {
        for (command, base) in [
            ("view:board", json!({ "boardId": board.id })),
            ("subscribe", json!({ "type": "*", "filters": { "boardId": board.id } })),
        ] {
            let socket = scene.client("ann").await?;
            let mut payload = base;
            payload["since"] = fields["since"].clone();
            payload["epoch"] = fields["epoch"].clone();
            let reply = socket.ask(command, payload).await.with_context(|| format!("{case}, {command}"))?;
            assert_eq!(reply["recovered"], false, "{case}, {command}: {reply}");
            assert_eq!(reply["seq"].as_u64(), Some(seq), "{case}, {command}: {reply}");
            assert_eq!(&reply["epoch"], epoch, "{case}, {command}: {reply}");
            socket.expect_silence(Duration::from_millis(100)).await.with_context(|| format!("{case}, {command}"))?;
        }
    }
    // Live events arrive nevertheless.
    let socket = scene.client("ann").await?;
    socket.ask("view:board", json!({ "boardId": board.id, "since": seq + 5, "epoch": epoch })).await?;
    board.task(&ann, "Two").await?;
    assert_eq!(socket.next_any().await?.seq(), Some(seq + 1));
    Ok(())
}

async fn a_subscription_resumes_with_its_own_pattern(kind: Kind) -> Result<()> {
    let scene = Scene::open(kind).await?;
    let (ann, bob) = (scene.client("ann").await?, scene.client("bob").await?);
    let board = Board::create(&ann, &[("bob", "viewer")]).await?;
    let snapshot = board.snapshot(&bob).await?;
    let task = board.task(&ann, "Kept").await?;
    ann.ask("board:update", json!({ "boardId": board.id, "updates": { "name": "Renamed" } })).await?;
    ann.ask("task:complete", json!({ "taskId": task })).await?;
    ann.ask("column:create", json!({ "boardId": board.id, "name": "Later" })).await?;
    ann.ask("task:delete", json!({ "taskId": task })).await?;
    let subscribe = json!({
        "type": "task:*", "filters": { "boardId": board.id }, "since": snapshot["seq"], "epoch": snapshot["epoch"],
    });
    let reply = bob.ask("subscribe", subscribe).await?;
    assert_eq!(reply["recovered"], true);
    for name in ["task:created", "task:completed", "task:deleted"] {
        assert_eq!(bob.next_any().await?.name, name);
    }
    ann.ask("board:update", json!({ "boardId": board.id, "updates": { "name": "Again" } })).await?;
    board.task(&ann, "Live").await?;
    assert_eq!(bob.next_any().await?.name, "task:created");
    bob.expect_silence(SILENCE).await
}

async fn resuming_without_missed_events_counts_as_recovered(kind: Kind) -> Result<()> {
    let scene = Scene::open(kind).await?;
    let ann = scene.client("ann").await?;
    let board = Board::create(&ann, &[]).await?;
    let snapshot = board.snapshot(&ann).await?;
    let resume = json!({ "boardId": board.id, "since": snapshot["seq"], "epoch": snapshot["epoch"] });
    assert_eq!(ann.ask("view:board", resume).await?["recovered"], true);
    // Without `since` there is nothing to recover.
    let reply = board.view(&ann).await?;
    ensure!(reply["recovered"] != false, "`recovered` is false although `since` was not sent: {reply}");
    ann.expect_silence(SILENCE).await
}

async fn resuming_works_after_a_crash_of_the_server(kind: Kind) -> Result<()> {
    let mut scene = Scene::open(kind).await?;
    let ann = scene.client("ann").await?;
    let board = Board::create(&ann, &[]).await?;
    let mut replica = Replica::from_snapshot(&board.snapshot(&ann).await?).context("no snapshot")?;
    board.task(&ann, "Before").await?;
    scene.server.kill9().await?;
    scene.server.restart().await?;
    let (ann, other) = (scene.client("ann").await?, scene.client("ann").await?);
    board.task(&ann, "After").await?;
    let resume = json!({ "boardId": board.id, "since": replica.seq(), "epoch": replica.epoch() });
    assert_eq!(other.ask("view:board", resume).await?["recovered"], true);
    for title in ["Before", "After"] {
        let event = other.next_event("task:created").await?;
        assert_eq!(event.data()["task"]["title"], title);
        replica.apply(&event)?;
    }
    let truth = Replica::from_snapshot(&board.snapshot(&ann).await?).context("no snapshot")?;
    assert_eq!(replica.to_value(), truth.to_value());
    Ok(())
}
