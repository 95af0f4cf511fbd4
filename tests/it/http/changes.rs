//! Changes over HTTP: their events, versions, and request ids.

use anyhow::{Context, Result, ensure};
use boardwire_test_support::Kind;
use serde_json::{Value, json};

use super::{http, with_status};
use crate::scene::{Board, Scene, ids, text};

on_both!(changes_are_received_in_order, a_request_id_is_valid_across_doors);

async fn changes_are_received_in_order(kind: Kind) -> Result<()> {
    let scene = Scene::open(kind).await?;
    let listener = scene.client("ann").await?;
    listener.ask("subscribe", json!({ "type": "*" })).await?;
    let made = http(&scene, "ann", "POST", "/boards")?.json(&json!({ "id": "b", "name": "Walk" })).send().await?;
    ensure!(made.header("location") == Some("/api/v1/boards/b"), "{made:?}");
    let columns = ids(&with_status(&made, 201)?["columns"])?;
    assert_eq!(listener.next_event("board:created").await?.seq(), Some(1));
    let steps: [(&str, &str, Value, u16, &str); 13] = [
        ("POST", "/boards/b/columns", json!({ "id": "extra", "name": "Extra" }), 201, "column:created"),
        ("POST", "/boards/b/tasks", json!({ "id": "t", "title": "T" }), 201, "task:created"),
        ("POST", "/boards/b/tasks", json!({ "id": "u", "title": "U" }), 201, "task:created"),
        ("PATCH", "/tasks/t", json!({ "title": "V" }), 200, "task:updated"),
        ("POST", "/tasks/t/move", json!({ "toColumn": columns[1] }), 200, "task:moved"),
        ("PUT", "/tasks/t/assignee", json!({ "assignee": "ann" }), 200, "task:assigned"),
        ("POST", "/tasks/t/comments", json!({ "body": "Nice" }), 201, "task:comment:added"),
        ("PUT", "/tasks/u/dependencies/t", json!({}), 200, "task:dependency:added"),
        ("POST", "/boards/b/claims", json!({ "taskId": "t" }), 200, "task:claimed"),
        ("DELETE", "/tasks/u", Value::Null, 200, "task:deleted"),
        ("DELETE", "/columns/extra", Value::Null, 200, "column:deleted"),
        ("POST", "/boards/b/archive", Value::Null, 200, "board:archived"),
        ("POST", "/boards/b/restore", Value::Null, 200, "board:restored"),
    ];
    let mut last = 1;
    for (method, path, body, status, expected) in steps {
        let request = http(&scene, "ann", method, path)?;
        let answer = if body.is_null() { request } else { request.json(&body) }.send().await?;
        let reply = with_status(&answer, status).with_context(|| format!("{method} {path}"))?;
        let seq = reply["seq"].as_u64().with_context(|| format!("{method} {path}: {reply}"))?;
        ensure!(seq > last && answer.header("ratelimit").is_some(), "{method} {path}: {answer:?}");
        let mut received = Vec::new();
        for number in last + 1..=seq {
            let event = listener.next_any().await?;
            ensure!(event.seq() == Some(number), "{method} {path}: {event:?}");
            received.push(event.name);
        }
        ensure!(received.iter().any(|name| name == expected), "{method} {path}: {received:?}");
        last = seq;
    }
    // The log has the same events, page by page.
    let mut since = 0;
    while since < last {
        let page = http(&scene, "ann", "GET", &format!("/boards/b/events?since={since}&limit=3"))?.send().await?;
        let events = with_status(&page, 200)?["events"].as_array().cloned().context("no events")?;
        ensure!(!events.is_empty() && events.len() <= 3, "{page:?}");
        for event in events {
            since += 1;
            ensure!(event["seq"] == since, "{since} expected: {event}");
        }
    }
    Ok(())
}

async fn a_request_id_is_valid_across_doors(kind: Kind) -> Result<()> {
    let scene = Scene::open(kind).await?;
    let ann = scene.client("ann").await?;
    let board = Board::create(&ann, &[]).await?;
    let post = |title: &str| {
        let request = http(&scene, "ann", "POST", &format!("/boards/{}/tasks", board.id))?;
        anyhow::Ok(request.header("idempotency-key", "once").json(&json!({ "title": title })))
    };
    let first = with_status(&post("T")?.send().await?, 201)?;
    let again = with_status(&post("T")?.send().await?, 201)?;
    let create = json!({ "boardId": board.id, "title": "T", "requestId": "once" });
    let socket = ann.ask("task:create", create).await?;
    assert_eq!((&again, &socket), (&first, &first));
    let other = with_status(&post("Another")?.send().await?, 422)?;
    assert_eq!(other["code"], "IDEMPOTENCY_MISMATCH");
    let other = json!({ "boardId": board.id, "title": "Another", "requestId": "once" });
    ann.refused("task:create", other, "IDEMPOTENCY_MISMATCH").await?;
    assert_eq!(ids(&board.snapshot(&ann).await?["tasks"])?, [text(&first["task"]["id"])?]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn versions_prevent_lost_updates() -> Result<()> {
    let scene = Scene::open(Kind::Sqlite).await?;
    let ann = scene.client("ann").await?;
    let board = Board::create(&ann, &[]).await?;
    let task = board.task(&ann, "First").await?;
    let path = format!("/tasks/{task}");
    let shown = http(&scene, "ann", "GET", &path)?.send().await?;
    let tag = shown.header("etag").context("no ETag")?.to_owned();
    let known = http(&scene, "ann", "GET", &path)?.header("if-none-match", &tag).send().await?;
    ensure!(known.status == 304 && known.body.is_empty(), "{known:?}");
    let change = |title: &str| anyhow::Ok(http(&scene, "ann", "PATCH", &path)?.json(&json!({ "title": title })));
    let changed = change("Second")?.header("if-match", &tag).send().await?;
    with_status(&changed, 200)?;
    let stale = with_status(&change("Third")?.header("if-match", &tag).send().await?, 412)?;
    assert_eq!((&stale["code"], &stale["details"]["current"]["title"]), (&json!("CONFLICT"), &json!("Second")));
    with_status(&change("Third")?.header("if-match", "\"99\"").send().await?, 412)?;
    with_status(&change("Third")?.header("if-match", "99").send().await?, 422)?;
    let known = http(&scene, "ann", "GET", &path)?.header("if-none-match", &tag).send().await?;
    with_status(&known, 200)?;
    let done = http(&scene, "ann", "POST", &format!("{path}/complete"))?.header("if-match", "\"1\"").send().await?;
    with_status(&done, 422)?;
    for (method, path, status) in [
        ("GET", "/tasks?nothing=1", 422),
        ("GET", "/tasks?limit=0", 422),
        ("GET", "/nothing", 404),
        ("PUT", "/tasks", 405),
        ("POST", "/boards", 422),
    ] {
        let answer = http(&scene, "ann", method, path)?.send().await?;
        with_status(&answer, status).with_context(|| format!("{method} {path}"))?;
        ensure!(answer.header("content-type") == Some("application/problem+json"), "{answer:?}");
    }
    let large = http(&scene, "ann", "POST", "/boards")?.body("application/json", vec![b' '; 70_000]).send().await?;
    with_status(&large, 413).map(drop)
}
