//! `kill -9` during writes: no acknowledged change is lost, none is made twice, and none is made in part.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use boardwire_test_support::{Client, Evidence, Kind, PATIENCE, Replica, converge, eventually, patient};
use serde_json::json;

use crate::scene::{Board, Scene, seed};
use crate::workload::{Writer, share_cards};

on_both!(nothing_acknowledged_is_lost);

const WRITERS: usize = 6;
/// How many commands of a writer may be unanswered at a time.
const WINDOW: usize = 4;
/// How soon after a kill a board must be readable again.
const READY: Duration = Duration::from_secs(5);

fn rounds(kind: Kind) -> Result<usize> {
    match std::env::var("BOARDWIRE_KILL_ROUNDS") {
        Ok(rounds) => rounds.parse().context("BOARDWIRE_KILL_ROUNDS is a number"),
        Err(_) if kind == Kind::Sqlite => Ok(50),
        Err(_) => Ok(20),
    }
}

async fn nothing_acknowledged_is_lost(kind: Kind) -> Result<()> {
    let seed = seed()?;
    let mut scene = Scene::open(kind).await?;
    let result = kill_and_check(&mut scene, rounds(kind)?, seed).await;
    result.with_context(|| format!("BOARDWIRE_TEST_SEED={seed}; the server's log:\n{}", scene.server.log()))
}

async fn kill_and_check(scene: &mut Scene, rounds: usize, seed: u64) -> Result<()> {
    let mut rng = fastrand::Rng::with_seed(seed);
    let owner = scene.client("owner").await?;
    let users: Vec<String> = (0..WRITERS).map(|n| format!("writer-{n}")).collect();
    for user in &users {
        scene.client(user).await?.disconnect().await?;
    }
    let roles: Vec<_> = users.iter().map(|user| (user.as_str(), "member")).collect();
    let board = Board::create(&owner, &roles).await?;
    share_cards(&board, &owner).await?;
    let mut replica = Replica::from_snapshot(&board.snapshot(&owner).await?).context("no snapshot")?;
    let writer = |(n, user): (usize, &String)| Writer::new(user, &board, &users, n == 0, seed ^ n as u64);
    let mut writers: Vec<Writer> = users.iter().enumerate().map(writer).collect();
    drop(owner);

    for round in 0..rounds {
        let result = one_round(scene, &mut writers, &mut replica, &mut rng).await;
        result.with_context(|| format!("round {round}"))?;
    }

    let owner = scene.client("owner").await?;
    for writer in &mut writers {
        let socket = scene.client(&writer.user).await?;
        let left = writer.unanswered.len();
        writer.write(&socket, left, WINDOW).await?;
        ensure!(writer.unanswered.is_empty(), "{} is left without answers", writer.user);
    }
    let acknowledged: Vec<_> = writers.iter().flat_map(|writer| writer.acknowledged.clone()).collect();
    ensure!(acknowledged.len() >= rounds, "only {} changes in {rounds} rounds", acknowledged.len());
    let snapshot = board.snapshot(&owner).await?;
    let end = snapshot["seq"].as_u64().context("no seq")?;
    let reader = scene.client("owner").await?;
    catch_up(&reader, &mut replica, end).await?;
    let replicas = [("over all kills".to_owned(), replica)];
    let evidence = Evidence {
        database: &scene.database,
        board: &board.id,
        acknowledged: &acknowledged,
        replicas: &replicas,
        snapshot: &snapshot,
    };
    converge(evidence).await.map(drop)
}

/// Everyone writes; the server is killed; it comes back; unanswered commands are sent again.
async fn one_round(
    scene: &mut Scene,
    writers: &mut Vec<Writer>,
    replica: &mut Replica,
    rng: &mut fastrand::Rng,
) -> Result<()> {
    let answered = Arc::new(AtomicUsize::new(0));
    let killed = Arc::new(AtomicBool::new(false));
    let mut tasks = Vec::new();
    for mut writer in writers.drain(..) {
        let socket = scene.client(&writer.user).await?;
        let (answered, killed) = (Arc::clone(&answered), Arc::clone(&killed));
        tasks.push(tokio::spawn(async move {
            while socket.closed().is_none() {
                let before = writer.acknowledged.len();
                writer.write(&socket, 5, WINDOW).await?;
                answered.fetch_add(writer.acknowledged.len() - before, Ordering::Relaxed);
            }
            ensure!(killed.load(Ordering::Relaxed), "{} lost its connection: {:?}", writer.user, socket.closed());
            Ok(writer)
        }));
    }
    let enough = rng.usize(1..200);
    eventually("the writers make progress", PATIENCE, async || {
        let failed = tasks.iter().any(tokio::task::JoinHandle::is_finished);
        Ok((failed || answered.load(Ordering::Relaxed) >= enough).then_some(()))
    })
    .await?;
    killed.store(true, Ordering::Relaxed);
    scene.server.kill9().await?;
    for task in tasks {
        writers.push(task.await??);
    }

    let start = Instant::now();
    scene.server.restart().await?;
    let reader = scene.client("owner").await?;
    let snapshot = reader.ask("board:get", json!({ "boardId": replica.board() })).await?;
    ensure!(start.elapsed() < patient(READY), "readable only after {:?}", start.elapsed());

    for writer in writers {
        let socket = scene.client(&writer.user).await?;
        let left = writer.unanswered.len();
        writer.write(&socket, left, 1).await?;
        resend_an_answered_one(writer, &socket, rng).await?;
    }
    catch_up(&reader, replica, snapshot["seq"].as_u64().context("no seq")?).await
}

/// Checks that an acknowledged request, repeated unchanged, gets the same answer.
async fn resend_an_answered_one(writer: &Writer, socket: &Client, rng: &mut fastrand::Rng) -> Result<()> {
    let Some(done) = rng.choice(&writer.acknowledged) else { return Ok(()) };
    let again = socket.call(&done.command, done.payload.clone()).await?;
    ensure!(again == done.reply, "{} was first answered {}, and now {again}", done.request, done.reply);
    Ok(())
}

/// Brings the replica to `end` by events alone, over a resumption that must recover.
async fn catch_up(reader: &Client, replica: &mut Replica, end: u64) -> Result<()> {
    let resume = json!({ "boardId": replica.board(), "since": replica.seq(), "epoch": replica.epoch() });
    let reply = reader.ask("view:board", resume).await?;
    ensure!(reply["recovered"] == true, "the log does not reach back far enough: {reply}");
    while replica.seq() < end {
        replica.apply(&reader.next_any().await?)?;
    }
    Ok(())
}
