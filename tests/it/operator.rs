//! What operators see and do: the figures match what has happened, nobody else sees them, monitoring learns no names,
//! and a disconnected user is gone and can come back.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use boardwire_test_support::{Http, Kind, PATIENCE, eventually, patient, token};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::time::timeout;

use crate::{
    observe::{metric, metrics, overview, request},
    scene::{Board, Scene},
};

fn named<'v>(list: &'v Value, id: &str) -> Option<&'v Value> {
    list.as_array()?.iter().find(|one| one["id"] == id)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_figures_match_what_has_happened() -> Result<()> {
    let scene = Scene::open(Kind::Sqlite).await?;
    scene.server.create_user("root", "Root", "read,write,admin").await?;
    let (ann, bob) = (scene.client("ann").await?, scene.client("bob").await?);
    let board = Board::create(&ann, &[("bob", "viewer")]).await?;
    board.view(&bob).await?;
    let quiet = Board::create(&ann, &[]).await?;
    let before = overview(&scene).await?;
    for n in 0..5 {
        board.task(&ann, &format!("Task {n}")).await?;
    }
    bob.refused("task:create", json!({ "boardId": board.id, "title": "May not" }), "FORBIDDEN").await?;
    bob.refused("task:juggle", json!({}), "UNKNOWN_EVENT").await?;

    let seen = overview(&scene).await?;
    assert_eq!(seen["connections"], json!({ "socket": 2, "stream": 0, "mcp": 0 }));
    assert_eq!(seen["usersConnected"], 2);
    let grown = |field: &str| {
        let count = |overview: &Value| overview["totals"][field].as_u64().unwrap_or_default();
        count(&seen) - count(&before)
    };
    assert_eq!((grown("events"), grown("deliveries"), grown("commands"), grown("refusals")), (5, 5, 7, 2));
    let ann_seen = named(&seen["users"], "ann").context("no Ann")?;
    assert_eq!((&ann_seen["connections"], &ann_seen["name"]), (&json!({ "socket": 1 }), &json!("Ann")));
    // Commands: two boards, a member, five tasks.
    assert_eq!(ann_seen["calls"], 8, "{seen}");
    assert!(ann_seen["since"].is_string());
    let root = named(&seen["users"], "root").context("no operator")?;
    assert_eq!((&root["connections"], &root["since"]), (&json!({}), &Value::Null));
    let boards: Vec<_> = seen["boards"].as_array().context("no boards")?.iter().map(|one| &one["id"]).collect();
    assert_eq!(boards, [&json!(board.id), &json!(quiet.id)], "not the busiest first");
    assert_eq!((&seen["boards"][0]["name"], &seen["boards"][0]["viewers"]), (&json!("Launch"), &json!(1)));
    assert_eq!((&seen["slow"], &seen["incidents"]), (&json!([]), &json!([])));

    // The samples add up to the totals.
    let history = eventually("the second is over", Duration::from_secs(5), async || {
        let seen = overview(&scene).await?;
        let seconds = seen["history"].as_array().context("no history")?.clone();
        let sum: u64 = seconds.iter().filter_map(|second| second["events"].as_u64()).sum();
        Ok((Some(sum) == seen["totals"]["events"].as_u64()).then_some(seconds))
    });
    assert!(!history.await?.is_empty());

    let found = metrics(&scene).await?;
    assert_eq!(metric(&found, r#"boardwire_commands_total{command="task:create",code="OK"}"#), 5.0);
    assert_eq!(metric(&found, r#"boardwire_commands_total{command="task:create",code="FORBIDDEN"}"#), 1.0);
    assert_eq!(metric(&found, r#"boardwire_commands_total{command="unknown",code="UNKNOWN_EVENT"}"#), 1.0);
    assert_eq!(metric(&found, r#"boardwire_command_duration_seconds_count{group="change"}"#), 9.0);
    assert_eq!(metric(&found, r#"boardwire_connections{door="socket"}"#), 2.0);
    assert_eq!(Some(metric(&found, "boardwire_events_total")), seen["totals"]["events"].as_f64());
    assert!(metric(&found, "process_resident_memory_bytes") > 1e6);
    for (line, _) in found {
        let names = ["ann", "bob", "root", "Launch", &board.id];
        assert!(!names.iter().any(|name| line.contains(&format!("\"{name}\""))), "{line}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_an_admin_sees_the_figures() -> Result<()> {
    let scene = Scene::open(Kind::Sqlite).await?;
    let bob = scene.client("bob").await?;
    for (method, path) in [("GET", ""), ("POST", "/users/bob/disconnect")] {
        let answer = request(&scene, "ann", method, path)?.send().await?;
        assert_eq!((answer.status, answer.json()?["code"].as_str()), (403, Some("FORBIDDEN")));
        let nobody = Http::new(&scene.server.url(), method, &format!("/api/v1/operator{path}")).send().await?;
        assert_eq!(nobody.status, 401);
    }
    bob.ask("board:list", json!({})).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_sends_figures_until_its_user_is_no_longer_an_admin() -> Result<()> {
    let scene = Scene::open(Kind::Sqlite).await?;
    scene.server.create_user("root", "Root", "read,write,admin").await?;
    let request = request(&scene, "root", "GET", "")?.header("accept", "text/event-stream");
    let mut lines = BufReader::new(request.send_part(0).await?).lines();
    let mut events = Vec::new();
    while let Some(line) = timeout(patient(PATIENCE), lines.next_line()).await.context("nothing came")?? {
        if let Some(event) = line.strip_prefix("event: ") {
            events.push(event.to_owned());
        }
        let Some(data) = line.strip_prefix("data: ") else { continue };
        let data: Value = serde_json::from_str(data)?;
        match events.len() {
            1 | 2 => assert_eq!(data["connections"], json!({ "socket": 0, "stream": 1, "mcp": 0 })),
            3 => drop(scene.server.create_user("root", "Root", "read,write").await?),
            _ if data["code"].is_string() => assert_eq!(data["code"], "FORBIDDEN"),
            _ => {}
        }
        ensure!(events.len() < 10, "the stream does not end: {events:?}");
    }
    let last = events.split_off(events.len().saturating_sub(2));
    assert_eq!(last, ["end", "error"], "{events:?}");
    assert!(events.iter().all(|event| event == "overview"), "{events:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disconnected_user_learns_why_and_can_reconnect() -> Result<()> {
    let scene = Scene::open(Kind::Sqlite).await?;
    scene.server.create_user("root", "Root", "read,write,admin").await?;
    let (ann, bob, again) = (scene.client("ann").await?, scene.client("bob").await?, scene.client("bob").await?);
    let board = Board::create(&ann, &[("bob", "member")]).await?;
    let path = format!("/api/v1/boards/{}/events", board.id);
    let stream = Http::new(&scene.server.url(), "GET", &path).bearer(&token("bob", &["read"])?);
    let mut stream = stream.header("accept", "text/event-stream").send_part(0).await?;
    eventually("the stream is counted", PATIENCE, async || {
        Ok((overview(&scene).await?["connections"] == json!({ "socket": 3, "stream": 1, "mcp": 0 })).then_some(()))
    })
    .await?;

    let answer = request(&scene, "root", "POST", "/users/bob/disconnect")?.send().await?;
    assert_eq!((answer.status, answer.json()?), (200, json!({ "ok": true, "ended": 3 })));
    for client in [&bob, &again] {
        let error = client.next_event("error").await?;
        assert!(error.payload.to_string().contains("an operator has ended this connection"), "{error:?}");
        client.wait_closed(PATIENCE).await?;
    }
    let mut text = String::new();
    timeout(patient(PATIENCE), stream.read_to_string(&mut text)).await.context("the stream does not end")??;
    assert!(
        text.contains("event: end") && text.contains("event: error") && text.contains("an operator has ended"),
        "{text}"
    );

    // Other users are not affected, and the credentials are still valid.
    ann.ask("board:list", json!({})).await?;
    scene.client("bob").await?.ask("board:list", json!({})).await?;
    let nobody = request(&scene, "root", "POST", "/users/eve/disconnect")?.send().await?;
    assert_eq!(nobody.json()?, json!({ "ok": true, "ended": 0 }));
    let wrong = request(&scene, "root", "POST", "/users/no%20id/disconnect")?.send().await?;
    assert_eq!((wrong.status, wrong.json()?["code"].as_str()), (404, Some("NOT_FOUND")));
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn incidents_are_listed() -> Result<()> {
    let scene = Scene::open(Kind::Postgres).await?;
    scene.server.create_user("root", "Root", "read,write,admin").await?;
    let ann = scene.client("ann").await?;
    let board = Board::create(&ann, &[]).await?;
    let task = board.task(&ann, "Commented").await?;
    assert_eq!(overview(&scene).await?["incidents"], json!([]));

    scene.database.query("ALTER TABLE comments RENAME TO gone").await?;
    let reply = ann.call("task:comment:add", json!({ "taskId": task, "body": "Lost" })).await?;
    ensure!(reply["ok"] == false, "{reply}");
    let seen = overview(&scene).await?;
    let incidents = seen["incidents"].as_array().context("no list")?;
    let (worst, message) = (&incidents[0], incidents[0]["message"].as_str().unwrap_or_default());
    assert!(["warning", "error"].contains(&worst["severity"].as_str().unwrap_or_default()), "{worst}");
    assert!(
        message.contains("comments") && worst["place"].as_str().is_some_and(|at| at.starts_with("boardwire")),
        "{worst}"
    );
    let found = metrics(&scene).await?;
    let logged =
        ["warning", "error"].map(|level| metric(&found, &format!("boardwire_log_messages_total{{level=\"{level}\"}}")));
    assert_eq!(logged.iter().sum::<f64>(), incidents.len() as f64);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refusals_over_http_are_counted_under_their_command() -> Result<()> {
    let scene = Scene::with(Kind::Sqlite, &[("BOARDWIRE_RATE_LIMIT_MAX_REQUESTS", "1")]).await?;
    let send = async |path: &str| {
        let request = Http::new(&scene.server.url(), "GET", path).bearer(&token("ann", &["read"])?);
        anyhow::Ok(request.send().await?.status)
    };
    assert_eq!(send("/api/v1/boards").await?, 200);
    assert_eq!(send("/api/v1/boards").await?, 429);
    assert_eq!(send("/api/v1/boards/launch/events").await?, 429);
    let found = metrics(&scene).await?;
    for (command, refused) in [("board:list", 1.0), ("board:events", 1.0), ("query", 0.0)] {
        let name = format!(r#"boardwire_commands_total{{command="{command}",code="RATE_LIMIT"}}"#);
        assert_eq!(metric(&found, &name), refused, "{command}");
    }
    Ok(())
}
