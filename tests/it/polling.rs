//! Long-polling by hand: the limits for a message over a WebSocket hold for each message of a batch.

use anyhow::{Context, Result, ensure};
use boardwire_test_support::{Http, Kind, PATIENCE, eventually, token};
use serde_json::{Value, json};

use crate::{
    observe::overview,
    scene::{Board, Scene, text},
    slow::{ASKED, MAX_HELD_KIB, SLOW, large_board},
};

/// A session over polling alone.
struct Polling {
    url: String,
    path: String,
}

impl Polling {
    async fn connect(scene: &Scene, user: &str) -> Result<Self> {
        let mut session = Self { url: scene.server.url(), path: "/socket.io/?EIO=4&transport=polling".to_owned() };
        let opened = session.poll().await?;
        let opened: Value = serde_json::from_str(opened[0].strip_prefix('0').context("not opened")?)?;
        session.path.push_str(&format!("&sid={}", text(&opened["sid"])?));
        let auth = json!({ "token": token(user, &["read", "write"])? });
        ensure!(session.post(&[format!("40{auth}")]).await? == 200, "not accepted");
        let mut received = String::new();
        while !received.contains("connection:status") {
            received = session.poll().await?.concat();
        }
        Ok(session)
    }

    /// Returns the waiting packets, or the next to arrive.
    async fn poll(&self) -> Result<Vec<String>> {
        let answer = Http::new(&self.url, "GET", &self.path).send().await?;
        ensure!(answer.status == 200, "{answer:?}");
        Ok(String::from_utf8(answer.body)?.split('\x1e').map(str::to_owned).collect())
    }

    /// Sends a batch of packets; returns the status.
    async fn post(&self, packets: &[String]) -> Result<u16> {
        let body = packets.join("\x1e").into_bytes();
        Ok(Http::new(&self.url, "POST", &self.path).body("text/plain;charset=UTF-8", body).send().await?.status)
    }

    /// Returns the replies to this many commands, which were sent with the numbers from 0 on, in the order of the
    /// numbers.
    async fn replies(&self, count: usize) -> Result<Vec<Value>> {
        let mut replies = vec![Value::Null; count];
        while replies.iter().any(Value::is_null) {
            for packet in self.poll().await? {
                let Some((number, reply)) = packet.strip_prefix("43").and_then(|text| text.split_once('[')) else {
                    continue;
                };
                replies[number.parse::<usize>()?] = serde_json::from_str(reply.strip_suffix(']').context("no end")?)?;
            }
        }
        Ok(replies)
    }
}

fn creates(board: &Board, lengths: &[usize]) -> Vec<String> {
    let create = |length: &usize| json!({ "boardId": board.id, "title": "T", "description": "x".repeat(*length) });
    let command = |(number, length)| format!("42{number}{}", json!(["task:create", create(length)]));
    lengths.iter().enumerate().map(command).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_may_be_larger_than_a_message() -> Result<()> {
    let scene = Scene::open(Kind::Sqlite).await?;
    let bob = scene.client("bob").await?;
    let board = Board::create(&bob, &[]).await?;
    let session = Polling::connect(&scene, "bob").await?;
    assert_eq!(session.post(&creates(&board, &[5_000; 16])).await?, 200);
    let replies = session.replies(16).await?;
    ensure!(replies.iter().all(|reply| reply["ok"] == true), "{replies:?}");
    // As many of the largest as fit into a batch.
    assert_eq!(session.post(&creates(&board, &[19_900; 16])).await?, 200);
    session.replies(16).await?;
    assert_eq!(board.snapshot(&bob).await?["tasks"].as_array().map(Vec::len), Some(32));
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_too_large_message_in_a_batch_is_answered() -> Result<()> {
    let scene = Scene::open(Kind::Sqlite).await?;
    let bob = scene.client("bob").await?;
    let board = Board::create(&bob, &[]).await?;
    let session = Polling::connect(&scene, "bob").await?;
    assert_eq!(session.post(&creates(&board, &[10, 70_000, 10])).await?, 200);
    let replies = session.replies(3).await?;
    let codes: Vec<_> = replies.iter().map(|reply| reply["code"].as_str()).collect();
    assert_eq!(codes, [None, Some("PAYLOAD_TOO_LARGE"), None], "{replies:?}");
    // Beyond twice the limit, and with a batch that is too large as a whole, the session ends, as a WebSocket does.
    for lengths in [&[140_000][..], &[60_000; 20]] {
        let session = Polling::connect(&scene, "bob").await?;
        ensure!(session.post(&creates(&board, lengths)).await? >= 400, "it was accepted");
        ensure!(session.post(&creates(&board, &[10])).await? >= 400, "the session still works");
    }
    assert_eq!(board.snapshot(&bob).await?["tasks"].as_array().map(Vec::len), Some(2));
    Ok(())
}

/// Returns this many requests for the whole board.
fn gets(board: &Board, count: usize) -> Vec<String> {
    (0..count).map(|number| format!("42{number}{}", json!(["board:get", { "boardId": board.id }]))).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unfetched_answers_are_bounded_by_their_size() -> Result<()> {
    let scene = Scene::open(Kind::Sqlite).await?;
    scene.server.create_user("root", "Root", "read,write,admin").await?;
    let ann = scene.client("ann").await?;
    let board = large_board(&ann).await?;
    let mut sessions = Vec::new();
    for _ in 0..SLOW {
        sessions.push(Polling::connect(&scene, "ann").await?);
    }
    let before = scene.server.rss_kib()?;
    let held = || anyhow::Ok(scene.server.rss_kib()?.saturating_sub(before) / SLOW as u64);
    let mut most = 0;
    for session in &sessions {
        for batch in gets(&board, ASKED).chunks(16) {
            assert_eq!(session.post(batch).await?, 200);
            most = most.max(held()?);
        }
    }
    eventually("the sessions that fetch nothing are ended", PATIENCE, async || {
        most = most.max(held()?);
        Ok((overview(&scene).await?["connections"]["socket"] == 1).then_some(()))
    })
    .await?;
    ensure!(most < MAX_HELD_KIB, "the server holds {most} KiB for each session");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn large_answers_all_arrive_when_fetched() -> Result<()> {
    let scene = Scene::open(Kind::Sqlite).await?;
    let ann = scene.client("ann").await?;
    let board = large_board(&ann).await?;
    let session = Polling::connect(&scene, "ann").await?;
    assert_eq!(session.post(&gets(&board, 10)).await?, 200);
    let replies = session.replies(10).await?;
    ensure!(replies.iter().all(|reply| reply["tasks"].as_array().map(Vec::len) == Some(60)), "not all of a board");
    Ok(())
}
