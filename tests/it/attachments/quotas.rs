//! Room: how much one user and all users may store, even when many files arrive at once, and what stays free on the
//! disk.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use boardwire_test_support::{Answer, Kind, PATIENCE, eventually};
use futures_util::future::try_join_all;
use serde_json::json;

use super::{Table, download, folder, kept, upload, uploaded};
use crate::scene::{Scene, text};

on_both!(
    a_user_holds_no_more_than_the_quota,
    all_together_hold_no_more_than_the_quota,
    files_count_until_they_are_removed
);

/// Checks that the answer refuses for want of room, in this scope.
fn is_full(answer: &Answer, scope: &str) -> Result<()> {
    ensure!(answer.status == 507 && answer.header("content-type") == Some("application/problem+json"), "{answer:?}");
    let problem = answer.json()?;
    ensure!(problem["code"] == "STORAGE_FULL" && problem["details"]["scope"] == scope, "{problem}");
    Ok(())
}

async fn a_user_holds_no_more_than_the_quota(kind: Kind) -> Result<()> {
    let scene = Scene::with(kind, &[("BOARDWIRE_ATTACHMENT_QUOTA_PER_USER", "10000")]).await?;
    let table = Table::set(scene, &[("bob", "member")]).await?;
    let server = &table.scene.server;
    let send = |user: &str, size: usize| {
        let request = upload(server, user, &table.task)?.file("a.bin", "application/octet-stream", &vec![b'x'; size]);
        anyhow::Ok(request.send())
    };
    // All at once: as many are accepted as the quota has room for.
    let mut taken = Vec::new();
    for _ in 0..3 {
        for answer in
            try_join_all([send("ann", 3000)?, send("ann", 3000)?, send("ann", 3000)?, send("ann", 3000)?]).await?
        {
            match answer.status {
                201 => taken.push(text(&answer.json()?["attachment"]["id"])?),
                _ => is_full(&answer, "user")?,
            }
        }
    }
    ensure!(taken.len() == 3, "three of 3,000 bytes fit: {taken:?}");
    let mut expected = taken.clone();
    expected.sort_unstable();
    assert_eq!(kept(&folder(&table.scene))?, expected, "what was refused left nothing behind");
    let refused = send("ann", 3000)?.await?;
    is_full(&refused, "user")?;
    assert_eq!(refused.json()?["details"], json!({ "scope": "user", "limit": 10_000, "held": 9000 }));
    // Other users are not affected, and freed room is available at once.
    ensure!(send("bob", 3000)?.await?.status == 201);
    table.ann.ask("task:attachment:remove", json!({ "attachmentId": taken[0] })).await?;
    ensure!(send("ann", 3000)?.await?.status == 201);
    is_full(&send("ann", 3000)?.await?, "user")?;

    // An upload in progress counts before it is complete.
    table.ann.ask("task:attachment:remove", json!({ "attachmentId": taken[1] })).await?;
    let half = eventually("the one that has begun counts", PATIENCE, async || {
        let half = upload(server, "ann", &table.task)?.file("a.bin", "application/octet-stream", &[b'x'; 3000]);
        let half = half.send_part(1000).await?;
        let answer = send("ann", 3000)?.await?;
        if answer.status != 201 {
            return is_full(&answer, "user").map(|()| Some(half));
        }
        // It was faster, so the one before it is refused.
        let id = text(&answer.json()?["attachment"]["id"])?;
        table.ann.ask("task:attachment:remove", json!({ "attachmentId": id })).await?;
        Ok(None)
    })
    .await?;
    drop(half);
    eventually("what was broken off does not count any more", PATIENCE, async || {
        Ok((send("ann", 3000)?.await?.status == 201).then_some(()))
    })
    .await
}

