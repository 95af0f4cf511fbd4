//! Edge cases of the socket door: clients that leave halfway, bursts, expiring credentials, pages of other origins.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use boardwire_test_support::{Client, Kind, patient, token_expiring_in};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::scene::{Board, Scene};

on_both!(a_burst_from_one_command_disconnects_nobody, replies_without_a_change_also_come_after_the_events);

/// One command causes 1,501 events at once.
async fn a_burst_from_one_command_disconnects_nobody(kind: Kind) -> Result<()> {
    const TASKS: usize = 1_500;
    let scene = Scene::open(kind).await?;
    let (ann, bob) = (scene.client("ann").await?, scene.client("bob").await?);
    let board = Board::create(&ann, &[("bob", "member")]).await?;
    for n in 0..TASKS {
        board.task(&ann, &format!("{n}")).await?;
    }
    let seq = board.view(&ann).await?["seq"].as_u64().context("no seq")?;
    board.view(&bob).await?;
    let delete = json!({ "columnId": board.columns[0], "moveTasksTo": board.columns[1] });
    let reply = ann.ask("column:delete", delete).await?;
    ensure!(reply["seq"] == json!(seq + TASKS as u64 + 1), "{reply}");
    assert_eq!(ann.events().len(), TASKS, "the sender must see each task move before the reply");
    for n in 1..=TASKS as u64 + 1 {
        assert_eq!(bob.next_any().await?.payload["seq"], json!(seq + n));
    }
    Ok(())
}

async fn replies_without_a_change_also_come_after_the_events(kind: Kind) -> Result<()> {
    const WRITERS: usize = 4;
    const EACH: usize = 60;
    let scene = Scene::open(kind).await?;
    let (ann, bob) = (scene.client("ann").await?, scene.client("bob").await?);
    let board = Board::create(&ann, &[("bob", "member")]).await?;
    let task = board.task(&ann, "still").await?;
    let mut seen = board.view(&bob).await?["seq"].as_u64().context("no seq")?;
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..WRITERS {
        let (client, mine) = (scene.client("ann").await?, board.task(&ann, "moving").await?);
        writers.spawn(async move {
            for n in 0..EACH {
                let updates = json!({ "title": format!("{writer}/{n}") });
                client.ask("task:update", json!({ "taskId": mine, "updates": updates })).await?;
            }
            anyhow::Ok(())
        });
    }
    while !writers.is_empty() {
        let reply = bob.ask("task:update", json!({ "taskId": task, "updates": { "title": "still" } })).await?;
        for event in bob.events() {
            seen = event.payload["seq"].as_u64().context("no seq")?;
        }
        ensure!(reply["seq"].as_u64() <= Some(seen), "{} was answered before event {seen}", reply["seq"]);
        while let Some(ended) = writers.try_join_next() {
            ended??;
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn expiring_credentials_end_the_connection_in_time() -> Result<()> {
    let scene = Scene::open(Kind::Sqlite).await?;
    let auth = json!({ "token": token_expiring_in("ann", &["read", "write"], patient(Duration::from_secs(8)))? });
    let ann = Client::connect(&scene.server.url(), auth.clone()).await.context("a token that is still valid")?;
    let error = ann.next_event("error").await?.payload;
    assert_eq!(error["code"], "UNAUTHENTICATED");
    ann.wait_closed(Duration::from_secs(5)).await?;
    let late = Client::connect(&scene.server.url(), auth).await.err().context("an expired token was accepted")?;
    ensure!(late.to_string().contains("Authentication failed"), "{late}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_leaves_but_does_not_hang_up_is_cut_off() -> Result<()> {
    let scene = Scene::open(Kind::Sqlite).await?;
    let ann = scene.client("ann").await?;
    ann.send_text("41");
    ann.wait_closed(Duration::from_secs(6)).await.map(drop)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn upgrades_of_unknown_sessions_leave_nothing_behind() -> Result<()> {
    let scene = Scene::open(Kind::Sqlite).await?;
    let address = scene.server.url().replace("http://", "");
    let mut stream = TcpStream::connect(&address).await?;
    let mut answer = vec![0; 1 << 16];
    let mut before = 0;
    for n in 0..3_000 {
        let sid = format!("{n:0>4000}");
        let request = format!(
            "GET /socket.io/?EIO=4&transport=websocket&sid={sid} HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\n\
             Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await?;
        let read = stream.read(&mut answer).await?;
        ensure!(answer[..read].starts_with(b"HTTP/1.1 4"), "{}", String::from_utf8_lossy(&answer[..read]));
        if n == 500 {
            before = scene.server.rss_kib()?;
        }
    }
    let grown = scene.server.rss_kib()?.saturating_sub(before);
    ensure!(grown < 4_000, "grown by {grown} KiB");
    Ok(())
}

/// Returns the status and headers of the answer to a request with an origin.
async fn from_origin(scene: &Scene, method: &str, origin: &str) -> Result<String> {
    let address = scene.server.url().replace("http://", "");
    let mut stream = TcpStream::connect(&address).await?;
    let request = format!(
        "{method} /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: {address}\r\nOrigin: {origin}\r\n\
         Access-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: content-type\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer.to_lowercase())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_of_allowed_origins_can_read_polling_answers() -> Result<()> {
    let origins = [("BOARDWIRE_CLIENT_URL", "https://board.example")];
    let scene = Scene::with(Kind::Sqlite, &origins).await?;
    for method in ["GET", "OPTIONS"] {
        let answer = from_origin(&scene, method, "https://board.example").await?;
        ensure!(answer.starts_with("http/1.1 200"), "{method}: {answer}");
        for header in ["access-control-allow-origin: https://board.example", "access-control-allow-credentials: true"] {
            ensure!(answer.contains(header), "{method} without {header}: {answer}");
        }
        let foreign = from_origin(&scene, method, "https://elsewhere.example").await?;
        ensure!(foreign.starts_with("http/1.1 403"), "{method}: {foreign}");
    }
    Ok(())
}
