//! Older revisions of the protocol, and malformed messages.

use anyhow::{Context, Result, ensure};
use boardwire_test_support::{Answer, Http, Kind};
use serde_json::{Value, json};

use super::client::{Agent, PREVIOUS, messages};
use crate::doors::unpacked;
use crate::scene::{Board, Scene};

/// The oldest clients name their revision only in the first message.
const WITHOUT_HEADER: [&str; 2] = ["2024-11-05", "2025-03-26"];
const OLDER: [&str; 3] = ["2024-11-05", "2025-03-26", "2025-06-18"];

/// A session of a revision, with the messages that such a client sends.
struct Session {
    agent: Agent,
    revision: &'static str,
    id: String,
}

impl Session {
    async fn begin(scene: &Scene, revision: &'static str) -> Result<(Self, Answer)> {
        let agent = Agent::current(&scene.server, "ann")?;
        let answer = agent.initialize_as(revision).await?;
        ensure!(answer.status == 200, "{answer:?}");
        let id = answer.header("mcp-session-id").context("no session")?.to_owned();
        let session = Self { agent, revision, id };
        let taken =
            session.post().json(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"})).send().await?;
        ensure!(taken.status == 202, "{taken:?}");
        Ok((session, answer))
    }

    fn with_headers(&self, http: Http) -> Http {
        let http = http.header("mcp-session-id", &self.id);
        match WITHOUT_HEADER.contains(&self.revision) {
            true => http,
            false => http.header("mcp-protocol-version", self.revision),
        }
    }

    fn post(&self) -> Http {
        self.with_headers(self.agent.bare())
    }
}

/// Returns the messages in a stream, after checking that no event is empty, which older clients can't handle.
fn streamed(answer: &Answer) -> Result<Vec<Value>> {
    ensure!(answer.header("content-type") == Some("text/event-stream"), "{answer:?}");
    let text = String::from_utf8(answer.body.clone())?;
    ensure!(!text.lines().any(|line| line.strip_prefix("data:").is_some_and(|data| data.trim().is_empty())), "{text}");
    Ok(messages(&text))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn older_revisions_are_served() -> Result<()> {
    let scene = Scene::open(Kind::Sqlite).await?;
    for revision in OLDER {
        let (session, hello) = Session::begin(&scene, revision).await.context(revision)?;
        let hello = streamed(&hello)?;
        ensure!(hello.len() == 1 && hello[0]["result"]["protocolVersion"] == revision, "{revision}: {hello:?}");
        let call = json!({"name": "create_board", "arguments": {"name": revision}});
        let call = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": call});
        let answers = streamed(&session.post().json(&call).send().await?)?;
        ensure!(answers.len() == 1 && answers[0]["id"] == 1, "{revision}: {answers:?}");
        // Clients that do not know structured content find it in the text.
        let text = answers[0]["result"]["content"][0]["text"].as_str().context("no text")?;
        ensure!(serde_json::from_str::<Value>(text)?["board"]["name"] == revision, "{text}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_revision_is_answered_with_the_newest_that_has_sessions() -> Result<()> {
    let scene = Scene::open(Kind::Sqlite).await?;
    let answer = Agent::current(&scene.server, "ann")?.initialize_as("2024-10-07").await?;
    let hello = messages(&String::from_utf8(answer.body)?);
    ensure!(hello[0]["result"]["protocolVersion"] == PREVIOUS, "{hello:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_can_be_ended_once() -> Result<()> {
    let scene = Scene::open(Kind::Sqlite).await?;
    for revision in ["2025-03-26", "2025-06-18", PREVIOUS] {
        let (session, _) = Session::begin(&scene, revision).await?;
        let end =
            || session.with_headers(Http::new(&scene.server.url(), "DELETE", "/mcp").bearer(&session.agent.token));
        // The SDKs accept 200, 204 and 405 as the end, and log everything else.
        ensure!(end().send().await?.status == 200, "{revision}");
        ensure!(end().send().await?.status == 404, "{revision}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn batches_are_accepted_only_in_the_revision_that_has_them() -> Result<()> {
    let scene = Scene::open(Kind::Sqlite).await?;
    let request = |id: u64, method: &str| json!({"jsonrpc": "2.0", "id": id, "method": method});
    let notification = || json!({"jsonrpc": "2.0", "method": "notifications/roots/list_changed"});
    let batch = json!([request(1, "tools/list"), notification(), request(2, "ping"), request(3, "nonsense")]);

    let (session, _) = Session::begin(&scene, "2025-03-26").await?;
    let mut answers = streamed(&session.post().json(&batch).send().await?)?;
    answers.sort_by_key(|answer| answer["id"].as_u64());
    let ids: Vec<_> = answers.iter().map(|answer| &answer["id"]).collect();
    ensure!(ids == [1, 2, 3], "{answers:?}");
    ensure!(answers[0]["result"]["tools"].is_array() && answers[1]["result"].is_object(), "{answers:?}");
    ensure!(answers[2]["error"]["code"] == -32601, "{answers:?}");
    let accepted = session.post().json(&json!([notification(), notification()])).send().await?;
    ensure!(accepted.status == 202 && accepted.body.is_empty(), "{accepted:?}");

    let too_many = Value::Array((1..=65).map(|id| request(id, "ping")).collect());
    for wrong in [json!([]), too_many, json!([request(1, "ping"), 7])] {
        expect_refused(&session.post().json(&wrong).send().await?, 400, -32600)?;
    }
    for revision in ["2025-06-18", PREVIOUS] {
        let (session, _) = Session::begin(&scene, revision).await?;
        expect_refused(&session.post().json(&batch).send().await?, 400, -32600).context(revision)?;
    }
    expect_refused(&Agent::current(&scene.server, "ann")?.bare().json(&batch).send().await?, 400, -32600)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn malformed_messages_get_errors_of_the_protocol() -> Result<()> {
    let scene = Scene::open(Kind::Sqlite).await?;
    let agent = Agent::current(&scene.server, "ann")?;
    let post = |kind: &str, body: &str| agent.bare().body(kind, body.as_bytes().to_vec());
    let list = r#"{"jsonrpc": "2.0", "id": 1, "method": "initialize"}"#;
    for kind in ["", "text/plain", "application/x-www-form-urlencoded", "application/jsonx"] {
        expect_refused(&post(kind, list).send().await?, 415, -32600).with_context(|| kind.to_owned())?;
    }
    let json = "application/json; charset=utf-8";
    for wrong in ["", "{", "name=x", "[1,"] {
        expect_refused(&post(json, wrong).send().await?, 400, -32700).with_context(|| wrong.to_owned())?;
    }
    for wrong in ["{}", "7", r#"{"jsonrpc": "1.0", "id": 1, "method": "ping"}"#, r#"{"jsonrpc": "2.0", "id": 1}"#] {
        expect_refused(&post(json, wrong).send().await?, 400, -32600).with_context(|| wrong.to_owned())?;
    }
    let large =
        format!(r#"{{"jsonrpc": "2.0", "id": 1, "method": "ping", "params": {{"x": "{}"}}}}"#, "x".repeat(1 << 20));
    expect_refused(&post(json, &large).send().await?, 413, -32600)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_without_a_session_learns_how_to_begin_one() -> Result<()> {
    let scene = Scene::open(Kind::Sqlite).await?;
    let agent = Agent::current(&scene.server, "ann")?;
    let stream = Http::new(&agent.url, "GET", "/mcp").bearer(&agent.token).header("accept", "text/event-stream");
    let answer = stream.send().await?;
    expect_refused(&answer, 400, -32602)?;
    let message = answer.json()?["error"]["message"].to_string();
    ensure!(message.contains("`initialize`") && message.contains("`boardwire mcp`"), "{message}");
    Ok(())
}

fn expect_refused(answer: &Answer, status: u16, code: i64) -> Result<()> {
    ensure!(answer.status == status, "{answer:?}");
    let body = answer.json()?;
    let error = &body["error"];
    ensure!(body["id"].is_null() && error["code"] == code && error["data"]["code"] == "INVALID_MESSAGE", "{body}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_are_compressed() -> Result<()> {
    let scene = Scene::open(Kind::Sqlite).await?;
    let ann = scene.client("ann").await?;
    let board = Board::create(&ann, &[]).await?;
    let long = "Words of which there are many. ".repeat(200);
    let create = json!({"boardId": board.id, "title": "Long", "description": long});
    let task = ann.ask("task:create", create).await?["task"]["id"].clone();
    for agent in [Agent::current(&scene.server, "ann")?, Agent::previous(&scene.server, "ann").await?] {
        let call = json!({"name": "get_task", "arguments": {"taskId": task}});
        let plain = agent.send("tools/call", call.clone()).await?;
        let packed = agent.prepare("tools/call", call).header("accept-encoding", "gzip").send().await?;
        ensure!(packed.status == 200 && packed.header("content-encoding") == Some("gzip"), "{packed:?}");
        ensure!(packed.body.len() * 4 < plain.body.len(), "{} of {}", packed.body.len(), plain.body.len());
        let text = unpacked(&packed)?;
        let received = match serde_json::from_str(&text) {
            Ok(message) => vec![message],
            Err(_) => messages(&text),
        };
        let found =
            received.iter().any(|message| message["result"]["structuredContent"]["task"]["description"] == *long);
        ensure!(found, "{text}");
    }
    Ok(())
}
