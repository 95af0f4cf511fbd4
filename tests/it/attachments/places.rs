//! Where files are stored: a folder, or whatever a URL names.

use anyhow::{Context, Result, ensure};
use boardwire_test_support::{Database, Kind, Server};

use super::{Table, download, kept, upload, uploaded};
use crate::scene::{Scene, text};

const PLACE: &str = "BOARDWIRE_ATTACHMENTS";

/// Checks that a file can be uploaded and downloaded.
async fn holds_a_file(table: &Table) -> Result<String> {
    let server = &table.scene.server;
    let attachment = uploaded(upload(server, "ann", &table.task)?.file("a", "text/plain", b"kept")).await?;
    let id = text(&attachment["id"])?;
    let answer = download(server, "ann", &id)?.send().await?;
    ensure!(answer.body == b"kept", "{answer:?}");
    Ok(id)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn memory_holds_files_while_the_server_runs() -> Result<()> {
    let mut table = Table::set(Scene::with(Kind::Sqlite, &[(PLACE, "memory:///")]).await?, &[]).await?;
    let id = holds_a_file(&table).await?;
    ensure!(!kept(table.scene.database.folder())?.iter().any(|name| name.contains("attachments")), "it is on the disk");
    table.scene.server.terminate().await?;
    table.scene.server.restart().await?;
    // Its record still exists, but its bytes do not: the answer says so, and nothing breaks.
    let answer = download(&table.scene.server, "ann", &id)?.send().await?;
    ensure!(answer.status == 404, "{answer:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_may_be_named_in_both_ways() -> Result<()> {
    let outside = Database::create(Kind::Sqlite).await?;
    let (plain, url) = (outside.folder().join("plain"), outside.folder().join("by url/deep"));
    for (place, folder) in [
        (plain.display().to_string(), &plain),
        (format!("file://{}", url.display().to_string().replace(' ', "%20")), &url),
    ] {
        let mut table = Table::set(Scene::with(Kind::Sqlite, &[(PLACE, &place)]).await?, &[]).await?;
        let id = holds_a_file(&table).await?;
        assert_eq!(kept(folder)?, [id.as_str()], "{place}");
        table.scene.server.terminate().await?;
        table.scene.server.restart().await?;
        let answer = download(&table.scene.server, "ann", &id)?.send().await?;
        ensure!(answer.body == b"kept", "{answer:?}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_place_that_cannot_be_used_is_said_at_the_start() -> Result<()> {
    let outside = Database::create(Kind::Sqlite).await?;
    let file = outside.folder().join("file");
    std::fs::write(&file, "not a folder")?;
    let inside = file.join("below").display().to_string();
    for (place, word) in [
        (file.display().to_string().as_str(), "file"),
        (inside.as_str(), "below"),
        ("/proc/nowhere", "/proc/nowhere"),
        ("nonsense://x", "URL"),
        ("s3://bucket", "URL"),
    ] {
        let database = Database::create(Kind::Sqlite).await?;
        let refused = Server::builder(&database).set(PLACE, place).start().await;
        let error = format!("{:#}", refused.err().with_context(|| format!("it started with {place}"))?);
        for word in [word, PLACE, "--attachments"] {
            ensure!(error.contains(word), "{place}: no {word} in {error}");
        }
        ensure!(!error.contains("panicked"), "{error}");
    }
    Ok(())
}
