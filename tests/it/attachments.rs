//! Attachments: a download returns what was uploaded, in a form that no browser runs; a refused or interrupted upload
//! leaves nothing behind; and everybody on the board is told of what is added and removed.

mod hostile;
mod locations;
mod quotas;
mod ranges;
mod refusals;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use boardwire_test_support::{Answer, Client, Http, Kind, Server, token};
use serde_json::{Value, json};

use crate::scene::{Board, Scene, fields, ids, text};

on_both!(a_file_can_be_uploaded_and_downloaded, a_repeated_upload_has_one_effect, files_are_deleted_with_their_task);

/// The SHA-256 of two million times `a`.
const TWO_MILLION: &str = "bcf7f9d1b4311c3352e60502255ce09a6744df84e8f2c89f79c4b5d74933a95a";

/// Returns an upload request by `user` that has no file yet.
fn upload(server: &Server, user: &str, task: &str) -> Result<Http> {
    upload_with(server, user, &["read", "write"], task)
}

fn upload_with(server: &Server, user: &str, permissions: &[&str], task: &str) -> Result<Http> {
    let request = Http::new(&server.url(), "POST", &format!("/api/v1/tasks/{task}/attachments"));
    Ok(request.bearer(&token(user, permissions)?))
}

fn download(server: &Server, user: &str, id: &str) -> Result<Http> {
    Ok(Http::new(&server.url(), "GET", &format!("/api/v1/attachments/{id}")).bearer(&token(user, &["read"])?))
}

/// Sends an upload that must be accepted; returns the attachment.
async fn uploaded(request: Http) -> Result<Value> {
    let answer = request.send().await?;
    ensure!(answer.status == 201, "the upload was refused: {answer:?}");
    Ok(answer.json()?["attachment"].clone())
}

/// Returns where the server of this scene stores files by default.
fn folder(scene: &Scene) -> PathBuf {
    match scene.database.kind() {
        Kind::Sqlite => scene.database.folder().join("board.db.attachments"),
        Kind::Postgres => {
            let location = scene.database.url().rsplit_once('@').map_or("", |(_, location)| location);
            let name = location.split('?').next().unwrap_or_default().replace([':', '/'], "_");
            scene.database.folder().join("boardwire-attachments").join(name)
        }
    }
}

/// Returns the names of all files in the folder, sorted.
fn file_names_in(folder: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))? {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.sort_unstable();
    Ok(names)
}

/// A board of Ann's with a task, and its members.
struct TaskBoard {
    scene: Scene,
    ann: Client,
    board: Board,
    task: String,
}

impl TaskBoard {
    async fn create(scene: Scene, members: &[(&str, &str)]) -> Result<Self> {
        let ann = scene.client("ann").await?;
        for (user, _) in members {
            scene.client(user).await?.disconnect().await?;
        }
        let board = Board::create(&ann, members).await?;
        let task = board.task(&ann, "With files").await?;
        Ok(Self { scene, ann, board, task })
    }

    async fn detail(&self) -> Result<Value> {
        self.ann.ask("task:get", json!({ "taskId": self.task })).await
    }

    /// Checks that there is no attachment, no file and no part of one.
    async fn expect_no_attachments(&self) -> Result<()> {
        let detail = self.detail().await?;
        ensure!(detail["attachments"] == json!([]), "{detail}");
        let kept = file_names_in(&folder(&self.scene))?;
        ensure!(kept.is_empty(), "left over: {kept:?}");
        Ok(())
    }
}

/// Checks the headers that every download is sent with.
fn expect_safe_headers(answer: &Answer) -> Result<()> {
    let disposition = answer.header("content-disposition").context("no Content-Disposition")?;
    ensure!(disposition.starts_with("attachment; filename=\""), "{disposition}");
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("content-security-policy", "default-src 'none'; sandbox"),
        ("cache-control", "private, no-cache"),
    ] {
        ensure!(answer.header(name) == Some(value), "{name}: {answer:?}");
    }
    Ok(())
}

