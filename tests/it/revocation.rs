//! Revocation: whatever ends or narrows a credential, an account or a membership takes effect on open sockets within a
//! second. This is a promise of the product, and the one place where a time is asserted.
//!
//! In each test another client writes all the time while something is revoked, and the test checks when the affected
//! socket received its last event.

#![expect(clippy::print_stdout, reason = "what was measured is worth knowing")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result, ensure};
use boardwire_test_support::{Client, Dial, Http, Kind, PATIENCE, Server, patient, token, token_expiring_in};
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};

use crate::scene::{Board, Scene, text};

on_both!(
    a_user_who_may_no_longer_read,
    a_session_that_logs_out,
    a_session_at_its_absolute_end,
    a_session_that_falls_silent,
    a_revoked_api_key,
    a_changed_password,
    a_user_who_may_no_longer_write,
    an_administrator_who_is_one_no_more,
    an_owner_who_becomes_a_viewer,
    a_removed_member,
);

/// Returns the promised time.
fn promised() -> Duration {
    patient(Duration::from_secs(1))
}
/// Returns how long tests watch that nothing arrives after that.
fn watched() -> Duration {
    patient(Duration::from_millis(2_500))
}
/// Returns how long credentials last that end during a test; a listener must be there before. Whole seconds.
fn brief() -> Duration {
    Duration::from_secs(patient(Duration::from_secs(8)).as_secs())
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

/// When messages reached the affected socket.
struct Heard {
    events: u64,
    last: Instant,
    /// The code and the time of the `error` event.
    error: Option<(String, Instant)>,
    client: Client,
}

/// Listens until the connection ends or `until` has come.
fn listen(client: Client, until: tokio::sync::watch::Receiver<Option<Instant>>) -> JoinHandle<Heard> {
    tokio::spawn(async move {
        let mut heard = Heard { events: 0, last: Instant::now(), error: None, client };
        let mut until = until;
        loop {
            let deadline = async {
                let at = until.wait_for(Option::is_some).await.ok().and_then(|at| *at);
                tokio::time::sleep_until(at.unwrap_or_else(Instant::now)).await;
            };
            let event = tokio::select! {
                event = heard.client.next_any() => event,
                () = deadline => return heard,
            };
            match event {
                Ok(event) if event.name == "error" => {
                    heard.error = Some((event.payload["code"].to_string(), Instant::now()));
                }
                Ok(_) => (heard.events, heard.last) = (heard.events + 1, Instant::now()),
                Err(_) => return heard,
            }
        }
    })
}

/// A board on which Ann writes all the time, with a socket of Bob's that views it.
struct Stage {
    scene: Scene,
    board: Board,
    task: String,
    writer: Writer,
    ann: Client,
    until: tokio::sync::watch::Sender<Option<Instant>>,
}

impl Stage {
    /// Prepares the stage; Bob, whom the command line created, is a member in this role, if any.
    async fn set(scene: Scene, role: Option<&str>) -> Result<Self> {
        let ann = scene.client("ann").await?;
        let members: Vec<(&str, &str)> = role.iter().map(|role| ("bob", *role)).collect();
        let board = Board::create(&ann, &members).await?;
        let task = board.task(&ann, "Busy").await?;
        let writer = Writer::start(scene.client("ann").await?, task.clone());
        Ok(Self { scene, board, task, writer, ann, until: tokio::sync::watch::channel(None).0 })
    }

    /// Views the board over `client`, and receives some changes before anything is revoked.
    async fn attend(&self, client: Client) -> Result<JoinHandle<Heard>> {
        client.ask("subscribe", json!({ "type": "*" })).await?;
        self.board.view(&client).await?;
        for _ in 0..5 {
            client.next_event("task:updated").await?;
        }
        Ok(listen(client, self.until.subscribe()))
    }

    /// Checks that, after the credentials ended at `cause`, the socket is told so and closed within a second, and not
    /// before.
    async fn ends(&self, what: &str, listening: JoinHandle<Heard>, cause: Instant, early: Duration) -> Result<()> {
        self.until.send_replace(Some(cause + watched()));
        let heard = listening.await?;
        let (code, told) = heard.error.context("no error event told why")?;
        ensure!(code == "\"UNAUTHENTICATED\"", "the reason was {code}");
        let closed = heard.client.closed().context("the connection is still open")?;
        ensure!(!heard.client.events().iter().any(|event| event.name != "error"), "events after the end");
        self.report(what, heard.events, heard.last, cause)?;
        ensure!(told + early >= cause, "it ended {:?} too early", cause - told);
        ensure!(told.saturating_duration_since(cause) < promised(), "told {:?} after", told - cause);
        println!("{what}: told after {:?}; {closed}", told.saturating_duration_since(cause));
        Ok(())
    }

    /// Checks that the socket stays open and receives nothing more of the board.
    async fn falls_silent(&self, what: &str, listening: JoinHandle<Heard>, cause: Instant) -> Result<Client> {
        self.until.send_replace(Some(cause + watched()));
        let heard = listening.await?;
        ensure!(heard.client.closed().is_none(), "the connection ended: {:?}", heard.client.closed());
        self.report(what, heard.events, heard.last, cause)?;
        Ok(heard.client)
    }

    fn report(&self, what: &str, events: u64, last: Instant, cause: Instant) -> Result<()> {
        let after = last.saturating_duration_since(cause);
        println!("{what}: the last of {events} events came {after:?} after");
        ensure!(after < promised(), "the last event came {after:?} after");
        Ok(())
    }

    /// Checks that another client goes on writing, so that silence means something.
    async fn others_go_on(&self) -> Result<()> {
        let before = self.writer.written();
        let patience = Instant::now() + patient(PATIENCE);
        while self.writer.written() < before + 5 {
            ensure!(Instant::now() < patience, "the writer has stopped");
            tokio::time::sleep(PACE).await;
        }
        Ok(())
    }

    /// Tries to write over `client` until that is refused with `FORBIDDEN`.
    async fn forbidden(&self, what: &str, client: &Client, cause: Instant) -> Result<()> {
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
        timeout_at(cause + promised(), attempt).await.context("still not forbidden after a second")??;
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

async fn login(server: &Server) -> Result<Value> {
    let login = json!({ "user": "bob", "password": PASSWORD });
    let answer = Http::new(&server.url(), "POST", "/api/v1/sessions").json(&login).send().await?;
    ensure!(answer.status == 201, "{answer:?}");
    answer.json()
}

async fn connect(server: &Server, session: &Value) -> Result<Client> {
    Ok(Client::connect(&server.url(), json!({ "sessionId": session["sessionId"] })).await?)
}

/// Returns the time of day, by which the server judges tokens.
#[expect(clippy::disallowed_methods, reason = "tokens end by the time of day")]
fn time_of_day() -> Result<Duration> {
    Ok(SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?)
}

/// Returns the instant at this time of day.
fn moment(time: Duration) -> Result<Instant> {
    Ok(Instant::now() + time.checked_sub(time_of_day()?).context("that moment is over")?)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_expires() -> Result<()> {
    let stage = Stage::set(with_bob(Kind::Sqlite, &[]).await?, Some("member")).await?;
    let token = token_expiring_in("bob", &["read", "write"], brief())?;
    let claims = time_of_day()?.as_secs();
    let bob = Client::connect(&stage.scene.server.url(), json!({ "token": token })).await?;
    let listening = stage.attend(bob).await?;
    // The token's end is a whole second; it was created in this second or the one before.
    let cause = moment(Duration::from_secs(claims) + brief())?;
    stage.ends("token expired", listening, cause, Duration::from_millis(1_050)).await?;
    let refused = Client::connect(&stage.scene.server.url(), json!({ "token": token })).await;
    ensure!(refused.is_err_and(|error| error.to_string().contains("Authentication failed")), "it came in again");
    stage.others_go_on().await
}

async fn a_session_that_logs_out(kind: Kind) -> Result<()> {
    let stage = Stage::set(with_bob(kind, &[]).await?, Some("member")).await?;
    let (session, other) = (login(&stage.scene.server).await?, login(&stage.scene.server).await?);
    let listening = stage.attend(connect(&stage.scene.server, &session).await?).await?;
    let unaffected = connect(&stage.scene.server, &other).await?;
    let url = stage.scene.server.url();
    let cookie = format!("boardwire_session={}", text(&session["sessionId"])?);
    let logout = Http::new(&url, "DELETE", "/api/v1/sessions/current").header("cookie", &cookie).header("origin", &url);
    let answer = logout.send().await?;
    let cause = Instant::now();
    ensure!(answer.status == 204, "{answer:?}");
    stage.ends("logged out", listening, cause, promised()).await?;
    unaffected.ask("board:list", json!({})).await?;
    ensure!(connect(&stage.scene.server, &session).await.is_err(), "the session is used again");
    stage.others_go_on().await
}

async fn a_session_at_its_absolute_end(kind: Kind) -> Result<()> {
    let ttl = format!("{}s", brief().as_secs());
    let stage = Stage::set(with_bob(kind, &[("BOARDWIRE_SESSION_TTL", &ttl)]).await?, Some("member")).await?;
    let begun = Instant::now();
    let session = login(&stage.scene.server).await?;
    let answered = Instant::now();
    let listening = stage.attend(connect(&stage.scene.server, &session).await?).await?;
    // It began between the request and its answer.
    let cause = answered + brief();
    stage.ends("session at its absolute end", listening, cause, answered - begun).await?;
    stage.others_go_on().await
}

async fn a_session_that_falls_silent(kind: Kind) -> Result<()> {
    let idle = format!("{}s", brief().as_secs());
    let stage = Stage::set(with_bob(kind, &[("BOARDWIRE_SESSION_IDLE", &idle)]).await?, Some("member")).await?;
    let session = login(&stage.scene.server).await?;
    let (bob, beside) = (connect(&stage.scene.server, &session).await?, connect(&stage.scene.server, &session).await?);
    let listening = stage.attend(bob).await?;
    // The commands of one connection keep the other one alive, for longer than the time that was granted.
    let mut turn = tokio::time::interval(brief() / 8);
    let mut asked = Instant::now();
    for _ in 0..10 {
        turn.tick().await;
        asked = Instant::now();
        beside.ask("board:list", json!({})).await?;
    }
    ensure!(!listening.is_finished(), "it ended although it was used");
    // A use may go unrecorded for a twentieth of the time.
    let cause = Instant::now() + brief();
    let early = asked.elapsed() + brief() / 20;
    stage.ends("session without use", listening, cause, early).await?;
    stage.others_go_on().await
}

async fn a_revoked_api_key(kind: Kind) -> Result<()> {
    let stage = Stage::set(with_bob(kind, &[]).await?, Some("member")).await?;
    let server = &stage.scene.server;
    let create = ["api-key", "create", "--user", "bob", "--name", "agent"];
    let (key, other) = (server.run(&create, "").await?, server.run(&create, "").await?);
    let listening = stage.attend(Client::connect(&server.url(), json!({ "apiKey": key["key"] })).await?).await?;
    let unaffected = Client::connect(&server.url(), json!({ "apiKey": other["key"] })).await?;
    server.run(&["api-key", "revoke", &text(&key["id"])?], "").await?;
    stage.ends("API key revoked", listening, Instant::now(), promised()).await?;
    unaffected.ask("board:list", json!({})).await?;
    ensure!(Client::connect(&server.url(), json!({ "apiKey": key["key"] })).await.is_err(), "the key is used again");
    stage.others_go_on().await
}

async fn a_changed_password(kind: Kind) -> Result<()> {
    let stage = Stage::set(with_bob(kind, &[]).await?, Some("member")).await?;
    let server = &stage.scene.server;
    let (first, second) = (login(server).await?, login(server).await?);
    let listening = stage.attend(connect(server, &first).await?).await?;
    let also = stage.attend(connect(server, &second).await?).await?;
    let by_token = stage.scene.client("bob").await?;
    let change = ["user", "create", "--id", "bob", "--name", "Bob", "--password-stdin"];
    server.run(&change, "another horse battery\n").await?;
    let cause = Instant::now();
    stage.ends("password changed", listening, cause, promised()).await?;
    stage.ends("password changed, second session", also, cause, promised()).await?;
    by_token.ask("board:list", json!({})).await.context("tokens are not sessions")?;
    stage.others_go_on().await
}

async fn a_user_who_may_no_longer_write(kind: Kind) -> Result<()> {
    let stage = Stage::set(with_bob(kind, &[]).await?, Some("member")).await?;
    let bob = stage.scene.client("bob").await?;
    stage.board.view(&bob).await?;
    bob.ask("task:update", json!({ "taskId": stage.task, "updates": { "priority": 2 } })).await?;
    stage.scene.server.create_user("bob", "Bob", "read").await?;
    stage.forbidden("permissions lowered", &bob, Instant::now()).await?;
    let _ = bob.events();
    bob.next_event("task:updated").await.context("he may still read")?;
    // A token that claims more than the account has restores nothing.
    let refresh = json!({ "token": token("bob", &["read", "write"])? });
    bob.ask("auth:refresh", refresh).await?;
    let update = json!({ "taskId": stage.task, "updates": { "priority": 3 } });
    bob.refused("task:update", update, "FORBIDDEN").await.map(drop)
}

async fn an_administrator_who_is_one_no_more(kind: Kind) -> Result<()> {
    let stage = Stage::set(with_bob(kind, &[]).await?, None).await?;
    let server = &stage.scene.server;
    server.create_user("bob", "Bob", "read,write,admin").await?;
    let bob = stage.scene.client_with("bob", &["read", "write", "admin"]).await?;
    let listening = stage.attend(bob).await?;
    server.create_user("bob", "Bob", "read,write").await?;
    let bob = stage.falls_silent("no longer admin", listening, Instant::now()).await?;
    bob.refused("board:get", json!({ "boardId": stage.board.id }), "NOT_FOUND").await?;
    stage.others_go_on().await?;
    ensure!(bob.events().is_empty(), "it hears again");
    Ok(())
}

async fn a_user_who_may_no_longer_read(kind: Kind) -> Result<()> {
    let stage = Stage::set(with_bob(kind, &[]).await?, Some("member")).await?;
    let server = &stage.scene.server;
    let bob = stage.scene.client("bob").await?;
    stage.board.view(&bob).await?;
    let listening = stage.attend(bob).await?;
    server.create_user("bob", "Bob", "none").await?;
    let bob = stage.falls_silent("no longer reads", listening, Instant::now()).await?;
    bob.refused("board:get", json!({ "boardId": stage.board.id }), "FORBIDDEN").await?;
    let _ = bob.ephemeral_events();
    let comment = json!({ "taskId": stage.task, "body": "@bob, do you hear?" });
    stage.ann.ask("task:comment:add", comment).await?;
    stage.others_go_on().await?;
    ensure!(bob.events().is_empty(), "it hears again");
    bob.expect_no_ephemeral(Duration::from_millis(300)).await?;
    let present = stage.ann.ask("presence:list", json!({ "boardId": stage.board.id })).await?;
    ensure!(!present["users"].to_string().contains("bob"), "{present}");
    Ok(())
}

async fn an_owner_who_becomes_a_viewer(kind: Kind) -> Result<()> {
    let stage = Stage::set(with_bob(kind, &[]).await?, Some("owner")).await?;
    let bob = stage.scene.client("bob").await?;
    stage.board.view(&bob).await?;
    let demote = json!({ "boardId": stage.board.id, "userId": "bob", "role": "viewer" });
    stage.ann.ask("board:member:set", demote).await?;
    // At once: from the next command on.
    let update = json!({ "taskId": stage.task, "updates": { "priority": 3 } });
    bob.refused("task:update", update, "FORBIDDEN").await?;
    bob.refused("board:archive", json!({ "boardId": stage.board.id }), "FORBIDDEN").await?;
    let _ = bob.events();
    bob.next_event("task:updated").await.context("he may still read").map(drop)
}

async fn a_removed_member(kind: Kind) -> Result<()> {
    let stage = Stage::set(with_bob(kind, &[]).await?, Some("member")).await?;
    let listening = stage.attend(stage.scene.client("bob").await?).await?;
    stage.ann.ask("board:member:remove", json!({ "boardId": stage.board.id, "userId": "bob" })).await?;
    let bob = stage.falls_silent("member removed", listening, Instant::now()).await?;
    bob.refused("board:get", json!({ "boardId": stage.board.id }), "NOT_FOUND").await?;
    stage.others_go_on().await?;
    ensure!(bob.events().is_empty(), "it hears again");
    Ok(())
}

/// A socket that connected with an API key and was refreshed with a token is bound to that token, and revoking the
/// account still reaches it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refreshed_token_that_expires() -> Result<()> {
    let stage = Stage::set(with_bob(Kind::Sqlite, &[]).await?, Some("member")).await?;
    let server = &stage.scene.server;
    let key = server.run(&["api-key", "create", "--user", "bob", "--name", "agent"], "").await?;
    let bob = Dial::new(&server.url()).auth(json!({ "apiKey": key["key"] })).open().await?;
    let token = token_expiring_in("bob", &["read"], brief())?;
    let made = time_of_day()?.as_secs();
    bob.ask("auth:refresh", json!({ "token": token })).await?;
    let listening = stage.attend(bob).await?;
    let cause = moment(Duration::from_secs(made) + brief())?;
    stage.ends("refreshed token expired", listening, cause, Duration::from_millis(1_050)).await
}
