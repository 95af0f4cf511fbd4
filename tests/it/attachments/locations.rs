//! Where files are stored: a folder, or whatever a URL names.

use anyhow::{Context, Result, ensure};
use boardwire_test_support::{Database, Kind, Server};

use super::{TaskBoard, download, file_names_in, upload, uploaded};
use crate::scene::{Scene, text};

const LOCATION: &str = "BOARDWIRE_ATTACHMENTS";

/// Checks that a file can be uploaded and downloaded; returns its id.
async fn expect_file_is_stored(setup: &TaskBoard) -> Result<String> {
    let server = &setup.scene.server;
    let attachment = uploaded(upload(server, "ann", &setup.task)?.file("a", "text/plain", b"kept")).await?;
    let id = text(&attachment["id"])?;
    let answer = download(server, "ann", &id)?.send().await?;
    ensure!(answer.body == b"kept", "{answer:?}");
    Ok(id)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_in_memory_last_while_the_server_runs() -> Result<()> {
    let mut setup = TaskBoard::create(Scene::with(Kind::Sqlite, &[(LOCATION, "memory:///")]).await?, &[]).await?;
    let id = expect_file_is_stored(&setup).await?;
    ensure!(
        !file_names_in(setup.scene.database.folder())?.iter().any(|name| name.contains("attachments")),
        "the file is on the disk"
    );
    setup.scene.server.terminate().await?;
    setup.scene.server.restart().await?;
    // Its record still exists, but its bytes do not.
    let answer = download(&setup.scene.server, "ann", &id)?.send().await?;
    ensure!(answer.status == 404, "{answer:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_can_be_given_as_a_path_or_as_a_url() -> Result<()> {
    let outside = Database::create(Kind::Sqlite).await?;
    let (plain, url) = (outside.folder().join("plain"), outside.folder().join("by url/deep"));
    for (location, folder) in [
        (plain.display().to_string(), &plain),
        (format!("file://{}", url.display().to_string().replace(' ', "%20")), &url),
    ] {
        let mut setup = TaskBoard::create(Scene::with(Kind::Sqlite, &[(LOCATION, &location)]).await?, &[]).await?;
        let id = expect_file_is_stored(&setup).await?;
        assert_eq!(file_names_in(folder)?, [id.as_str()], "{location}");
        setup.scene.server.terminate().await?;
        setup.scene.server.restart().await?;
        let answer = download(&setup.scene.server, "ann", &id)?.send().await?;
        ensure!(answer.body == b"kept", "{answer:?}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unusable_location_is_reported_at_startup() -> Result<()> {
    let outside = Database::create(Kind::Sqlite).await?;
    let file = outside.folder().join("file");
    std::fs::write(&file, "not a folder")?;
    let inside = file.join("below").display().to_string();
    for (location, word) in [
        (file.display().to_string().as_str(), "file"),
        (inside.as_str(), "below"),
        ("/proc/nowhere", "/proc/nowhere"),
        ("nonsense://x", "URL"),
        ("s3://bucket", "URL"),
    ] {
        let database = Database::create(Kind::Sqlite).await?;
        let refused = Server::builder(&database).set(LOCATION, location).start().await;
        let error = format!("{:#}", refused.err().with_context(|| format!("it started with {location}"))?);
        for word in [word, LOCATION, "--attachments"] {
            ensure!(error.contains(word), "{location}: no {word} in {error}");
        }
        ensure!(!error.contains("panicked"), "{error}");
    }
    Ok(())
}