async fn a_file_can_be_uploaded_and_downloaded(kind: Kind) -> Result<()> {
    let setup = TaskBoard::create(Scene::open(kind).await?, &[("bob", "member")]).await?;
    let (server, bob) = (&setup.scene.server, setup.scene.client("bob").await?);
    setup.board.view(&bob).await?;
    setup.board.view(&setup.ann).await?;
    let bytes = vec![b'a'; 2_000_000];
    let answer = upload(server, "ann", &setup.task)?.file("notes.txt", "text/plain", &bytes).send().await?;
    ensure!(answer.status == 201 && answer.header("content-type") == Some("application/json"), "{answer:?}");
    let body = answer.json()?;
    let attachment = &body["attachment"];
    let names = "board_id content_type created_at filename id sha256 size task_id uploaded_by";
    assert_eq!(fields(attachment).join(" "), names);
    assert_eq!(attachment["size"], 2_000_000);
    assert_eq!(attachment["sha256"], TWO_MILLION);
    assert_eq!([&attachment["filename"], &attachment["content_type"]], ["notes.txt", "text/plain"]);
    assert_eq!([&attachment["uploaded_by"], &attachment["task_id"]], ["ann", setup.task.as_str()]);

    // Everybody is told, including the uploader's own sockets: none of them sent it.
    for client in [&bob, &setup.ann] {
        let event = client.next_event("task:attachment:added").await?;
        assert_eq!(event.data(), &json!({ "attachment": attachment, "taskId": setup.task, "boardId": setup.board.id }));
        assert_eq!(event.payload["seq"], body["seq"]);
        assert_eq!(event.payload["userId"], "ann");
    }
    assert_eq!(setup.detail().await?["attachments"], json!([attachment]));

    let id = text(&attachment["id"])?;
    let answer = download(server, "bob", &id)?.send().await?;
    ensure!(answer.status == 200 && answer.body == bytes, "{} with {} bytes", answer.status, answer.body.len());
    expect_safe_headers(&answer)?;
    assert_eq!(answer.header("content-type"), Some("text/plain"));
    assert_eq!(answer.header("content-length"), Some("2000000"));
    let etag = answer.header("etag").context("no ETag")?.to_owned();
    let again = download(server, "bob", &id)?.header("if-none-match", &etag).send().await?;
    ensure!(again.status == 304 && again.body.is_empty() && again.header("etag") == Some(&etag), "{again:?}");
    let other = download(server, "bob", &id)?.header("if-none-match", "\"other\"").send().await?;
    ensure!(other.status == 200 && other.body.len() == 2_000_000, "{}", other.status);

    bob.ask("task:attachment:remove", json!({ "attachmentId": id })).await?;
    let event = setup.ann.next_event("task:attachment:removed").await?;
    assert_eq!(event.data(), &json!({ "attachmentId": id, "taskId": setup.task, "boardId": setup.board.id }));
    assert_eq!(setup.detail().await?["attachments"], json!([]));
    let gone = download(server, "ann", &id)?.send().await?;
    ensure!(gone.status == 404 && gone.json()?["code"] == "NOT_FOUND", "{gone:?}");
    bob.refused("task:attachment:remove", json!({ "attachmentId": id }), "NOT_FOUND").await.map(drop)
}

async fn a_repeated_upload_has_one_effect(kind: Kind) -> Result<()> {
    let setup = TaskBoard::create(Scene::open(kind).await?, &[]).await?;
    let upload = || anyhow::Ok(upload(&setup.scene.server, "ann", &setup.task)?.header("idempotency-key", "once"));
    setup.board.view(&setup.ann).await?;
    let first = upload()?.file("a.txt", "text/plain", b"abc").send().await?.json()?;
    let second = upload()?.file("a.txt", "text/plain", b"abc").send().await?;
    ensure!(second.status == 201, "{second:?}");
    assert_eq!(second.json()?, first, "not the first reply");
    assert_eq!(setup.detail().await?["attachments"], json!([first["attachment"]]));
    setup.ann.next_event("task:attachment:added").await?;
    let other = upload()?.file("a.txt", "text/plain", b"abd").send().await?;
    ensure!(other.status == 422 && other.json()?["code"] == "IDEMPOTENCY_MISMATCH", "{other:?}");
    setup.ann.expect_silence(Duration::from_millis(300)).await?;
    let id = text(&first["attachment"]["id"])?;
    assert_eq!(download(&setup.scene.server, "ann", &id)?.send().await?.body, b"abc");
    // The file of the repeated upload is not stored.
    assert_eq!(file_names_in(&folder(&setup.scene))?, [id]);
    Ok(())
}

async fn files_are_deleted_with_their_task(kind: Kind) -> Result<()> {
    let setup = TaskBoard::create(Scene::open(kind).await?, &[]).await?;
    let server = &setup.scene.server;
    let first = uploaded(upload(server, "ann", &setup.task)?.file("a", "text/plain", b"one")).await?;
    let second = uploaded(upload(server, "ann", &setup.task)?.file("a", "text/plain", b"")).await?;
    assert_eq!([&first["size"], &second["size"]], [3, 0], "sizes");
    assert_eq!(ids(&setup.detail().await?["attachments"])?, [text(&first["id"])?, text(&second["id"])?]);
    assert_eq!(download(server, "ann", &text(&second["id"])?)?.send().await?.body, b"");
    setup.ann.ask("task:delete", json!({ "taskId": setup.task })).await?;
    for attachment in [&first, &second] {
        let gone = download(server, "ann", &text(&attachment["id"])?)?.send().await?;
        ensure!(gone.status == 404, "{gone:?}");
    }
    assert_eq!(setup.scene.database.query("SELECT COUNT(*) FROM attachments").await?, [["0"]]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_file_does_not_pass_through_memory() -> Result<()> {
    const SIZE: usize = 80_000_000;
    let most = ("BOARDWIRE_MAX_ATTACHMENT_SIZE", "100000000");
    let setup = TaskBoard::create(Scene::with(Kind::Sqlite, &[most]).await?, &[]).await?;
    let server = &setup.scene.server;
    // A first upload allocates what is allocated only once.
    uploaded(upload(server, "ann", &setup.task)?.file("small", "text/plain", &vec![1; 1_000_000])).await?;
    let before = server.rss_kib()?;
    let bytes = (0..=250).collect::<Vec<u8>>().repeat(SIZE / 251);
    let attachment = uploaded(upload(server, "ann", &setup.task)?.file("large", "text/plain", &bytes)).await?;
    let id = text(&attachment["id"])?;
    ensure!(download(server, "ann", &id)?.send().await?.body == bytes, "the download differs from the upload");
    let grown = server.rss_kib()?.saturating_sub(before);
    // A few pieces of 5 MiB each, and what the allocator retains.
    ensure!(grown < SIZE as u64 / 2048, "it grew by {grown} KiB: the file passes through memory as a whole");
    Ok(())
}
