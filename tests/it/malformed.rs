//! Whatever a client sends, the server says what is wrong with it or ends that connection, and nobody else notices.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use boardwire_test_support::{Client, Kind, patient};
use futures_util::future::try_join_all;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::scene::{Board, Scene, seed};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_shape_is_named_with_its_path() -> Result<()> {
    let scene = Scene::open(Kind::Sqlite).await?;
    let ann = scene.client("ann").await?;
    let board = Board::create(&ann, &[]).await?;
    let b = &board.id;
    let before = board.snapshot(&ann).await?;
    for (command, payload, path) in [
        ("task:create", json!({ "boardId": b }), "title"),
        ("task:create", json!({ "title": "T" }), "boardId"),
        ("task:create", json!({ "boardId": b, "title": 7 }), "title"),
        ("task:create", json!({ "boardId": b, "title": null }), "title"),
        ("task:create", json!({ "boardId": b, "title": "" }), "title"),
        ("task:create", json!({ "boardId": b, "title": "x".repeat(501) }), "title"),
        ("task:create", json!({ "boardId": b, "title": "T", "description": "x".repeat(20_001) }), "description"),
        ("task:create", json!({ "boardId": b, "title": "T", "priority": 11 }), "priority"),
        ("task:create", json!({ "boardId": b, "title": "T", "priority": -1 }), "priority"),
        ("task:create", json!({ "boardId": b, "title": "T", "priority": 1.5 }), "priority"),
        ("task:create", json!({ "boardId": b, "title": "T", "id": "a b" }), "id"),
        ("task:create", json!({ "boardId": b, "title": "T", "id": "x".repeat(65) }), "id"),
        ("task:create", json!({ "boardId": b, "title": "T", "tags": ["a", 3] }), "tags[1]"),
        ("task:create", json!({ "boardId": b, "title": "T", "due_date": "tomorrow" }), "due_date"),
        ("task:create", json!({ "boardId": b, "title": "T", "colour": "red" }), "colour"),
        ("task:create", json!({ "boardId": b, "title": "T", "requestId": "x".repeat(65) }), "requestId"),
        ("task:update", json!({ "taskId": "t", "updates": { "status": "finished" } }), "updates.status"),
        ("task:update", json!({ "taskId": "t", "updates": { "board_id": "other" } }), "updates.board_id"),
        ("task:update", json!({ "taskId": "t", "updates": [] }), "updates"),
        ("task:assign", json!({ "taskId": "t" }), "assignee"),
        ("board:member:set", json!({ "boardId": b, "userId": "ann", "role": "king" }), "role"),
        ("column:reorder", json!({ "boardId": b, "columnIds": "all" }), "columnIds"),
        ("subscribe", json!({ "type": "task.*" }), "type"),
        ("subscribe", json!({ "type": "(a+)+$" }), "type"),
        ("subscribe", json!({ "type": "a".repeat(65) }), "type"),
        ("subscribe", json!({ "type": "*", "filters": { "colour": "red" } }), "filters.colour"),
        ("subscribe", json!({ "type": "*", "since": -1 }), "since"),
        ("task:create", json!([]), ""),
        ("task:create", json!("text"), ""),
        ("task:create", json!(7), ""),
        ("task:create", json!(null), ""),
        ("view:board", json!(7), ""),
        ("view:board", json!("a b"), "boardId"),
    ] {
        let reply = ann.refused(command, payload.clone(), "INVALID_MESSAGE").await?;
        let details = reply["details"].as_array().with_context(|| format!("details are a list: {reply}"))?;
        let paths: Vec<&str> = details.iter().filter_map(|detail| detail["path"].as_str()).collect();
        ensure!(paths == [path], "{command} with {payload}: {reply}");
        // In plain words, not in those of the decoder.
        for foreign in ["invalid", "expected", "sequence", "unknown", "struct", "i64", "u64", "u32", "map"] {
            ensure!(
                !details.iter().any(|detail| detail["message"].as_str().is_none_or(|said| said.contains(foreign))),
                "{reply}"
            );
        }
    }
    assert_eq!(board.snapshot(&ann).await?, before);
    let reply = ann.refused("task:explode", json!({}), "UNKNOWN_EVENT").await?;
    ensure!(!reply.to_string().contains("panicked"), "{reply}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_number_of_arguments_is_answered_too() -> Result<()> {
    let scene = Scene::open(Kind::Sqlite).await?;
    let ann = scene.client("ann").await?;
    // Without a callback, so that the answers come as events.
    for (frame, answer, code) in [
        (r#"42["task:create"]"#, "task:create:error", "INVALID_MESSAGE"),
        (r#"42["task:create",{},{}]"#, "task:create:error", "INVALID_MESSAGE"),
        (r#"42["task:create",[]]"#, "task:create:error", "INVALID_MESSAGE"),
        (r#"42["task:explode",{}]"#, "task:explode:error", "UNKNOWN_EVENT"),
    ] {
        ann.send_text(frame);
        let event = ann.next_any().await.with_context(|| frame.to_owned())?;
        assert_eq!((event.name.as_str(), &event.payload["code"]), (answer, &json!(code)), "{frame}");
    }
    ann.ask("board:list", json!({})).await.map(drop)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_frames_end_at_most_their_own_connection() -> Result<()> {
    let mut scene = Scene::open(Kind::Sqlite).await?;
    let (ann, bob) = (scene.client("ann").await?, scene.client("bob").await?);
    let board = Board::create(&ann, &[("bob", "viewer")]).await?;
    board.view(&bob).await?;
    let deep = format!(r#"42["task:create",{}{}]"#, "[".repeat(20_000), "]".repeat(20_000));
    let frames = [
        "garbage",
        "",
        "4",
        "42",
        "42[",
        "42[]",
        "42{}",
        "42[7]",
        "42[null,{}]",
        "42[\"\"]",
        "43",
        "43999[]",
        "430[1]",
        "45",
        "451-[\"x\",{\"_placeholder\":true,\"num\":0}]",
        "40",
        "40/admin,{}",
        "41/admin,",
        "44",
        "9",
        "\u{0}",
        "42/other,[\"x\"]",
        "4299999999999999999999[\"board:list\",{}]",
        "42-1[\"board:list\",{}]",
        &deep,
        "0{}",
        "5",
        "6",
        "42[\"connect\"]",
        "42[\"disconnect\"]",
        "42[\"error\",{}]",
        "42[\"task:created\",{}]",
    ];
    for frame in frames {
        let eve = scene.client("eve").await?;
        eve.send_text(frame);
        eve.send_text(r#"42["board:list",{}]"#);
        expect_others_unaffected(&ann, &bob, &board).await.with_context(|| format!("after {frame:.60?}"))?;
        ensure!(scene.server.alive()?, "the server ended after {frame:.60?}:\n{}", scene.server.log());
    }
    for frame in [vec![], vec![0; 100], vec![4, 2], b"42[\"board:list\",{}]".to_vec(), vec![0xff; 60_000]] {
        let eve = scene.client("eve").await?;
        eve.send_binary(frame);
        expect_others_unaffected(&ann, &bob, &board).await.context("after a binary frame")?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_over_64_kib_is_refused() -> Result<()> {
    let scene = Scene::open(Kind::Sqlite).await?;
    let (ann, bob) = (scene.client("ann").await?, scene.client("bob").await?);
    let board = Board::create(&ann, &[("bob", "viewer")]).await?;
    board.view(&bob).await?;
    // A message with two long texts is below the limit.
    let long = json!({ "boardId": board.id, "title": "Long", "description": "x".repeat(20_000) });
    ann.ask("task:create", long).await?;
    bob.next_event("task:created").await?;
    let eve = scene.client("eve").await?;
    let reply = eve.call("task:create", json!({ "boardId": board.id, "title": "x".repeat(70_000) })).await;
    match reply {
        // Either is right: the reply with its code, or the end of that connection.
        Ok(reply) => assert_eq!(reply["code"], "PAYLOAD_TOO_LARGE"),
        Err(_) => ensure!(eve.closed().is_some(), "neither an answer nor an end"),
    }
    expect_others_unaffected(&ann, &bob, &board).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn invalid_http_is_refused() -> Result<()> {
    let mut scene = Scene::open(Kind::Sqlite).await?;
    let (ann, bob) = (scene.client("ann").await?, scene.client("bob").await?);
    let board = Board::create(&ann, &[("bob", "viewer")]).await?;
    board.view(&bob).await?;
    let address = scene.server.url().trim_start_matches("http://").to_owned();
    for bytes in [
        &b"\x16\x03\x01\x02\x00\x01\x00"[..],
        b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /socket.io/?EIO=3&transport=polling HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST /socket.io/?EIO=4&transport=polling&sid=nobody HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n42",
        b"POST /socket.io/ HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n",
        b"\0\0\0\0\0\0\0\0\r\n\r\n",
    ] {
        let mut stream = TcpStream::connect(&address).await?;
        stream.write_all(bytes).await?;
        let mut answer = vec![0; 4096];
        let read = tokio::time::timeout(patient(Duration::from_secs(12)), stream.read(&mut answer)).await;
        let read = read.with_context(|| format!("neither an answer nor an end to {bytes:?}"))?;
        if let Ok(length @ 1..) = read {
            let answer = String::from_utf8_lossy(&answer[..length]).into_owned();
            ensure!(
                answer.starts_with("HTTP/1.") && answer.get(8..10) == Some(" 4"),
                "{bytes:?} was answered with {answer}"
            );
        }
        expect_others_unaffected(&ann, &bob, &board).await?;
    }
    ensure!(scene.server.alive()?, "the server ended:\n{}", scene.server.log());
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_malformed_frames_change_nothing() -> Result<()> {
    const FRAMES: usize = 10_000;
    const SENDERS: usize = 4;
    let seed = seed()?;
    let mut scene = Scene::open(Kind::Sqlite).await?;
    let (ann, bob) = (scene.client("ann").await?, scene.client("bob").await?);
    let board = Board::create(&ann, &[("bob", "viewer"), ("ann", "owner")]).await?;
    board.view(&bob).await?;
    let before = board.snapshot(&ann).await?;
    let senders = (0..SENDERS).map(|n| send_malformed(&scene, &board, FRAMES / SENDERS, seed ^ n as u64));
    let result = try_join_all(senders).await;
    let kinds =
        result.with_context(|| format!("BOARDWIRE_TEST_SEED={seed}; the server's log:\n{}", scene.server.log()))?;
    ensure!(scene.server.alive()?, "the server ended, BOARDWIRE_TEST_SEED={seed}:\n{}", scene.server.log());
    ensure!(!scene.server.log().contains("panicked"), "BOARDWIRE_TEST_SEED={seed}:\n{}", scene.server.log());
    assert_eq!(board.snapshot(&ann).await?, before, "BOARDWIRE_TEST_SEED={seed}");
    bob.expect_silence(Duration::from_millis(200)).await?;
    let kinds: BTreeSet<String> = kinds.into_iter().flatten().collect();
    ensure!(kinds.contains("INVALID_MESSAGE") && kinds.contains("UNKNOWN_EVENT"), "the corpus is too tame: {kinds:?}");
    Ok(())
}

/// Sends its share as a stranger to the board, reconnecting whenever the connection was ended. Returns the codes
/// received.
async fn send_malformed(scene: &Scene, board: &Board, count: usize, seed: u64) -> Result<BTreeSet<String>> {
    let mut rng = fastrand::Rng::with_seed(seed);
    let mut codes = BTreeSet::new();
    let mut eve = scene.client("eve").await?;
    for n in 0..count {
        if eve.closed().is_some() {
            eve = scene.client("eve").await?;
        }
        let frame = malformed(&mut rng, board);
        if rng.u32(..50) == 0 {
            eve.send_binary(frame.into_bytes())
        } else {
            eve.send_text(frame)
        }
        if n % 20 == 0 {
            // A query in between is answered, unless the connection has ended because of an earlier frame.
            let reply = eve.call("board:get", json!({ "boardId": board.id })).await;
            ensure!(reply.is_ok() || eve.closed().is_some(), "neither an answer nor an end, frame {n}");
            codes
                .extend(eve.events().into_iter().filter_map(|event| event.payload["code"].as_str().map(str::to_owned)));
        }
    }
    Ok(codes)
}

/// Returns a malformed frame: a valid command with a value replaced or a piece of its text damaged.
fn malformed(rng: &mut fastrand::Rng, board: &Board) -> String {
    let names =
        ["task:create", "task:update", "board:update", "subscribe", "view:board", "column:reorder", "no:such", ""];
    let name = names[rng.usize(..names.len())];
    let mut payload = json!({
        "boardId": board.id, "taskId": "t", "title": "T", "type": "*", "updates": { "title": "x" },
        "columnIds": board.columns, "requestId": "r",
    });
    for _ in 0..rng.usize(1..4) {
        let keys = ["boardId", "taskId", "title", "type", "updates", "columnIds", "requestId", "since", "__proto__"];
        payload[keys[rng.usize(..keys.len())]] = strange(rng);
    }
    let frame = format!("42{}", json!([name, payload]));
    match rng.u32(..4) {
        0 => frame,
        1 => {
            // Cut at a random place.
            frame.chars().take(rng.usize(..frame.len())).collect()
        }
        2 => {
            // Some characters replaced.
            let at: BTreeSet<usize> = (0..rng.usize(1..6)).map(|_| rng.usize(..frame.len())).collect();
            let replace = |(n, letter)| if at.contains(&n) { char::from(rng.u8(0..128)) } else { letter };
            frame.chars().enumerate().map(replace).collect()
        }
        _ => (0..rng.usize(..200)).map(|_| char::from(rng.u8(..))).collect(),
    }
}

fn strange(rng: &mut fastrand::Rng) -> Value {
    match rng.u32(..10) {
        0 => Value::Null,
        1 => json!(rng.i64(..)),
        2 => json!(rng.f64() * 1e300),
        3 => json!("x".repeat(rng.usize(..30_000))),
        4 => json!([[[[[[{}]]]]]]),
        5 => json!({ "$ne": null, "constructor": { "prototype": {} } }),
        6 => json!("\u{0}\u{202e}\u{feff}\u{fffd}"),
        7 => json!(true),
        8 => json!(vec![json!({}); rng.usize(..500)]),
        _ => json!("../../etc/passwd' OR 1=1 --"),
    }
}

/// Checks that other clients can write, get answers, and receive events.
async fn expect_others_unaffected(writer: &Client, listener: &Client, board: &Board) -> Result<()> {
    let task = board.task(writer, "Undisturbed").await?;
    let event = listener.next_event("task:created").await?;
    assert_eq!(event.data()["task"]["id"], json!(task));
    Ok(())
}