async fn all_together_hold_no_more_than_the_quota(kind: Kind) -> Result<()> {
    let scene = Scene::with(kind, &[("BOARDWIRE_ATTACHMENT_QUOTA", "10000")]).await?;
    let table = Table::set(scene, &[("bob", "member"), ("cid", "member")]).await?;
    let server = &table.scene.server;
    let send = |user: &str, size: usize| {
        let request = upload(server, user, &table.task)?.file("a.bin", "application/octet-stream", &vec![b'x'; size]);
        anyhow::Ok(request.send())
    };
    let answers = try_join_all([send("ann", 4000)?, send("bob", 4000)?, send("cid", 4000)?]).await?;
    let mut taken = Vec::new();
    for answer in &answers {
        match answer.status {
            201 => taken.push(text(&answer.json()?["attachment"]["id"])?),
            _ => is_full(answer, "server")?,
        }
    }
    ensure!((1..=2).contains(&taken.len()), "two of 4,000 bytes fit, and one always: {answers:?}");
    if taken.len() == 1 {
        let request = upload(server, "bob", &table.task)?.file("a.bin", "application/octet-stream", &[b'x'; 4000]);
        taken.push(text(&uploaded(request).await?["id"])?);
    }
    is_full(&send("cid", 4000)?.await?, "server")?;
    table.ann.ask("task:attachment:remove", json!({ "attachmentId": taken[0] })).await?;
    ensure!(send("cid", 4000)?.await?.status == 201);
    is_full(&send("ann", 4000)?.await?, "server")
}

async fn files_count_until_they_are_removed(kind: Kind) -> Result<()> {
    let scene = Scene::with(kind, &[("BOARDWIRE_ATTACHMENT_QUOTA_PER_USER", "10000")]).await?;
    let table = Table::set(scene, &[]).await?;
    let folder = folder(&table.scene);
    for round in 0..6 {
        let task = table.board.task(&table.ann, "With a file").await?;
        let request = upload(&table.scene.server, "ann", &task)?;
        let file = uploaded(request.file("a.bin", "application/octet-stream", &[b'x'; 8000])).await?;
        assert_eq!(kept(&folder)?, [text(&file["id"])?], "what was deleted before is still there");
        // By itself, or with its task.
        if round % 2 == 0 {
            table.ann.ask("task:attachment:remove", json!({ "attachmentId": file["id"] })).await?;
        } else {
            table.ann.ask("task:delete", json!({ "taskId": task })).await?;
        }
    }
    eventually("the last one goes without another upload", PATIENCE, async || {
        Ok(kept(&folder)?.is_empty().then_some(()))
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
async fn a_disk_keeps_room_for_the_database() -> Result<()> {
    let place = boardwire_test_support::Database::create(Kind::Sqlite).await?;
    let files = place.folder().join("files");
    let disk = SmallDisk::mount(files.clone())?;
    // Without a small disk, a share of a large one that is never free.
    let share = if disk.is_some() { "5" } else { "99" };
    let settings = [("BOARDWIRE_ATTACHMENTS", files.to_str().context("no text")?), ("BOARDWIRE_MIN_FREE_DISK", share)];
    let table = Table::set(Scene::with(Kind::Sqlite, &settings).await?, &[]).await?;
    let send = async || {
        let request = upload(&table.scene.server, "ann", &table.task)?;
        request.file("a.bin", "application/octet-stream", &vec![b'x'; 1_000_000]).send().await
    };
    let mut taken = Vec::new();
    let refused = loop {
        let answer = send().await?;
        if answer.status != 201 {
            break answer;
        }
        taken.push(text(&answer.json()?["attachment"]["id"])?);
        ensure!(taken.len() <= 8, "more than the disk holds");
    };
    is_full(&refused, "disk")?;
    assert_eq!(taken.len(), if disk.is_some() { 7 } else { 0 }, "of 8 MiB, 5% stay free");
    let left = kept(&files)?;
    ensure!(left.len() == taken.len(), "what was refused left something behind: {left:?}");
    // Other changes still work.
    table.board.task(&table.ann, "Written all the same").await?;
    if let Some(first) = taken.first() {
        ensure!(download(&table.scene.server, "ann", first)?.send().await?.body.len() == 1_000_000);
    }
    table.scene.server.logs("want of room").await.context("the operator is not told")?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn limits_of_zero_are_none() -> Result<()> {
    let settings = [
        ("BOARDWIRE_ATTACHMENT_QUOTA", "0"),
        ("BOARDWIRE_ATTACHMENT_QUOTA_PER_USER", "0"),
        ("BOARDWIRE_MIN_FREE_DISK", "0"),
    ];
    let table = Table::set(Scene::with(Kind::Sqlite, &settings).await?, &[]).await?;
    uploaded(upload(&table.scene.server, "ann", &table.task)?.file("a", "text/plain", b"one")).await.map(drop)
}
