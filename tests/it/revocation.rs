//! Revocation: whatever ends or narrows a credential, an account or a membership takes effect on open sockets within a
//! second. The product promises that time, so the tests assert it.
//!
//! In each test another client writes all the time while something is revoked, and the test checks when the affected
//! socket received its last event.

#![expect(clippy::print_stdout, reason = "shows the measured times")]

mod credentials;
mod permissions;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use boardwire_test_support::{Client, Kind, PATIENCE, patient};
use serde_json::json;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};

use crate::scene::{Board, Scene};

/// Returns how soon a revocation takes effect, at the latest.
fn time_limit() -> Duration {
    patient(Duration::from_secs(1))
}
/// Returns how long tests watch that nothing arrives after that.
fn watch_time() -> Duration {
    patient(Duration::from_millis(2_500))
}
/// How often the other client writes.
const PACE: Duration = Duration::from_millis(20);

const PASSWORD: &str = "correct horse battery";

/// A client that writes all the time, until it is dropped.
struct Writer {
    written: Arc<AtomicU64>,
    task: JoinHandle<Result<()>>,
}

impl Writer {
    fn start(client: Client, task: String) -> Self {
        let written = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&written);
        let task = tokio::spawn(async move {
            let mut turn = tokio::time::interval(PACE);
            loop {
                turn.tick().await;
                let title = format!("Title {}", count.load(Ordering::Relaxed));
                client.ask("task:update", json!({ "taskId": task, "updates": { "title": title } })).await?;
                count.fetch_add(1, Ordering::Relaxed);
            }
        });
        Self { written, task }
    }

    fn written(&self) -> u64 {
        self.written.load(Ordering::Relaxed)
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What the affected socket has received, and when.
struct Received {
    events: u64,
    last: Instant,
    /// The code and the time of the `error` event.
    error: Option<(String, Instant)>,
    client: Client,
}

/// Listens until the connection ends or `until` has come.
fn listen(client: Client, until: tokio::sync::watch::Receiver<Option<Instant>>) -> JoinHandle<Received> {
    tokio::spawn(async move {
        let mut received = Received { events: 0, last: Instant::now(), error: None, client };
        let mut until = until;
        loop {
            let deadline = async {
                let at = until.wait_for(Option::is_some).await.ok().and_then(|at| *at);
                tokio::time::sleep_until(at.unwrap_or_else(Instant::now)).await;
            };
            let event = tokio::select! {
                event = received.client.next_any() => event,
                () = deadline => return received,
            };
            match event {
                Ok(event) if event.name == "error" => {
                    received.error = Some((event.payload["code"].to_string(), Instant::now()));
                }
                Ok(_) => (received.events, received.last) = (received.events + 1, Instant::now()),
                Err(_) => return received,
            }
        }
    })
}

/// A board on which Ann writes all the time.
struct BusyBoard {
    scene: Scene,
    board: Board,
    task: String,
    writer: Writer,
    ann: Client,
    until: tokio::sync::watch::Sender<Option<Instant>>,
}

impl BusyBoard {
    /// Creates the board; Bob, whom the command line created, is a member in this role, if any.
    async fn create(scene: Scene, role: Option<&str>) -> Result<Self> {
        let ann = scene.client("ann").await?;
        let members: Vec<(&str, &str)> = role.iter().map(|role| ("bob", *role)).collect();
        let board = Board::create(&ann, &members).await?;
        let task = board.task(&ann, "Busy").await?;
        let writer = Writer::start(scene.client("ann").await?, task.clone());
        Ok(Self { scene, board, task, writer, ann, until: tokio::sync::watch::channel(None).0 })
    }

    /// Views the board over `client`, waits for some changes, and then listens in the background.
    async fn watch(&self, client: Client) -> Result<JoinHandle<Received>> {
        client.ask("subscribe", json!({ "type": "*" })).await?;
        self.board.view(&client).await?;
        for _ in 0..5 {
            client.next_event("task:updated").await?;
        }
        Ok(listen(client, self.until.subscribe()))
    }

    /// Checks that, after the credentials ended at `cause`, the socket gets an `error` event and is closed within a
    /// second, and not before.
    async fn expect_end(
        &self,
        what: &str,
        listening: JoinHandle<Received>,
        cause: Instant,
        early: Duration,
    ) -> Result<()> {
        self.until.send_replace(Some(cause + watch_time()));
        let received = listening.await?;
        let (code, notified) = received.error.context("no error event told why")?;
        ensure!(code == "\"UNAUTHENTICATED\"", "the reason was {code}");
        let closed = received.client.closed().context("the connection is still open")?;
        ensure!(!received.client.events().iter().any(|event| event.name != "error"), "events after the end");
        self.report(what, received.events, received.last, cause)?;
        ensure!(notified + early >= cause, "it ended {:?} too early", cause - notified);
        ensure!(notified.saturating_duration_since(cause) < time_limit(), "notified {:?} after", notified - cause);
        println!("{what}: notified after {:?}; {closed}", notified.saturating_duration_since(cause));
        Ok(())
    }

    /// Checks that the socket stays open and receives nothing more of the board.
    async fn expect_no_more(&self, what: &str, listening: JoinHandle<Received>, cause: Instant) -> Result<Client> {
        self.until.send_replace(Some(cause + watch_time()));
        let received = listening.await?;
        ensure!(received.client.closed().is_none(), "the connection ended: {:?}", received.client.closed());
        self.report(what, received.events, received.last, cause)?;
        Ok(received.client)
    }

    fn report(&self, what: &str, events: u64, last: Instant, cause: Instant) -> Result<()> {
        let after = last.saturating_duration_since(cause);
        println!("{what}: the last of {events} events came {after:?} after");
        ensure!(after < time_limit(), "the last event came {after:?} after");
        Ok(())
    }

    /// Checks that another client still writes: otherwise silence would prove nothing.
    async fn expect_others_unaffected(&self) -> Result<()> {
        let before = self.writer.written();
        let patience = Instant::now() + patient(PATIENCE);
        while self.writer.written() < before + 5 {
            ensure!(Instant::now() < patience, "the writer has stopped");
            tokio::time::sleep(PACE).await;
        }
        Ok(())
    }

    /// Tries to write over `client` until that is refused with `FORBIDDEN`.
    async fn expect_forbidden(&self, what: &str, client: &Client, cause: Instant) -> Result<()> {
        let attempt = async {
            loop {
                let update = json!({ "taskId": self.task, "updates": { "priority": 1 } });
                let reply = client.call("task:update", update).await?;
                if reply["ok"] == false {
                    ensure!(reply["code"] == "FORBIDDEN", "{reply}");
                    return Ok(());
                }
            }
        };
        timeout_at(cause + time_limit(), attempt).await.context("still not forbidden after a second")??;
        println!("{what}: forbidden {:?} after", cause.elapsed());
        Ok(())
    }
}

async fn with_bob(kind: Kind, settings: &[(&str, &str)]) -> Result<Scene> {
    let scene = Scene::with(kind, settings).await?;
    let create = ["user", "create", "--id", "bob", "--name", "Bob", "--password-stdin"];
    scene.server.run(&create, &format!("{PASSWORD}\n")).await?;
    Ok(scene)
}
