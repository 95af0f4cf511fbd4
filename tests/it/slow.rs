//! A client that stops reading does not affect the others, and is soon disconnected.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use boardwire_test_support::{Client, Kind, PATIENCE, Replica, eventually};
use serde_json::json;

use crate::{
    observe::{metric, metrics, overview},
    scene::{Board, Scene},
};

/// How soon a client that does not read is disconnected after its buffers are full, with some allowance for the
/// machine.
const GONE: Duration = Duration::from_secs(7);

/// The smallest size of an answer in bytes, and how many answers each client requests without reading them.
const ANSWER: usize = 60 * 20_000;
pub(crate) const ASKED: usize = 40;
/// How many clients do so. The memory for making answers is needed only once, not for each client.
pub(crate) const SLOW: usize = 10;
/// The most that the server may hold for each, in KiB: one answer in its queue, one in the library and one being
/// written, with a quarter of a MiB in front of each of the first two; and twice as much for answers being made, and
/// for the allocator. All of the answers would take almost four times that.
pub(crate) const MAX_HELD_KIB: u64 = (3 * ANSWER as u64 / 1024 + 512) * 3;

/// Creates a board with a large answer, which has been requested once.
pub(crate) async fn large_board(owner: &Client) -> Result<Board> {
    let board = Board::create(owner, &[]).await?;
    for n in 0..60 {
        let create = json!({ "boardId": board.id, "title": format!("Task {n}"), "description": "x".repeat(20_000) });
        owner.ask("task:create", create).await?;
    }
    ensure!(board.snapshot(owner).await?.to_string().len() > ANSWER, "the answer is small");
    Ok(board)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_stops_reading_is_cut_off_and_others_miss_nothing() -> Result<()> {
    const CHANGES: usize = 600;
    let scene = Scene::open(Kind::Sqlite).await?;
    scene.server.create_user("root", "Root", "read,write,admin").await?;
    let (ann, bob) = (scene.client("ann").await?, scene.client("bob").await?);
    let slow = scene.dial("cid")?.receive_buffer(4096).open().await?;
    let board = Board::create(&ann, &[("bob", "viewer"), ("cid", "viewer")]).await?;
    let task = board.task(&ann, "Large").await?;
    board.view(&bob).await?;
    board.view(&slow).await?;
    let mut replica = Replica::from_snapshot(&board.snapshot(&bob).await?).context("no snapshot")?;
    slow.expect_silence(Duration::from_millis(50)).await?;
    slow.pause_reading();
    let before = scene.server.socket_count()?;

    // About 20 MiB of events: more than the kernel and the server may keep for one socket.
    for n in 0..CHANGES {
        let filler = format!("{n:06}").repeat(3_000);
        ann.ask("task:update", json!({ "taskId": task, "updates": { "description": filler } })).await?;
        replica.apply(&bob.next_any().await?).with_context(|| format!("Bob at change {n}"))?;
    }
    let truth = Replica::from_snapshot(&board.snapshot(&bob).await?).context("no snapshot")?;
    assert_eq!(replica.to_value(), truth.to_value());
    eventually("the socket that is not read is gone", GONE, async || {
        Ok((scene.server.socket_count()? < before).then_some(()))
    })
    .await
    .with_context(|| format!("the server's log:\n{}", scene.server.log()))?;

    // The operator sees which user it was.
    let listed = eventually("the client is listed as slow", GONE, async || {
        let slow = overview(&scene).await?["slow"].as_array().cloned().unwrap_or_default();
        Ok((!slow.is_empty()).then_some(slow))
    })
    .await
    .with_context(|| format!("the server's log:\n{}", scene.server.log()))?;
    assert_eq!((listed.len(), &listed[0]["userId"], &listed[0]["door"]), (1, &json!("cid"), &json!("socket")));

    // When it reads again, it finds that the connection has ended; a new one catches up.
    slow.resume_reading();
    slow.wait_closed(Duration::from_secs(10)).await?;
    let back = scene.client("cid").await?;
    let since = json!({ "boardId": board.id, "since": replica.seq() - 1, "epoch": replica.epoch() });
    assert_eq!(back.ask("view:board", since).await?["recovered"], true);
    assert_eq!(back.next_any().await?.seq(), Some(replica.seq()));
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unread_answers_are_bounded_by_their_size() -> Result<()> {
    let scene = Scene::open(Kind::Sqlite).await?;
    let ann = scene.client("ann").await?;
    let board = large_board(&ann).await?;
    let mut slow = Vec::new();
    for _ in 0..SLOW {
        slow.push(scene.dial("ann")?.receive_buffer(4096).open().await?);
    }
    let (sockets, before) = (scene.server.socket_count()?, scene.server.rss_kib()?);
    let mut unread = Vec::new();
    for client in &slow {
        client.pause_reading();
        unread.extend((0..ASKED).map(|_| client.send_call("board:get", &json!({ "boardId": board.id }))));
    }
    let mut most = 0;
    eventually("the sockets that are not read are gone", PATIENCE, async || {
        most = most.max(scene.server.rss_kib()?.saturating_sub(before) / SLOW as u64);
        Ok((scene.server.socket_count()? <= sockets - SLOW).then_some(()))
    })
    .await?;
    ensure!(most < MAX_HELD_KIB, "the server holds {most} KiB for each client");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_changes_are_carried_out_after_their_client_has_left() -> Result<()> {
    let scene = Scene::open(Kind::Sqlite).await?;
    let ann = scene.client("ann").await?;
    let board = large_board(&ann).await?;
    board.view(&ann).await?;
    let slow = scene.dial("ann")?.receive_buffer(4096).open().await?;
    slow.pause_reading();
    let mut unread: Vec<_> = (0..ASKED).map(|_| slow.send_call("board:get", &json!({ "boardId": board.id }))).collect();
    unread.push(slow.send_call("task:create", &json!({ "boardId": board.id, "title": "Sent last" })));
    let created = ann.next_event("task:created").await?;
    assert_eq!(created.data()["task"]["title"], "Sent last");
    let answered = metric(&metrics(&scene).await?, r#"boardwire_commands_total{command="board:get",code="OK"}"#);
    // Some answers are made before the client is disconnected.
    ensure!(answered < 20.0, "the board was read {answered} times for a client that is gone");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sockets_are_closed_after_clients_leave() -> Result<()> {
    let scene = Scene::open(Kind::Sqlite).await?;
    let ann = scene.client("ann").await?;
    let board = Board::create(&ann, &[]).await?;
    // The first round opens what stays open.
    let mut baseline = None;
    for round in 0..3 {
        let mut clients = Vec::new();
        for _ in 0..30 {
            let client = scene.client("ann").await?;
            board.view(&client).await?;
            client.ask("subscribe", json!({ "type": "*" })).await?;
            clients.push(client);
        }
        board.task(&ann, &format!("Round {round}")).await?;
        for client in &clients {
            client.next_event("task:created").await?;
        }
        let with_them = scene.server.socket_count()?;
        ensure!(with_them >= 30, "{with_them} sockets with thirty clients");
        for client in clients {
            client.drop_connection().await;
        }
        let limit = baseline.unwrap_or(with_them - 30);
        let left = eventually("their sockets are closed", GONE, async || {
            let sockets = scene.server.socket_count()?;
            Ok((sockets <= limit).then_some(sockets))
        });
        baseline = Some(left.await.with_context(|| format!("round {round}"))?);
    }
    Ok(())
}
