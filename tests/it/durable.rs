//! A reply means that the change is on disk: observed from outside, in the order of the server's system calls.

use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;

use anyhow::{Context, Result, ensure};
use boardwire_test_support::{Database, Http, Kind, PATIENCE, Server, eventually, within};
use serde_json::json;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::scene::{Board, Scene};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_is_synced_before_it_is_acknowledged() -> Result<()> {
    const CHANGES: usize = 20;
    let scene = Scene::open(Kind::Sqlite).await?;
    let ann = scene.client("ann").await?;
    let board = Board::create(&ann, &[]).await?;
    let task = board.task(&ann, "A card").await?;

    let trace = scene.database.folder().join("trace");
    let mut strace = Command::new("strace")
        .args(["-f", "-s", "48", "-e", "trace=fdatasync,fsync,sendto,sendmsg,write,writev", "-o"])
        .arg(&trace)
        .args(["-p", &scene.server.pid()?.to_string()])
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .context("starting strace")?;
    attached(&mut strace).await?;
    for n in 0..CHANGES {
        ann.ask("task:update", json!({ "taskId": task, "updates": { "title": format!("Title {n}") } })).await?;
    }
    strace.kill().await?;

    // Each reply is preceded by a sync of its own, because the next command is sent only after the reply.
    let text = std::fs::read_to_string(&trace)?;
    let (mut replies, mut synced) = (0, false);
    for line in text.lines() {
        let ended = line.contains(") ") && line.contains("= 0");
        if line.contains("sync") && ended {
            synced = true;
        }
        if line.contains(r#"[{\"ok\":true"#) && !line.contains("resumed") {
            ensure!(synced, "reply {replies} left before anything was synced:\n{text}");
            (replies, synced) = (replies + 1, false);
        }
    }
    ensure!(replies == CHANGES, "{replies} replies seen instead of {CHANGES}:\n{text}");
    Ok(())
}

/// A small file system over a folder, for as long as this lives. Only root may create one.
struct SmallDisk<'a>(&'a Path);

impl<'a> SmallDisk<'a> {
    async fn over(folder: &'a Path) -> Result<Self> {
        let mounted =
            Command::new("mount").args(["-t", "tmpfs", "-o", "size=16m", "tmpfs"]).arg(folder).status().await?;
        ensure!(mounted.success(), "can't mount a file system over {}", folder.display());
        Ok(Self(folder))
    }
}

impl Drop for SmallDisk<'_> {
    fn drop(&mut self) {
        let _ = std::process::Command::new("umount").arg("-l").arg(self.0).status();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_whose_disk_is_full_is_not_ready() -> Result<()> {
    let database = Database::create(Kind::Sqlite).await?;
    let root = Command::new("id").arg("-u").output().await?.stdout == b"0\n";
    if !root {
        return Ok(());
    }
    let disk = SmallDisk::over(database.folder()).await?;
    let server = Server::start(&database).await?;
    let url = server.url();
    let is_ready = async |wanted: u16| {
        eventually("readiness", PATIENCE, async || {
            let answer = Http::new(&url, "GET", "/readyz").send().await?;
            Ok((answer.status == wanted).then_some(answer))
        })
        .await
    };
    is_ready(200).await?;
    let filler = database.folder().join("filler");
    let mut file = std::fs::File::create(&filler)?;
    while file.write(&[1; 4096]).is_ok() {}
    drop(file);
    let answer = is_ready(503).await?;
    assert_eq!(answer.json()?["reason"], "database");
    std::fs::remove_file(&filler)?;
    is_ready(200).await?;
    drop(server);
    drop(disk);
    Ok(())
}

/// Waits until strace is attached to the server.
async fn attached(strace: &mut Child) -> Result<()> {
    let mut lines = BufReader::new(strace.stderr.take().context("no standard error")?).lines();
    let line = within("strace attaches", PATIENCE, lines.next_line()).await??;
    let line = line.context("strace ended")?;
    ensure!(line.contains("attached"), "strace said: {line}");
    // It goes on printing, and must not meet a closed pipe.
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    Ok(())
}
