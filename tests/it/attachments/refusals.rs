//! Uploads that are refused or interrupted: they leave nothing behind.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use boardwire_test_support::{Answer, Http, Kind, PATIENCE, eventually, patient, token};
use futures_util::future::try_join_all;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use super::{TaskBoard, file_names_in, folder, upload, upload_with, uploaded};
use crate::scene::{Scene, text};

/// Checks an error against RFC 9457 and the contract.
fn expect_problem(answer: &Answer, status: u16, code: &str) -> Result<Value> {
    ensure!(answer.status == status, "status {status} expected: {answer:?}");
    ensure!(answer.header("content-type") == Some("application/problem+json"), "{answer:?}");
    let body = answer.json()?;
    ensure!(body["code"] == code, "{code} expected: {body}");
    Ok(body)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_is_too_large_is_refused() -> Result<()> {
    let scene = Scene::with(Kind::Sqlite, &[("BOARDWIRE_MAX_ATTACHMENT_SIZE", "1000")]).await?;
    let setup = TaskBoard::create(scene, &[]).await?;
    let server = &setup.scene.server;
    for size in [1_001, 100_000] {
        let answer = upload(server, "ann", &setup.task)?.file("a", "text/plain", &vec![0; size]).send().await?;
        let body = expect_problem(&answer, 413, "PAYLOAD_TOO_LARGE")?;
        ensure!(body["error"].as_str().is_some_and(|sentence| sentence.contains("1000")), "{body}");
        setup.expect_no_attachments().await?;
    }
    let just = uploaded(upload(server, "ann", &setup.task)?.file("a", "text/plain", &[0; 1_000])).await?;
    assert_eq!(just["size"], 1_000);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_is_not_a_form_with_a_file_is_refused() -> Result<()> {
    let setup = TaskBoard::create(Scene::open(Kind::Sqlite).await?, &[]).await?;
    let request = || upload(&setup.scene.server, "ann", &setup.task);
    let other = request()?.field("other", "a.txt", "text/plain", b"x").send().await?;
    let body = expect_problem(&other, 422, "INVALID_MESSAGE")?;
    assert_eq!(body["details"][0]["path"], "file");
    let form = "multipart/form-data; boundary=border";
    for (kind, bytes) in [("application/json", &b"{}"[..]), ("application/octet-stream", b"x")] {
        expect_problem(&request()?.body(kind, bytes.to_vec()).send().await?, 415, "INVALID_MESSAGE").context(kind)?;
    }
    for (kind, bytes) in [
        ("multipart/form-data", &b"x"[..]),
        (form, b""),
        (form, b"nonsense"),
        (form, b"--border--\r\n"),
        (form, b"--border\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\nno end"),
    ] {
        let answer = request()?.body(kind, bytes.to_vec()).send().await?;
        expect_problem(&answer, 422, "INVALID_MESSAGE").with_context(|| String::from_utf8_lossy(bytes).into_owned())?;
    }
    let key = request()?.header("idempotency-key", &"x".repeat(65)).file("a", "text/plain", b"x").send().await?;
    expect_problem(&key, 422, "INVALID_MESSAGE")?;
    setup.expect_no_attachments().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_writers_can_upload() -> Result<()> {
    let setup = TaskBoard::create(Scene::open(Kind::Sqlite).await?, &[("bob", "viewer")]).await?;
    let server = &setup.scene.server;
    setup.scene.client("eve").await?.disconnect().await?;
    let file = |request: Http| request.file("a", "text/plain", b"x").send();
    expect_problem(&file(upload(server, "bob", &setup.task)?).await?, 403, "FORBIDDEN")?;
    expect_problem(&file(upload_with(server, "ann", &["read"], &setup.task)?).await?, 403, "FORBIDDEN")?;
    let hidden = file(upload(server, "eve", &setup.task)?).await?;
    let missing = file(upload(server, "eve", "nowhere")?).await?;
    assert_eq!(expect_problem(&hidden, 404, "NOT_FOUND")?, expect_problem(&missing, 404, "NOT_FOUND")?);
    expect_problem(&file(upload(server, "ann", "no%20id")?).await?, 404, "NOT_FOUND")?;
    let path = format!("/api/v1/tasks/{}/attachments", setup.task);
    expect_problem(&file(Http::new(&server.url(), "POST", &path)).await?, 401, "UNAUTHENTICATED")?;

    setup.ann.ask("board:archive", json!({ "boardId": setup.board.id })).await?;
    expect_problem(&file(upload(server, "ann", &setup.task)?).await?, 409, "ARCHIVED")?;
    setup.expect_no_attachments().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_has_at_most_a_hundred_files() -> Result<()> {
    let setup = TaskBoard::create(Scene::open(Kind::Sqlite).await?, &[]).await?;
    let server = &setup.scene.server;
    let file = || anyhow::Ok(upload(server, "ann", &setup.task)?.file("a", "text/plain", b"x"));
    for _ in 0..97 {
        uploaded(file()?).await?;
    }
    // Four at the same time, of which three fit; a fifth would be too many at the same time.
    let four = try_join_all((0..4).map(|_| file()).collect::<Result<Vec<_>>>()?.into_iter().map(Http::send)).await?;
    for answer in four.iter().filter(|answer| answer.status != 201) {
        expect_problem(answer, 409, "CONFLICT")?;
    }
    assert_eq!(four.iter().filter(|answer| answer.status == 201).count(), 3);
    expect_problem(&file()?.send().await?, 409, "CONFLICT")?;
    let listed = setup.detail().await?["attachments"].as_array().map_or(0, Vec::len);
    assert_eq!((listed, file_names_in(&folder(&setup.scene))?.len()), (100, 100));
    let one = text(&setup.detail().await?["attachments"][0]["id"])?;
    setup.ann.ask("task:attachment:remove", json!({ "attachmentId": one })).await?;
    uploaded(file()?).await.map(drop)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_interrupted_upload_leaves_nothing() -> Result<()> {
    let setup = TaskBoard::create(Scene::open(Kind::Sqlite).await?, &[]).await?;
    setup.board.view(&setup.ann).await?;
    let folder = folder(&setup.scene);
    // By then, some pieces of the file are on the disk: object_store writes 5 MiB at a time.
    for sent in [100, 8_000_000] {
        let request = upload(&setup.scene.server, "ann", &setup.task)?.file("a", "text/plain", &vec![7; 12_000_000]);
        let stream = request.send_part(sent).await?;
        if sent > 1_000 {
            eventually("the beginning is on the disk", PATIENCE, async || {
                Ok((!file_names_in(&folder)?.is_empty()).then_some(()))
            })
            .await?;
        }
        drop(stream);
        eventually("the folder is empty again", PATIENCE, async || {
            Ok(file_names_in(&folder)?.is_empty().then_some(()))
        })
        .await?;
    }
    setup.ann.expect_silence(Duration::from_millis(300)).await?;
    setup.expect_no_attachments().await
}

/// An upload that a killed server had begun is not an attachment.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_server_leaves_no_file() -> Result<()> {
    let mut setup = TaskBoard::create(Scene::open(Kind::Sqlite).await?, &[]).await?;
    let folder = folder(&setup.scene);
    let request = upload(&setup.scene.server, "ann", &setup.task)?.file("a", "text/plain", &vec![7; 12_000_000]);
    let _stream = request.send_part(8_000_000).await?;
    eventually("the beginning is on the disk", PATIENCE, async || {
        Ok((!file_names_in(&folder)?.is_empty()).then_some(()))
    })
    .await?;
    setup.scene.server.kill9().await?;
    let begun = file_names_in(&folder)?;
    setup.scene.server.restart().await?;
    let ann = setup.scene.client("ann").await?;
    assert_eq!(ann.ask("task:get", json!({ "taskId": setup.task })).await?["attachments"], json!([]));
    for name in begun {
        let path = format!("/api/v1/attachments/{}", name.split('#').next().unwrap_or_default());
        let answer =
            Http::new(&setup.scene.server.url(), "GET", &path).bearer(&token("ann", &["read"])?).send().await?;
        ensure!(answer.status == 404, "{answer:?}");
    }
    Ok(())
}

/// The part of a form before the file is limited in size, so that nobody fills the server's memory with it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn form_data_before_the_file_does_not_fill_the_memory() -> Result<()> {
    const SIZE: usize = 64 << 20;
    let scene = Scene::with(Kind::Sqlite, &[("BOARDWIRE_MAX_ATTACHMENT_SIZE", "1073741824")]).await?;
    let setup = TaskBoard::create(scene, &[]).await?;
    let server = &setup.scene.server;
    uploaded(upload(server, "ann", &setup.task)?.file("small", "text/plain", &vec![1; 4_000_000])).await?;
    let before = server.rss_kib()?;
    let field = "--border\r\ncontent-disposition: form-data; name=\"other\"\r\n\r\n";
    for begin in ["", "--border\r\nContent-Disposition: form-data; name=\"file\"; x=\"", field] {
        let bytes = vec![b'x'; begin.len() + SIZE];
        let request = upload(server, "ann", &setup.task)?.body("multipart/form-data; boundary=border", bytes);
        let mut stream = request.send_part(0).await?;
        let sending = async {
            let _ = stream.write_all(begin.as_bytes()).await;
            let (piece, mut most) = (vec![b'x'; 1 << 20], 0);
            for _ in 0..SIZE >> 20 {
                most = most.max(server.rss_kib()?);
                if stream.write_all(&piece).await.is_err() {
                    break;
                }
            }
            let mut answer = Vec::new();
            let _ = stream.read_to_end(&mut answer).await;
            anyhow::Ok((most.max(server.rss_kib()?), String::from_utf8_lossy(&answer).into_owned()))
        };
        let (most, answer) = timeout(patient(Duration::from_secs(30)), sending)
            .await
            .context("the upload is neither refused nor finished")??;
        ensure!(answer.is_empty() || answer.starts_with("HTTP/1.1 413"), "{begin}: {answer}");
        let grown = most.saturating_sub(before);
        ensure!(grown < SIZE as u64 / 2048, "{begin}: it grew by {grown} KiB");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_has_at_most_four_uploads_at_a_time() -> Result<()> {
    let setup = TaskBoard::create(Scene::open(Kind::Sqlite).await?, &[("bob", "member")]).await?;
    let server = &setup.scene.server;
    let file = |user| anyhow::Ok(upload(server, user, &setup.task)?.file("a", "text/plain", b"x"));
    let mut running = Vec::new();
    for _ in 0..4 {
        running.push(file("ann")?.send_part(20).await?);
    }
    let refused = eventually("the fifth is refused", PATIENCE, async || {
        let answer = file("ann")?.send().await?;
        if answer.status == 201 {
            // This upload was admitted before one of the four, which is then refused: begin another one.
            running.push(file("ann")?.send_part(20).await?);
        }
        Ok((answer.status != 201).then_some(answer))
    })
    .await?;
    let body = expect_problem(&refused, 429, "RATE_LIMIT")?;
    ensure!(body["retryAfter"] == 1.0 && refused.header("retry-after") == Some("1"), "{refused:?}");
    uploaded(file("bob")?).await.context("another user")?;
    drop(running);
    eventually("another upload is accepted", PATIENCE, async || {
        Ok((file("ann")?.send().await?.status == 201).then_some(()))
    })
    .await
}

/// An upload may take long; a user who loses the right to it meanwhile leaves nothing on the board.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_revoked_during_an_upload_uploads_nothing() -> Result<()> {
    let setup = TaskBoard::create(Scene::open(Kind::Sqlite).await?, &[]).await?;
    let server = &setup.scene.server;
    let arguments = ["api-key", "create", "--user", "ann", "--name", "Agent", "--permissions", "read,write"];
    let key = server.run(&arguments, "").await?;
    let (id, key) = (text(&key["id"])?, text(&key["key"])?);
    let path = format!("/api/v1/tasks/{}/attachments", setup.task);
    let request = Http::new(&server.url(), "POST", &path).header("x-api-key", &key);
    let bytes = vec![7; 8_000_000];
    uploaded(request.clone().file("a", "text/plain", b"x")).await.context("the key is still valid")?;
    let mut stream = request.file("late", "text/plain", &bytes).send_part(7_000_000).await?;
    let folder = folder(&setup.scene);
    eventually(
        "the beginning is on the disk",
        PATIENCE,
        async || Ok((file_names_in(&folder)?.len() > 1).then_some(())),
    )
    .await?;
    server.run(&["api-key", "revoke", &id], "").await?;
    // The part already sent holds the head of the form and the file's first bytes.
    let head = "--border\r\ncontent-disposition: form-data; name=\"file\"; filename=\"late\"\r\n\
                content-type: text/plain\r\n\r\n";
    let rest = [&bytes[7_000_000 - head.len()..], b"\r\n--border--\r\n"].concat();
    stream.write_all(&rest).await?;
    let mut answer = String::new();
    timeout(patient(PATIENCE), stream.read_to_string(&mut answer)).await??;
    ensure!(answer.starts_with("HTTP/1.1 401") && answer.contains("UNAUTHENTICATED"), "{answer}");
    let kept = file_names_in(&folder)?;
    ensure!(kept.len() == 1, "left over: {kept:?}");
    assert_eq!(setup.detail().await?["attachments"].as_array().map(Vec::len), Some(1));
    Ok(())
}
