//! Tokens, sessions, API keys and passwords that expire or are revoked: their sockets get an `error` event and are
//! closed.

use std::time::{Duration, SystemTime};

use anyhow::{Context, Result, ensure};
use boardwire_test_support::{Client, Dial, Http, Kind, Server, patient, token_expiring_in};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::{BusyBoard, PASSWORD, time_limit, with_bob};
use crate::scene::text;

on_both!(
    logging_out_ends_the_connections_of_the_session,
    a_session_ends_at_its_maximum_age,
    a_session_ends_when_idle,
    a_revoked_api_key_ends_its_connections,
    a_changed_password_ends_all_sessions,
);

/// Returns the lifetime of credentials that end during a test, in whole seconds: long enough to connect a listener.
fn short_lifetime() -> Duration {
    Duration::from_secs(patient(Duration::from_secs(8)).as_secs())
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

/// Returns the time since the Unix epoch, by which the server judges tokens.
#[expect(clippy::disallowed_methods, reason = "tokens expire by the wall clock")]
fn unix_time() -> Result<Duration> {
    Ok(SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?)
}

/// Returns the instant at this time since the Unix epoch.
fn instant_at(time: Duration) -> Result<Instant> {
    Ok(Instant::now() + time.checked_sub(unix_time()?).context("that time has passed")?)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_expired_token_ends_its_connections() -> Result<()> {
    let setup = BusyBoard::create(with_bob(Kind::Sqlite, &[]).await?, Some("member")).await?;
    let token = token_expiring_in("bob", &["read", "write"], short_lifetime())?;
    let created = unix_time()?.as_secs();
    let bob = Client::connect(&setup.scene.server.url(), json!({ "token": token })).await?;
    let listening = setup.watch(bob).await?;
    // The token's end is a whole second; it was created in this second or the one before.
    let cause = instant_at(Duration::from_secs(created) + short_lifetime())?;
    setup.expect_end("token expired", listening, cause, Duration::from_millis(1_050)).await?;
    let refused = Client::connect(&setup.scene.server.url(), json!({ "token": token })).await;
    ensure!(
        refused.is_err_and(|error| error.to_string().contains("Authentication failed")),
        "the expired token still connects"
    );
    setup.expect_others_unaffected().await
}

async fn logging_out_ends_the_connections_of_the_session(kind: Kind) -> Result<()> {
    let setup = BusyBoard::create(with_bob(kind, &[]).await?, Some("member")).await?;
    let (session, other) = (login(&setup.scene.server).await?, login(&setup.scene.server).await?);
    let listening = setup.watch(connect(&setup.scene.server, &session).await?).await?;
    let unaffected = connect(&setup.scene.server, &other).await?;
    let url = setup.scene.server.url();
    let cookie = format!("boardwire_session={}", text(&session["sessionId"])?);
    let logout = Http::new(&url, "DELETE", "/api/v1/sessions/current").header("cookie", &cookie).header("origin", &url);
    let answer = logout.send().await?;
    let cause = Instant::now();
    ensure!(answer.status == 204, "{answer:?}");
    setup.expect_end("logged out", listening, cause, time_limit()).await?;
    unaffected.ask("board:list", json!({})).await?;
    ensure!(connect(&setup.scene.server, &session).await.is_err(), "the ended session still connects");
    setup.expect_others_unaffected().await
}

async fn a_session_ends_at_its_maximum_age(kind: Kind) -> Result<()> {
    let ttl = format!("{}s", short_lifetime().as_secs());
    let setup = BusyBoard::create(with_bob(kind, &[("BOARDWIRE_SESSION_TTL", &ttl)]).await?, Some("member")).await?;
    let begun = Instant::now();
    let session = login(&setup.scene.server).await?;
    let answered = Instant::now();
    let listening = setup.watch(connect(&setup.scene.server, &session).await?).await?;
    // It began between the request and its answer.
    let cause = answered + short_lifetime();
    setup.expect_end("session at its absolute end", listening, cause, answered - begun).await?;
    setup.expect_others_unaffected().await
}

async fn a_session_ends_when_idle(kind: Kind) -> Result<()> {
    let idle = format!("{}s", short_lifetime().as_secs());
    let setup = BusyBoard::create(with_bob(kind, &[("BOARDWIRE_SESSION_IDLE", &idle)]).await?, Some("member")).await?;
    let session = login(&setup.scene.server).await?;
    let (bob, other) = (connect(&setup.scene.server, &session).await?, connect(&setup.scene.server, &session).await?);
    let listening = setup.watch(bob).await?;
    // The commands of one connection keep the other one alive for longer than the idle time.
    let mut interval = tokio::time::interval(short_lifetime() / 8);
    let mut asked = Instant::now();
    for _ in 0..10 {
        interval.tick().await;
        asked = Instant::now();
        other.ask("board:list", json!({})).await?;
    }
    ensure!(!listening.is_finished(), "the session ended although it was used");
    // A use may go unrecorded for a twentieth of the idle time.
    let cause = Instant::now() + short_lifetime();
    let early = asked.elapsed() + short_lifetime() / 20;
    setup.expect_end("session without use", listening, cause, early).await?;
    setup.expect_others_unaffected().await
}

async fn a_revoked_api_key_ends_its_connections(kind: Kind) -> Result<()> {
    let setup = BusyBoard::create(with_bob(kind, &[]).await?, Some("member")).await?;
    let server = &setup.scene.server;
    let create = ["api-key", "create", "--user", "bob", "--name", "agent"];
    let (key, other) = (server.run(&create, "").await?, server.run(&create, "").await?);
    let listening = setup.watch(Client::connect(&server.url(), json!({ "apiKey": key["key"] })).await?).await?;
    let unaffected = Client::connect(&server.url(), json!({ "apiKey": other["key"] })).await?;
    server.run(&["api-key", "revoke", &text(&key["id"])?], "").await?;
    setup.expect_end("API key revoked", listening, Instant::now(), time_limit()).await?;
    unaffected.ask("board:list", json!({})).await?;
    ensure!(
        Client::connect(&server.url(), json!({ "apiKey": key["key"] })).await.is_err(),
        "the revoked key still connects"
    );
    setup.expect_others_unaffected().await
}

async fn a_changed_password_ends_all_sessions(kind: Kind) -> Result<()> {
    let setup = BusyBoard::create(with_bob(kind, &[]).await?, Some("member")).await?;
    let server = &setup.scene.server;
    let (first, second) = (login(server).await?, login(server).await?);
    let listening = setup.watch(connect(server, &first).await?).await?;
    let also = setup.watch(connect(server, &second).await?).await?;
    let by_token = setup.scene.client("bob").await?;
    let change = ["user", "create", "--id", "bob", "--name", "Bob", "--password-stdin"];
    server.run(&change, "another horse battery\n").await?;
    let cause = Instant::now();
    setup.expect_end("password changed", listening, cause, time_limit()).await?;
    setup.expect_end("password changed, second session", also, cause, time_limit()).await?;
    by_token.ask("board:list", json!({})).await.context("tokens are not sessions")?;
    setup.expect_others_unaffected().await
}

/// A socket that connected with an API key and was refreshed with a token is bound to that token, and revoking the
/// account still reaches it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_expired_refreshed_token_ends_its_connection() -> Result<()> {
    let setup = BusyBoard::create(with_bob(Kind::Sqlite, &[]).await?, Some("member")).await?;
    let server = &setup.scene.server;
    let key = server.run(&["api-key", "create", "--user", "bob", "--name", "agent"], "").await?;
    let bob = Dial::new(&server.url()).auth(json!({ "apiKey": key["key"] })).open().await?;
    let token = token_expiring_in("bob", &["read"], short_lifetime())?;
    let created = unix_time()?.as_secs();
    bob.ask("auth:refresh", json!({ "token": token })).await?;
    let listening = setup.watch(bob).await?;
    let cause = instant_at(Duration::from_secs(created) + short_lifetime())?;
    setup.expect_end("refreshed token expired", listening, cause, Duration::from_millis(1_050)).await
}
