//! A board's log as a stream of server-sent events.

use anyhow::{Context, Result, ensure};
use boardwire_test_support::{Http, Kind, PATIENCE, patient, token};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::http;
use crate::scene::{Board, Scene};

on_both!(a_stream_resumes_without_gap_or_repeat);

/// An open stream.
struct Stream(BufReader<TcpStream>);

/// One event: its name, its id and its data.
type StreamEvent = (String, String, Value);

impl Stream {
    async fn open(scene: &Scene, user: &str, path: &str, last: Option<&str>) -> Result<Self> {
        let mut request = http(scene, user, "GET", path)?.header("accept", "text/event-stream");
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        Ok(Self(BufReader::new(request.send_part(0).await?)))
    }

    /// Returns the next event; `None` at the end. Chunk sizes, headers and comments are not fields of events.
    async fn next(&mut self) -> Result<Option<StreamEvent>> {
        let (mut name, mut id, mut data) = (String::new(), String::new(), Value::Null);
        loop {
            let mut line = String::new();
            if timeout(patient(PATIENCE), self.0.read_line(&mut line)).await.context("nothing came")?? == 0 {
                return Ok(None);
            }
            match line.trim_end().split_once(": ") {
                Some(("event", text)) => name = text.to_owned(),
                Some(("id", text)) => id = text.to_owned(),
                Some(("data", text)) => data = serde_json::from_str(text)?,
                _ if line.trim_end().is_empty() && !data.is_null() => return Ok(Some((name, id, data))),
                _ => {}
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_says_when_to_reconnect() -> Result<()> {
    let scene = Scene::open(Kind::Sqlite).await?;
    let board = Board::create(&scene.client("ann").await?, &[]).await?;
    let mut stream = Stream::open(&scene, "ann", &format!("/boards/{}/events", board.id), None).await?;
    let mut line = String::new();
    while !line.starts_with("retry:") {
        line.clear();
        ensure!(
            timeout(patient(PATIENCE), stream.0.read_line(&mut line)).await.context("nothing came")?? > 0,
            "it ended"
        );
        ensure!(!line.starts_with("event:"), "an event comes first: {line}");
    }
    assert_eq!(line.trim_end(), "retry: 1000");
    Ok(())
}

async fn a_stream_resumes_without_gap_or_repeat(kind: Kind) -> Result<()> {
    let scene = Scene::open(kind).await?;
    let ann = scene.client("ann").await?;
    let board = Board::create(&ann, &[]).await?;
    for _ in 0..20 {
        board.task(&ann, "Before").await?;
    }
    let pending: Vec<_> =
        (0..200).map(|_| ann.send_call("task:create", &json!({ "boardId": board.id, "title": "Meanwhile" }))).collect();
    let path = format!("/boards/{}/events", board.id);
    let mut stream = Stream::open(&scene, "ann", &format!("{path}?since=0"), None).await?;
    let (mut last, mut resume, mut live) = (0, String::new(), false);
    let mut end = 0;
    for reply in pending {
        end = reply.reply().await?["seq"].as_u64().context("no seq")?;
    }
    while last < end / 2 || !live {
        let (name, id, data) = stream.next().await?.context("it ended")?;
        if name == "live" {
            live = true;
            continue;
        }
        last += 1;
        ensure!(data["seq"] == last && id.ends_with(&format!(":{last}")), "{last} expected: {id} {data}");
        resume = id;
    }
    drop(stream);
    let mut stream = Stream::open(&scene, "ann", &path, Some(&resume)).await?;
    while last < end {
        let (name, _, data) = stream.next().await?.context("it ended")?;
        if name != "live" {
            last += 1;
            ensure!(data["seq"] == last, "{last} expected: {data}");
        }
    }
    let mut stream = Stream::open(&scene, "ann", &path, Some("other:1")).await?;
    let (name, _, data) = stream.next().await?.context("it ended")?;
    ensure!(name == "live" && data["recovered"] == false && data["seq"] == end, "{name} {data}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_ends_with_the_server_or_the_membership() -> Result<()> {
    let mut scene = Scene::open(Kind::Sqlite).await?;
    let (ann, _bob) = (scene.client("ann").await?, scene.client("bob").await?);
    let board = Board::create(&ann, &[("bob", "viewer")]).await?;
    let task = board.task(&ann, "Watched").await?;
    let path = format!("/boards/{}/events?type=task:*&taskId={task}", board.id);
    let writing = Http::new(&scene.server.url(), "GET", &format!("/api/v1{path}")).bearer(&token("ann", &["write"])?);
    let refused = writing.header("accept", "text/event-stream").send().await?;
    ensure!(refused.status == 403, "a stream needs the permission to read: {refused:?}");
    let mut own = Stream::open(&scene, "ann", &path, None).await?;
    let mut theirs = Stream::open(&scene, "bob", &path, None).await?;
    for stream in [&mut own, &mut theirs] {
        ensure!(stream.next().await?.context("it ended")?.0 == "live");
    }
    ann.ask("board:member:remove", json!({ "boardId": board.id, "userId": "bob" })).await?;
    board.task(&ann, "Another").await?;
    // A notification about another board is not an event of this one.
    let cat = scene.client("cat").await?;
    let elsewhere = Board::create(&cat, &[("ann", "member")]).await?;
    let theirs_to_do = elsewhere.task(&cat, "Elsewhere").await?;
    cat.ask("task:assign", json!({ "taskId": theirs_to_do, "assignee": "ann" })).await?;
    ann.ask("task:update", json!({ "taskId": task, "updates": { "title": "Seen" } })).await?;
    let (_, _, data) = own.next().await?.context("it ended")?;
    ensure!(data["type"] == "task:updated", "not the event that matches the filters: {data}");
    // Under a name that a browser's `EventSource` does not use itself, and under the older one.
    for expected in ["end", "error"] {
        let (name, _, data) = theirs.next().await?.context("no closing event")?;
        ensure!(name == expected && data["code"] == "NOT_FOUND", "{name} {data}");
    }
    ensure!(theirs.next().await?.is_none(), "it continues after its closing events");
    scene.server.ask_to_drain()?;
    while let Some((name, _, data)) = own.next().await? {
        ensure!(name == "end" || name == "error" || data["type"] == "server:closing", "{name} {data}");
    }
    ensure!(scene.server.terminate().await?.success());
    Ok(())
}
