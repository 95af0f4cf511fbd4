//! Conditional requests with ETags: RFC 9110, sections 8.8.3 and 13, clause by clause.

use anyhow::{Context, Result, ensure};
use boardwire_test_support::{Answer, Http, Kind};
use serde_json::{Value, json};

use super::{http, with_status};
use crate::doors::document;
use crate::scene::{Board, Scene};

/// Returns the request with a header of these lines.
fn with_header_lines(request: Http, header: &str, lines: &[&str]) -> Http {
    lines.iter().fold(request, |request, line| request.header(header, line))
}

fn tag_of(answer: &Answer) -> Result<String> {
    answer.header("etag").map(str::to_owned).context("no ETag")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unchanged_resource_is_answered_with_304() -> Result<()> {
    let scene = Scene::open(Kind::Sqlite).await?;
    let ann = scene.client("ann").await?;
    let board = Board::create(&ann, &[]).await?;
    let task = board.task(&ann, "Read").await?;
    let file = http(&scene, "ann", "POST", &format!("/tasks/{task}/attachments"))?.file("a.txt", "text/plain", b"abc");
    let file = with_status(&file.send().await?, 201)?["attachment"]["id"].clone();
    let paths = [
        format!("/boards/{}", board.id),
        format!("/tasks/{task}"),
        format!("/attachments/{}", file.as_str().context("no id")?),
    ];
    for path in paths {
        let get = |lines: &[&str]| {
            anyhow::Ok(with_header_lines(http(&scene, "ann", "GET", &path)?, "if-none-match", lines).send())
        };
        let whole = get(&[])?.await?;
        let tag = tag_of(&whole)?;
        let (weak, list) = (format!("W/{tag}"), format!("\"a,b\", W/\"x\",, {tag} , \"y\""));
        let cases: [(&[&str], u16); 12] = [
            (&[&tag], 304),
            (&[&weak], 304),
            (&[&list], 304),
            (&["\"x\"", &tag], 304),
            (&["*"], 304),
            (&["\"x\""], 200),
            (&["\"x\", \"y\""], 200),
            (&["\"*\""], 200),
            (&[tag.trim_matches('"')], 200),
            (&[""], 200),
            (&["\"x\" \"y\""], 200),
            (&["nonsense"], 200),
        ];
        for (lines, status) in cases {
            let answer = get(lines)?.await?;
            ensure!(answer.status == status, "{path} {lines:?}: {answer:?}");
            ensure!(tag_of(&answer)? == tag && answer.header("cache-control").is_some(), "{lines:?}: {answer:?}");
            ensure!((answer.body.is_empty()) == (status == 304), "{path} {lines:?}: {answer:?}");
        }
    }
    // Reading under `If-Match` compares strongly.
    let path = format!("/tasks/{task}");
    let tag = tag_of(&http(&scene, "ann", "GET", &path)?.send().await?)?;
    for (line, status) in [(tag.as_str(), 200), ("*", 200), (&format!("W/{tag}"), 412), ("\"x\"", 412), ("x", 422)] {
        let answer = http(&scene, "ann", "GET", &path)?.header("if-match", line).send().await?;
        with_status(&answer, status).with_context(|| line.to_owned())?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_is_made_only_if_its_conditions_hold() -> Result<()> {
    let scene = Scene::open(Kind::Sqlite).await?;
    let ann = scene.client("ann").await?;
    let board = Board::create(&ann, &[]).await?;
    let task = board.task(&ann, "1").await?;
    let path = format!("/tasks/{task}");
    let read = tag_of(&http(&scene, "ann", "GET", &path)?.send().await?)?;
    for title in ["2", "3"] {
        ann.ask("task:update", json!({ "taskId": task, "updates": { "title": title } })).await?;
    }
    // The title was last changed in version 3, the current one.
    let weak = format!("W/{read}");
    let cases: [(&str, &[&str], u16); 23] = [
        ("if-match", &["\"3\""], 200),
        ("if-match", &["*"], 200),
        ("if-match", &["\"1\", \"3\""], 200),
        ("if-match", &["\"3\",\"1\""], 200),
        ("if-match", &["\"1\"", "\"3\""], 200),
        ("if-match", &["\"99\", \"3\""], 200),
        ("if-match", &["W/\"1\", \"foreign\", \"3.0123456789abcdef\""], 200),
        ("if-match", &[&read], 412),
        ("if-match", &[&weak], 412),
        ("if-match", &["W/\"3\""], 412),
        ("if-match", &["\"foreign\""], 412),
        ("if-match", &["\"foreign\", \"2\""], 412),
        ("if-match", &["\"1\", \"2\""], 412),
        ("if-match", &["\"99\""], 412),
        ("if-match", &["\"99\", \"2\""], 412),
        ("if-match", &["\"\""], 412),
        ("if-match", &["3"], 422),
        ("if-match", &["\"3\" \"4\""], 422),
        ("if-match", &[""], 422),
        ("if-none-match", &["*"], 412),
        ("if-none-match", &["\"x\""], 200),
        ("if-none-match", &["\"3\""], 200),
        ("if-none-match", &["x"], 422),
    ];
    for (number, (header, lines, status)) in cases.into_iter().enumerate() {
        // Each case has its own task, at version 3.
        let id = format!("t{number}");
        ann.ask("task:create", json!({ "boardId": board.id, "id": id, "title": "1" })).await?;
        for title in ["2", "3"] {
            ann.ask("task:update", json!({ "taskId": id, "updates": { "title": title } })).await?;
        }
        let request = http(&scene, "ann", "PATCH", &format!("/tasks/{id}"))?.json(&json!({ "title": "Mine" }));
        let answer = with_header_lines(request, header, lines).send().await?;
        let body = with_status(&answer, status).with_context(|| format!("{header}: {lines:?}"))?;
        let shown = ann.ask("task:get", json!({ "taskId": id })).await?;
        let title = if status == 200 { "Mine" } else { "3" };
        ensure!(shown["task"]["title"] == title, "{header}: {lines:?}: {shown}");
        match status {
            200 => ensure!(tag_of(&answer)? == "\"4\"", "{answer:?}"),
            412 if header == "if-match" => {
                ensure!(body["code"] == "CONFLICT" && body["details"]["current"] == shown["task"], "{lines:?}: {body}");
            }
            412 => ensure!(body["code"] == "CONFLICT", "{body}"),
            _ => ensure!(body["code"] == "INVALID_MESSAGE" && body["details"][0]["path"] != Value::Null, "{body}"),
        }
    }
    // `If-None-Match` with the current ETag.
    let tag = tag_of(&http(&scene, "ann", "GET", &path)?.send().await?)?;
    let change = || anyhow::Ok(http(&scene, "ann", "PATCH", &path)?.json(&json!({ "title": "Mine" })));
    with_status(&change()?.header("if-none-match", &tag).send().await?, 412)?;
    // Fields that nobody has changed since do not conflict, whatever the version.
    let priority = http(&scene, "ann", "PATCH", &path)?.json(&json!({ "priority": 7 })).header("if-match", &read);
    with_status(&priority.send().await?, 200)?;
    // Other refusals take precedence.
    let request = |path: &str, body: Value| {
        anyhow::Ok(http(&scene, "ann", "PATCH", path)?.json(&body).header("if-match", "\"x\""))
    };
    with_status(&request("/tasks/nothing", json!({ "title": "Mine" }))?.send().await?, 404)?;
    with_status(&request(&path, json!({ "title": 1 }))?.send().await?, 422)?;
    // `complete` is not made against a version, and refuses `If-Match`.
    let done = http(&scene, "ann", "POST", &format!("{path}/complete"))?.header("if-match", "\"1\"").send().await?;
    with_status(&done, 422)?;
    // A tag that matches nothing fails there as well.
    for tag in ["W/\"1\"", "\"foreign\"", "W/\"1\", \"\""] {
        for (method, path) in
            [("DELETE", path.clone()), ("POST", format!("{path}/move")), ("POST", format!("{path}/complete"))]
        {
            let request = http(&scene, "ann", method, &path)?.header("if-match", tag);
            let body = with_status(&request.send().await?, 412).with_context(|| format!("{method} {path} {tag}"))?;
            ensure!(body["code"] == "CONFLICT", "{body}");
        }
    }
    // The message says why the condition failed.
    for (tag, said) in [
        ("W/\"4\"", "If-Match does not hold"),
        ("\"foreign\"", "If-Match does not hold"),
        ("\"99\"", "there has been no such version yet"),
        ("\"1\"", "changed by somebody else since"),
    ] {
        let refused = with_status(&change()?.header("if-match", tag).send().await?, 412)?;
        ensure!(refused["detail"].as_str().is_some_and(|text| text.starts_with(said)), "{tag}: {refused}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeated_request_with_several_etags_gets_the_first_answer() -> Result<()> {
    let scene = Scene::open(Kind::Sqlite).await?;
    let ann = scene.client("ann").await?;
    let board = Board::create(&ann, &[]).await?;
    let path = format!("/tasks/{}", board.task(&ann, "1").await?);
    let change = |title: &str| {
        let request = http(&scene, "ann", "PATCH", &path)?.json(&json!({ "title": title }));
        anyhow::Ok(request.header("idempotency-key", "once").header("if-match", "\"2\", \"1\"").send())
    };
    let first = with_status(&change("2")?.await?, 200)?;
    // Version 2 exists now, so without its request id the repeated request would be a new change.
    let again = with_status(&change("2")?.await?, 200)?;
    assert_eq!((&again, &first["task"]["version"]), (&first, &json!(2)));
    let other = with_status(&change("3")?.await?, 422)?;
    assert_eq!(other["code"], "IDEMPOTENCY_MISMATCH");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_openapi_document_describes_the_etags() -> Result<()> {
    let scene = Scene::open(Kind::Sqlite).await?;
    let ann = scene.client("ann").await?;
    let board = Board::create(&ann, &[]).await?;
    let document = document(&scene.server.url()).await?;
    let patch = &document["paths"]["/boards/{boardId}"]["patch"]["parameters"];
    let headers = patch.as_array().context("no parameters")?;
    let if_match = headers.iter().find(|parameter| parameter["name"] == "If-Match").context("no If-Match")?;
    let pattern = if_match["schema"]["pattern"].as_str().context("no pattern")?;
    assert_eq!(pattern, "^([*]|\"[0-9]{1,15}([.][0-9a-f]{16})?(-gzip)?\")$");
    let shown = tag_of(&http(&scene, "ann", "GET", &format!("/boards/{}", board.id))?.send().await?)?;
    let renamed = http(&scene, "ann", "PATCH", &format!("/boards/{}", board.id))?.json(&json!({ "name": "X" }));
    let changed = tag_of(&renamed.header("if-match", &shown).send().await?)?;
    // Equivalent to the pattern.
    let matches_pattern = |tag: &str| {
        let text = tag.strip_prefix('"')?.strip_suffix('"')?;
        let (version, fingerprint) = text.split_once('.').map_or((text, None), |(one, other)| (one, Some(other)));
        let hexadecimal = |text: &str| text.len() == 16 && text.bytes().all(|byte| b"0123456789abcdef".contains(&byte));
        Some(version.parse::<u64>().is_ok() && fingerprint.is_none_or(hexadecimal))
    };
    for tag in [shown, changed] {
        ensure!(matches_pattern(&tag) == Some(true), "{tag}");
    }
    Ok(())
}
