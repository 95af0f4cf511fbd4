//! SIGTERM: clients are told, work in progress is finished, and the exit is clean.

use std::time::Duration;

use anyhow::{Result, ensure};
use boardwire_test_support::{Kind, eventually, token};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::scene::{Board, Scene};

on_both!(clients_are_notified_and_the_exit_is_clean, acknowledged_changes_survive_a_shutdown);

async fn clients_are_notified_and_the_exit_is_clean(kind: Kind) -> Result<()> {
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

async fn acknowledged_changes_survive_a_shutdown(kind: Kind) -> Result<()> {
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
        // A command that was not begun gets no reply, or is told that the server is closing.
        if let Ok(reply) = reply.reply().await {
            ensure!(reply["ok"] == true || reply["code"] == "UNAVAILABLE", "card {n}: {reply}");
            done.extend((reply["ok"] == true).then_some(format!("card-{n}")));
        }
    }
    scene.server.restart().await?;
    let ann = scene.client("ann").await?;
    let snapshot = board.snapshot(&ann).await?;
    let found = crate::scene::ids(&snapshot["tasks"])?;
    for id in done {
        ensure!(found.contains(&id), "{id} was acknowledged and is gone");
    }
    Ok(())
}

/// An upload in progress when the server is told to stop still gets its answer.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_in_progress_is_finished() -> Result<()> {
    let mut scene = Scene::open(Kind::Sqlite).await?;
    let ann = scene.client("ann").await?;
    let board = Board::create(&ann, &[]).await?;
    let task = board.task(&ann, "With a file").await?;
    let (url, token) = (scene.server.url(), token("ann", &["read", "write"])?);
    let mut stream = TcpStream::connect(url.trim_start_matches("http://")).await?;
    let part = "--b\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\nfirst half, ";
    let rest = "second half\r\n--b--\r\n";
    let head = format!(
        "POST /api/v1/tasks/{task}/attachments HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\
         content-type: multipart/form-data; boundary=b\r\ncontent-length: {}\r\n\r\n{part}",
        part.len() + rest.len()
    );
    stream.write_all(head.as_bytes()).await?;
    // Once its file exists, the request is in progress.
    let folder = scene.database.folder().join("board.db.attachments");
    eventually("the upload has begun", Duration::from_secs(10), async || {
        Ok(std::fs::read_dir(&folder).is_ok_and(|mut files| files.next().is_some()).then_some(()))
    })
    .await?;
    scene.server.ask_to_drain()?;
    ann.wait_closed(Duration::from_secs(10)).await?;
    stream.write_all(rest.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    ensure!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    ensure!(scene.server.terminate().await?.success());
    scene.server.restart().await?;
    let detail = scene.client("ann").await?.ask("task:get", json!({ "taskId": task })).await?;
    ensure!(detail["attachments"][0]["size"] == 23, "{detail}");
    Ok(())
}
