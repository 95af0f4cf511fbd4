//! Malicious names and media types; who may download.

use anyhow::{Context, Result, ensure};
use boardwire_test_support::Kind;
use serde_json::json;

use super::{TaskBoard, download, expect_safe_headers, file_names_in, folder, upload, uploaded};
use crate::scene::{Scene, text};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_name_never_becomes_a_path() -> Result<()> {
    let setup = TaskBoard::create(Scene::open(Kind::Sqlite).await?, &[]).await?;
    let server = &setup.scene.server;
    let longest = "x".repeat(255);
    for (given, plain, encoded) in [
        ("../../x", "x", "x"),
        ("/etc/passwd", "passwd", "passwd"),
        ("C:\\x.txt", "x.txt", "x.txt"),
        ("a\\\"; filename=evil.exe", "a_; filename=evil.exe", "a%22%3B%20filename%3Devil.exe"),
        ("bärchen 🎉.png", "b_rchen _.png", "b%C3%A4rchen%20%F0%9F%8E%89.png"),
        ("<script>alert(1)<b>", "<script>alert(1)<b>", "%3Cscript%3Ealert%281%29%3Cb%3E"),
        ("\u{202e}gpj.exe", "gpj.exe", "gpj.exe"),
        ("a%22b.txt", "a_b.txt", "a%22b.txt"),
        (
            "'; DROP TABLE attachments; --",
            "'; DROP TABLE attachments; --",
            "%27%3B%20DROP%20TABLE%20attachments%3B%20--",
        ),
        ("..", "file", "file"),
        ("", "file", "file"),
        (&longest, &longest, &longest),
    ] {
        let attachment = uploaded(upload(server, "ann", &setup.task)?.file(given, "text/plain", b"x")).await?;
        let id = text(&attachment["id"])?;
        ensure!(file_names_in(&folder(&setup.scene))?.contains(&id), "the file is not stored under its id");
        let answer = download(server, "ann", &id)?.send().await?;
        expect_safe_headers(&answer).with_context(|| given.to_owned())?;
        let disposition = answer.header("content-disposition").context("no Content-Disposition")?;
        assert_eq!(disposition, format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}"), "{given}");
    }
    let names = file_names_in(setup.scene.database.folder())?;
    ensure!(!names.iter().any(|name| name == "x" || name == "passwd"), "a file was stored elsewhere: {names:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_that_are_too_long_are_refused() -> Result<()> {
    let setup = TaskBoard::create(Scene::open(Kind::Sqlite).await?, &[]).await?;
    for wrong in ["x".repeat(300), "ü".repeat(256)] {
        let answer = upload(&setup.scene.server, "ann", &setup.task)?.file(&wrong, "text/plain", b"x").send().await?;
        ensure!(answer.status == 422, "{wrong:?}: {answer:?}");
        let body = answer.json()?;
        ensure!(body["code"] == "INVALID_MESSAGE" && body["details"][0]["path"] == "file", "{body}");
    }
    setup.expect_no_attachments().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_that_browsers_would_run_are_downloads() -> Result<()> {
    let setup = TaskBoard::create(Scene::open(Kind::Sqlite).await?, &[]).await?;
    let server = &setup.scene.server;
    let page = b"<script>fetch('/api/v1/sessions/current')</script>";
    for (given, taken) in [
        ("text/html", "text/html"),
        ("Text/HTML; charset=utf-8", "text/html"),
        ("image/svg+xml", "image/svg+xml"),
        ("application/javascript", "application/javascript"),
        ("nonsense", "application/octet-stream"),
        ("text/<b>", "application/octet-stream"),
        ("a/b/c", "application/octet-stream"),
        ("/a/b", "application/octet-stream"),
        ("a//b", "application/octet-stream"),
        (&format!("text/{}", "x".repeat(200)), "application/octet-stream"),
    ] {
        let answer = upload(server, "ann", &setup.task)?.file("page.html", given, page).send().await?;
        // Something that is not a media type may also be refused.
        if answer.status == 422 && taken == "application/octet-stream" {
            continue;
        }
        let attachment = &answer.json()?["attachment"];
        assert_eq!(attachment["content_type"], taken, "{given}");
        let answer = download(server, "ann", &text(&attachment["id"])?)?.send().await?;
        expect_safe_headers(&answer).with_context(|| given.to_owned())?;
        ensure!(answer.body == page && answer.header("content-type") == Some(taken), "{answer:?}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_readers_of_the_board_can_download() -> Result<()> {
    let setup = TaskBoard::create(Scene::open(Kind::Sqlite).await?, &[("bob", "viewer")]).await?;
    let server = &setup.scene.server;
    setup.scene.client("eve").await?.disconnect().await?;
    let attachment = uploaded(upload(server, "ann", &setup.task)?.file("a", "text/plain", b"secret")).await?;
    let id = text(&attachment["id"])?;
    ensure!(download(server, "bob", &id)?.send().await?.status == 200, "a viewer was refused");
    let hidden = download(server, "eve", &id)?.send().await?;
    let missing = download(server, "eve", "01900000-0000-7000-8000-000000000000")?.send().await?;
    ensure!(hidden.status == 404 && hidden.json()? == missing.json()?, "{hidden:?} {missing:?}");
    for id in ["..%2F..%2Fboard.db", "..%5Cx", "%00", "%FF", "a.b", &"x".repeat(65)] {
        let answer = download(server, "ann", id)?.send().await?;
        ensure!((400..500).contains(&answer.status) && answer.header("content-disposition").is_none(), "{answer:?}");
        ensure!(answer.header("content-type") == Some("application/problem+json"), "{id}: {answer:?}");
    }
    // Knowing the ETag reveals nothing.
    let etag = format!("\"{}\"", text(&attachment["sha256"])?);
    let asked = download(server, "eve", &id)?.header("if-none-match", &etag).send().await?;
    ensure!(asked.status == 404, "{asked:?}");
    setup.ann.ask("board:member:remove", json!({ "boardId": setup.board.id, "userId": "bob" })).await?;
    let removed = download(server, "bob", &id)?.send().await?;
    ensure!(removed.status == 404, "a removed member was not refused: {removed:?}");
    Ok(())
}
