//! Storage quotas: per user and in total, even when many files arrive at once; and the disk space that stays free.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use boardwire_test_support::{Answer, Kind, PATIENCE, eventually};
use futures_util::future::try_join_all;
use serde_json::json;

use super::{TaskBoard, download, file_names_in, folder, upload, uploaded};
use crate::scene::{Scene, text};

on_both!(
    a_user_stores_no_more_than_the_quota,
    all_users_together_store_no_more_than_the_quota,
    files_count_until_they_are_removed
);

/// Checks that the answer says that storage is full, in this scope.
fn expect_storage_full(answer: &Answer, scope: &str) -> Result<()> {
    ensure!(answer.status == 507 && answer.header("content-type") == Some("application/problem+json"), "{answer:?}");
    let problem = answer.json()?;
    ensure!(problem["code"] == "STORAGE_FULL" && problem["details"]["scope"] == scope, "{problem}");
    Ok(())
}

async fn a_user_stores_no_more_than_the_quota(kind: Kind) -> Result<()> {
    let scene = Scene::with(kind, &[("BOARDWIRE_ATTACHMENT_QUOTA_PER_USER", "10000")]).await?;
    let setup = TaskBoard::create(scene, &[("bob", "member")]).await?;
    let server = &setup.scene.server;
    let send = |user: &str, size: usize| {
        let request = upload(server, user, &setup.task)?.file("a.bin", "application/octet-stream", &vec![b'x'; size]);
        anyhow::Ok(request.send())
    };
    // All at once: as many are accepted as the quota allows.
    let mut accepted = Vec::new();
    for _ in 0..3 {
        for answer in
            try_join_all([send("ann", 3000)?, send("ann", 3000)?, send("ann", 3000)?, send("ann", 3000)?]).await?
        {
            match answer.status {
                201 => accepted.push(text(&answer.json()?["attachment"]["id"])?),
                _ => expect_storage_full(&answer, "user")?,
            }
        }
    }
    ensure!(accepted.len() == 3, "not three of 3,000 bytes were accepted: {accepted:?}");
    let mut expected = accepted.clone();
    expected.sort_unstable();
    assert_eq!(file_names_in(&folder(&setup.scene))?, expected, "a refused upload left a file behind");
    let refused = send("ann", 3000)?.await?;
    expect_storage_full(&refused, "user")?;
    assert_eq!(refused.json()?["details"], json!({ "scope": "user", "limit": 10_000, "held": 9000 }));
    // Other users are not affected, and freed space is available at once.
    ensure!(send("bob", 3000)?.await?.status == 201);
    setup.ann.ask("task:attachment:remove", json!({ "attachmentId": accepted[0] })).await?;
    ensure!(send("ann", 3000)?.await?.status == 201);
    expect_storage_full(&send("ann", 3000)?.await?, "user")?;

    // An upload in progress counts before it is complete.
    setup.ann.ask("task:attachment:remove", json!({ "attachmentId": accepted[1] })).await?;
    let partial_upload = eventually("an upload in progress counts", PATIENCE, async || {
        let partial_upload =
            upload(server, "ann", &setup.task)?.file("a.bin", "application/octet-stream", &[b'x'; 3000]);
        let partial_upload = partial_upload.send_part(1000).await?;
        let answer = send("ann", 3000)?.await?;
        if answer.status != 201 {
            return expect_storage_full(&answer, "user").map(|()| Some(partial_upload));
        }
        // The complete upload was counted first, so the partial one is refused.
        let id = text(&answer.json()?["attachment"]["id"])?;
        setup.ann.ask("task:attachment:remove", json!({ "attachmentId": id })).await?;
        Ok(None)
    })
    .await?;
    drop(partial_upload);
    eventually("an aborted upload no longer counts", PATIENCE, async || {
        Ok((send("ann", 3000)?.await?.status == 201).then_some(()))
    })
    .await
}

async fn all_users_together_store_no_more_than_the_quota(kind: Kind) -> Result<()> {
    let scene = Scene::with(kind, &[("BOARDWIRE_ATTACHMENT_QUOTA", "10000")]).await?;
    let setup = TaskBoard::create(scene, &[("bob", "member"), ("cid", "member")]).await?;
    let server = &setup.scene.server;
    let send = |user: &str, size: usize| {
        let request = upload(server, user, &setup.task)?.file("a.bin", "application/octet-stream", &vec![b'x'; size]);
        anyhow::Ok(request.send())
    };
    let answers = try_join_all([send("ann", 4000)?, send("bob", 4000)?, send("cid", 4000)?]).await?;
    let mut accepted = Vec::new();
    for answer in &answers {
        match answer.status {
            201 => accepted.push(text(&answer.json()?["attachment"]["id"])?),
            _ => expect_storage_full(answer, "server")?,
        }
    }
    ensure!((1..=2).contains(&accepted.len()), "not one or two of 4,000 bytes were accepted: {answers:?}");
    if accepted.len() == 1 {
        let request = upload(server, "bob", &setup.task)?.file("a.bin", "application/octet-stream", &[b'x'; 4000]);
        accepted.push(text(&uploaded(request).await?["id"])?);
    }
    expect_storage_full(&send("cid", 4000)?.await?, "server")?;
    setup.ann.ask("task:attachment:remove", json!({ "attachmentId": accepted[0] })).await?;
    ensure!(send("cid", 4000)?.await?.status == 201);
    expect_storage_full(&send("ann", 4000)?.await?, "server")
}

