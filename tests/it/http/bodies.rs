//! Bodies: the type that they must declare, and the errors for malformed ones.

use anyhow::{Context, Result, ensure};
use boardwire_test_support::{Http, Kind};
use serde_json::json;

use super::{http, with_status};
use crate::doors::document;
use crate::scene::{Board, Scene};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_must_declare_its_type() -> Result<()> {
    let scene = Scene::open(Kind::Sqlite).await?;
    let ann = scene.client("ann").await?;
    let board = Board::create(&ann, &[]).await?;
    let task = board.task(&ann, "With files").await?;
    let tasks = format!("/boards/{}/tasks", board.id);
    let body = || json!({ "title": "Sent" }).to_string().into_bytes();
    let post = |kind: &str| anyhow::Ok(http(&scene, "ann", "POST", &tasks)?.body(kind, body()));
    for kind in ["application/json", "application/json; charset=utf-8", "Application/JSON"] {
        with_status(&post(kind)?.send().await?, 201).with_context(|| kind.to_owned())?;
    }
    let before = board.snapshot(&ann).await?;
    let form = "multipart/form-data; boundary=border";
    let mut wrong = Vec::new();
    for kind in
        ["text/plain", "application/x-www-form-urlencoded", "application/merge-patch+json", "application", "", form]
    {
        wrong.push((post(kind)?, "Content-Type"));
    }
    wrong.push((post("application/json")?.header("content-type", "text/plain"), "Content-Type"));
    wrong.push((post("application/json")?.header("content-encoding", "gzip"), "Content-Encoding"));
    let sessions = Http::new(&scene.server.url(), "POST", "/api/v1/sessions");
    wrong.push((sessions.body("text/plain", b"{\"user\": \"ann\", \"password\": \"x\"}".to_vec()), "Content-Type"));
    let files = format!("/tasks/{task}/attachments");
    for kind in ["application/octet-stream", "application/json", "multipart/mixed; boundary=border"] {
        wrong.push((http(&scene, "ann", "POST", &files)?.body(kind, b"abc".to_vec()), "Content-Type"));
    }
    for (request, path) in wrong {
        let shown = format!("{request:?}");
        let answer = request.send().await?;
        let problem = with_status(&answer, 415).with_context(|| shown.clone())?;
        ensure!(answer.header("content-type") == Some("application/problem+json"), "{shown}: {answer:?}");
        ensure!(problem["code"] == "INVALID_MESSAGE" && problem["details"][0]["path"] == path, "{shown}: {problem}");
    }
    // A form without a boundary has the right type, but is still malformed.
    let without_boundary =
        http(&scene, "ann", "POST", &files)?.body("multipart/form-data", b"abc".to_vec()).send().await?;
    with_status(&without_boundary, 422)?;
    // Without a body, no type needs to be declared.
    let done = http(&scene, "ann", "POST", &format!("/tasks/{task}/complete"))?.send().await?;
    with_status(&done, 200)?;
    let after = board.snapshot(&ann).await?;
    ensure!(before["tasks"].as_array().map(Vec::len) == after["tasks"].as_array().map(Vec::len), "{after}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn errors_are_explained_in_plain_words() -> Result<()> {
    let scene = Scene::open(Kind::Sqlite).await?;
    let ann = scene.client("ann").await?;
    let board = Board::create(&ann, &[]).await?;
    let tasks = format!("/boards/{}/tasks", board.id);
    let order = format!("/boards/{}/columns/order", board.id);
    for (method, path, body, at, message) in [
        ("POST", tasks.as_str(), r#"{"title": 7}"#, "title", "must be a string, and is 7"),
        (
            "POST",
            &tasks,
            r#"{"title": "T", "priority": "high"}"#,
            "priority",
            "must be a whole number, and is a string",
        ),
        ("POST", &tasks, r#"{"title": "T", "colour": 1}"#, "colour", "there is no such field; there are "),
        ("POST", &tasks, r#"{}"#, "title", "is missing"),
        ("POST", &tasks, r#"nonsense"#, "", "the body must be one JSON object"),
        ("POST", &tasks, r#"{"title": T}"#, "", "the body is no valid JSON (line 1, column 11)"),
        ("POST", &tasks, r#"{"title": "T""#, "", "the body is no valid JSON (line 1, column 13)"),
        ("POST", &tasks, r#"["T"]"#, "", "the body must be one JSON object"),
        ("PUT", &order, r#"{"columnIds": "all"}"#, "columnIds", "must be a list, and is a string"),
        ("POST", "/notifications", r#"{"text": 7, "all": true}"#, "text", "must be a string, and is 7"),
        ("POST", "/notifications", r#"{"text": "a\u0000b", "all": true}"#, "text", "must not hold the NUL character"),
        ("POST", "/sessions", r#"{"user": ["a"], "password": "x"}"#, "user", "must be a string, and is a list"),
    ] {
        let request = http(&scene, "ann", method, path)?.body("application/json", body.as_bytes().to_vec());
        let problem = with_status(&request.send().await?, 422).with_context(|| body.to_owned())?;
        let detail = &problem["details"][0];
        ensure!(detail["path"] == at, "{body}: {problem}");
        ensure!(detail["message"].as_str().is_some_and(|text| text.starts_with(message)), "{body}: {problem}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_openapi_document_excludes_texts_that_are_refused() -> Result<()> {
    let scene = Scene::open(Kind::Sqlite).await?;
    let document = document(&scene.server.url()).await?;
    let operation =
        |path: &str| &document["paths"][path]["post"]["requestBody"]["content"]["application/json"]["schema"];
    let comment = &operation("/tasks/{taskId}/comments")["properties"]["body"]["pattern"];
    let pattern = comment.as_str().context("no pattern for comments")?;
    ensure!(pattern.contains("\\u0000"), "it allows NUL: {pattern}");
    for one in operation("/notifications")["oneOf"].as_array().context("no announcements")? {
        assert_eq!(&one["properties"]["text"]["pattern"], comment);
    }
    Ok(())
}
