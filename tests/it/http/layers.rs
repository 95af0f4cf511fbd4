//! The layers in front of all doors: the host that a request names, and compression.

use anyhow::{Context, Result, ensure};
use boardwire_test_support::{Answer, Http, Kind, PATIENCE, patient, token};
use serde_json::json;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::{http, with_status};
use crate::doors::unpacked;
use crate::scene::{Board, Scene, text};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_must_name_exactly_one_host() -> Result<()> {
    let scene = Scene::open(Kind::Sqlite).await?;
    let url = scene.server.url();
    let authority = url.trim_start_matches("http://");
    let host = format!("host: {authority}\r\n");
    for (version, hosts, status) in [
        ("1.1", host.as_str(), 200),
        ("1.1", "Host: localhost\r\n", 200),
        ("1.1", "host: [::1]:3456\r\n", 200),
        ("1.0", "", 200),
        ("1.1", "", 400),
        ("1.1", "host:\r\n", 400),
        ("1.1", "host: a\r\nhost: a\r\n", 400),
        ("1.0", "host: a\r\nHost: b\r\n", 400),
        ("1.1", "host: a b\r\n", 400),
        ("1.1", "host: user@a\r\n", 400),
        ("1.1", "host: a/b\r\n", 400),
    ] {
        for path in ["/healthz", "/api/v1/openapi.json", "/socket.io/?EIO=4&transport=polling", "/"] {
            let mut stream = TcpStream::connect(authority).await?;
            let request = format!("GET {path} HTTP/{version}\r\n{hosts}connection: close\r\n\r\n");
            stream.write_all(request.as_bytes()).await?;
            let mut answer = String::new();
            timeout(patient(PATIENCE), stream.read_to_string(&mut answer)).await.context("no answer")??;
            let line = answer.lines().next().unwrap_or_default();
            ensure!(line.contains(&format!(" {status} ")), "{path} {version} {hosts:?}: {line}");
            let problem = answer.contains("application/problem+json") && answer.contains("INVALID_MESSAGE");
            ensure!(problem || status == 200, "{path} {hosts:?}: {answer}");
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_are_compressed_for_clients_that_accept_it() -> Result<()> {
    let scene = Scene::open(Kind::Sqlite).await?;
    let ann = scene.client("ann").await?;
    let board = Board::create(&ann, &[]).await?;
    let long = "Words of which there are many. ".repeat(200);
    let create = json!({ "boardId": board.id, "title": "Long", "description": long });
    let task = text(&ann.ask("task:create", create).await?["task"]["id"])?;
    let path = format!("/tasks/{task}");
    let get = |encoding: &str| anyhow::Ok(http(&scene, "ann", "GET", &path)?.header("accept-encoding", encoding));
    let plain = get("br")?.send().await?;
    let varies = |answer: &Answer| {
        answer.headers.iter().any(|(name, value)| name == "vary" && value.contains("accept-encoding"))
    };
    ensure!(plain.header("content-encoding").is_none() && varies(&plain), "{plain:?}");
    let small = get("gzip, deflate, br")?.send().await?;
    ensure!(small.status == 200 && small.header("content-encoding") == Some("gzip"), "{small:?}");
    ensure!(small.body.len() * 4 < plain.body.len() && unpacked(&small)?.as_bytes() == plain.body, "{small:?}");
    for refused in ["gzip;q=0", "identity", "gzip;q=0, *;q=0", "identity;q=0, br"] {
        let answer = get(refused)?.send().await?;
        ensure!(answer.status == 200 && answer.header("content-encoding").is_none(), "{refused}: {answer:?}");
        ensure!(answer.body == plain.body, "{refused}");
    }

    // The compressed form has a tag of its own; both can be used in conditions.
    let (tag, packed) = (plain.header("etag").context("no ETag")?, small.header("etag").context("no ETag")?);
    assert_eq!(packed, format!("{}-gzip\"", tag.trim_end_matches('"')));
    let known = get("gzip")?.header("if-none-match", &format!("\"x\", {packed}")).send().await?;
    ensure!(known.status == 304 && known.header("etag") == Some(packed) && varies(&known), "{known:?}");
    let known = get("gzip")?.header("if-none-match", tag).send().await?;
    ensure!(known.status == 304 && known.header("etag") == Some(tag), "{known:?}");
    let change = http(&scene, "ann", "PATCH", &path)?.json(&json!({ "title": "Longer" })).header("if-match", packed);
    with_status(&change.send().await?, 200)?;

    // Small answers, and those that carry a secret, are not compressed.
    let boards = http(&scene, "ann", "GET", "/sessions/current")?.header("accept-encoding", "gzip").send().await?;
    ensure!(boards.header("content-encoding").is_none(), "{boards:?}");
    let create = ["user", "create", "--id", "eve", "--name", "Eve", "--password-stdin"];
    scene.server.run(&create, "a long enough password\n").await?;
    let sign_in = Http::new(&scene.server.url(), "POST", "/api/v1/sessions").header("accept-encoding", "gzip");
    let answer = sign_in.json(&json!({ "user": "eve", "password": "a long enough password" })).send().await?;
    ensure!(answer.status == 201 && answer.header("content-encoding").is_none(), "{answer:?}");
    ensure!(answer.header("cache-control") == Some("no-store"), "{answer:?}");

    // A stream is not buffered: the first event arrives although no other follows.
    let stream = http(&scene, "ann", "GET", &format!("/boards/{}/events?since=0", board.id))?;
    let stream = stream.header("accept", "text/event-stream").header("accept-encoding", "gzip").send_part(0).await?;
    let mut lines = BufReader::new(stream).lines();
    loop {
        let line = timeout(patient(PATIENCE), lines.next_line()).await.context("nothing came")??.context("it ended")?;
        ensure!(!line.starts_with("content-encoding"), "{line}");
        if line == "event: live" {
            break;
        }
    }

    // Answers to polling are compressed as well.
    let polling = |method: &str, sid: &str| {
        let path = format!("/socket.io/?EIO=4&transport=polling{sid}");
        Http::new(&scene.server.url(), method, &path).header("accept-encoding", "gzip")
    };
    let opened = polling("GET", "").send().await?;
    let opened: serde_json::Value = serde_json::from_slice(opened.body.get(1..).context("no handshake")?)?;
    let sid = format!("&sid={}", text(&opened["sid"])?);
    let token = token("ann", &["read", "write"])?;
    let send = async |packet: String| {
        let sent = polling("POST", &sid).body("text/plain;charset=UTF-8", packet.into_bytes()).send().await?;
        ensure!(sent.status == 200, "{sent:?}");
        anyhow::Ok(())
    };
    let receives_packed = async |wanted: &str| loop {
        let polled = timeout(patient(PATIENCE), polling("GET", &sid).send()).await.context("nothing came")??;
        ensure!(polled.status == 200, "{polled:?}");
        let is_packed = polled.header("content-encoding") == Some("gzip");
        let body = if is_packed { unpacked(&polled)? } else { String::from_utf8(polled.body)? };
        if body.contains(wanted) {
            return anyhow::Ok(is_packed);
        }
    };
    send(format!("40{}", json!({ "token": token }))).await?;
    receives_packed("40{").await?;
    send(format!("420{}", json!(["task:get", { "taskId": task }]))).await?;
    ensure!(receives_packed(&long).await?, "the answer was not compressed");
    Ok(())
}