async fn files_count_until_they_are_removed(kind: Kind) -> Result<()> {
    let scene = Scene::with(kind, &[("BOARDWIRE_ATTACHMENT_QUOTA_PER_USER", "10000")]).await?;
    let setup = TaskBoard::create(scene, &[]).await?;
    let folder = folder(&setup.scene);
    for round in 0..6 {
        let task = setup.board.task(&setup.ann, "With a file").await?;
        let request = upload(&setup.scene.server, "ann", &task)?;
        let file = uploaded(request.file("a.bin", "application/octet-stream", &[b'x'; 8000])).await?;
        assert_eq!(file_names_in(&folder)?, [text(&file["id"])?], "a deleted file is still there");
        // By itself, or with its task.
        if round % 2 == 0 {
            setup.ann.ask("task:attachment:remove", json!({ "attachmentId": file["id"] })).await?;
        } else {
            setup.ann.ask("task:delete", json!({ "taskId": task })).await?;
        }
    }
    eventually("the last deleted file is cleaned up without another upload", PATIENCE, async || {
        Ok(file_names_in(&folder)?.is_empty().then_some(()))
    })
    .await
}

/// A small file system, if the operating system lets the test create one.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(at: PathBuf) -> Result<Option<Self>> {
        std::fs::create_dir_all(&at)?;
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=8m", "tmpfs"]).arg(&at).output();
        Ok(mounted.is_ok_and(|output| output.status.success()).then_some(Self(at)))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn uploads_leave_disk_space_for_the_database() -> Result<()> {
    let database = boardwire_test_support::Database::create(Kind::Sqlite).await?;
    let files = database.folder().join("files");
    let disk = SmallDisk::mount(files.clone())?;
    // If the small disk could not be mounted, require 99% free, which no real disk has.
    let share = if disk.is_some() { "5" } else { "99" };
    let settings = [
        ("BOARDWIRE_ATTACHMENTS", files.to_str().context("the path is not UTF-8")?),
        ("BOARDWIRE_MIN_FREE_DISK", share),
    ];
    let setup = TaskBoard::create(Scene::with(Kind::Sqlite, &settings).await?, &[]).await?;
    let send = async || {
        let request = upload(&setup.scene.server, "ann", &setup.task)?;
        request.file("a.bin", "application/octet-stream", &vec![b'x'; 1_000_000]).send().await
    };
    let mut accepted = Vec::new();
    let refused = loop {
        let answer = send().await?;
        if answer.status != 201 {
            break answer;
        }
        accepted.push(text(&answer.json()?["attachment"]["id"])?);
        ensure!(accepted.len() <= 8, "more was accepted than the disk holds");
    };
    expect_storage_full(&refused, "disk")?;
    assert_eq!(accepted.len(), if disk.is_some() { 7 } else { 0 }, "5% of 8 MiB must stay free");
    let left = file_names_in(&files)?;
    ensure!(left.len() == accepted.len(), "a refused upload left a file behind: {left:?}");
    // Other changes still work.
    setup.board.task(&setup.ann, "Still possible").await?;
    if let Some(first) = accepted.first() {
        ensure!(download(&setup.scene.server, "ann", first)?.send().await?.body.len() == 1_000_000);
    }
    setup.scene.server.wait_for_log("want of room").await.context("the operator is not told")?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_limit_of_zero_means_unlimited() -> Result<()> {
    let settings = [
        ("BOARDWIRE_ATTACHMENT_QUOTA", "0"),
        ("BOARDWIRE_ATTACHMENT_QUOTA_PER_USER", "0"),
        ("BOARDWIRE_MIN_FREE_DISK", "0"),
    ];
    let setup = TaskBoard::create(Scene::with(Kind::Sqlite, &settings).await?, &[]).await?;
    uploaded(upload(&setup.scene.server, "ann", &setup.task)?.file("a", "text/plain", b"one")).await.map(drop)
}
