//! Wrong passwords, and how often a client may try.

use anyhow::{Context, Result, ensure};
use boardwire_test_support::{Answer, Http, Kind, Server};
use serde_json::Value;
use tokio::task::JoinSet;

use super::{PASSWORD, expect_problem, login, user};
use crate::scene::Scene;

/// Checks that a request is refused with `Retry-After` in whole seconds.
fn expect_told_to_wait(answer: &Answer) -> Result<()> {
    let body = expect_problem(answer, 429, "RATE_LIMIT")?;
    let wait: u64 = answer.header("retry-after").context("no Retry-After")?.parse()?;
    ensure!(wait >= 1 && body["retryAfter"].as_f64().is_some_and(|exact| exact <= wait as f64), "{answer:?}");
    ensure!(answer.session().is_none(), "{answer:?}");
    Ok(())
}

async fn attempt(server: &Server, user: &str, password: &str) -> Result<Answer> {
    login(server, user, password).send().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_password_and_an_unknown_user_get_the_same_answer() -> Result<()> {
    let scene = Scene::open(Kind::Sqlite).await?;
    user(&scene, "ann", PASSWORD).await?;
    scene.server.create_user("bob", "Bob", "read").await?;
    let wrong = expect_problem(&attempt(&scene.server, "ann", "wrong horse battery").await?, 401, "AUTH_FAILED")?;
    let long = "x".repeat(2_000);
    for (who, password) in [
        ("nobody", PASSWORD),
        ("bob", PASSWORD),
        ("bob", ""),
        ("ann", ""),
        ("ann", &PASSWORD[1..]),
        ("ann", long.as_str()),
        ("a n n", PASSWORD),
        ("", PASSWORD),
    ] {
        let answer = attempt(&scene.server, who, password).await?;
        let body = expect_problem(&answer, 401, "AUTH_FAILED").with_context(|| format!("{who} with {password:.20}"))?;
        assert_eq!(body, wrong, "{who}");
        ensure!(answer.header("set-cookie").is_none(), "{answer:?}");
    }
    Ok(())
}

/// How many wrong passwords are sent for a user, from one address.
const GUESSES: usize = 16;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn guessing_from_one_address_does_not_block_another() -> Result<()> {
    let scene = Scene::with(Kind::Sqlite, &[("BOARDWIRE_FAILED_LOGINS", "1000")]).await?;
    guessing_blocks_nobody_elsewhere(&scene).await?;
    // The same where guesses must wait.
    let scene = Scene::with(Kind::Sqlite, &[("BOARDWIRE_FAILED_LOGINS", "1")]).await?;
    guessing_blocks_nobody_elsewhere(&scene).await
}

async fn guessing_blocks_nobody_elsewhere(scene: &Scene) -> Result<()> {
    user(scene, "ann", PASSWORD).await?;
    let guesses = guess(&scene.server, "ann");
    for attempt in 0..GUESSES {
        let answer = login(&scene.server, "ann", PASSWORD).from("127.0.0.2".parse()?).send().await?;
        ensure!(answer.status == 201, "{attempt}: {answer:?}");
    }
    drop(guesses);
    Ok(())
}

/// Guesses at an account, all at once. Dropping the result ends the guesses.
fn guess(server: &Server, account: &str) -> JoinSet<Result<Answer>> {
    let guess = login(server, account, "wrong horse");
    (0..GUESSES).map(|_| guess.clone().send()).collect()
}

/// While someone guesses passwords of an account, its other logins must wait, except those of devices that have signed
/// in before. The answers do not show whether the account exists.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_known_device_is_not_delayed_by_guessing() -> Result<()> {
    let scene = Scene::with(Kind::Sqlite, &[("BOARDWIRE_FAILED_LOGINS", "1")]).await?;
    let server = &scene.server;
    user(&scene, "ann", PASSWORD).await?;
    let first = attempt(server, "ann", PASSWORD).await?;
    let device = first.cookie("boardwire_device").context("no device")?;
    ensure!(first.session().is_some(), "{first:?}");
    let mut refusals = Vec::new();
    let mut guesses = Vec::new();
    for account in ["ann", "nobody"] {
        // Eight are checked one after another, with growing waits between them; the others are told to retry later.
        let mut all = guess(server, account);
        let refused = loop {
            let answer = all.join_next().await.context("none was refused")???;
            if answer.status == 429 {
                break answer;
            }
            expect_problem(&answer, 401, "AUTH_FAILED")?;
        };
        expect_told_to_wait(&refused)?;
        refusals.push(refused.json()?);
        guesses.push(all);
    }
    assert_eq!(refusals[0], refusals[1]);
    let from_device =
        |device: &str| login(server, "ann", PASSWORD).header("cookie", &format!("boardwire_device={device}"));
    for _ in 0..GUESSES {
        let answer = from_device(device).send().await?;
        ensure!(answer.status == 201, "{answer:?}");
    }
    drop(guesses);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn logins_from_one_address_are_limited() -> Result<()> {
    let scene = Scene::with(Kind::Sqlite, &[("BOARDWIRE_LOGINS_PER_MINUTE", "2")]).await?;
    let server = &scene.server;
    user(&scene, "ann", PASSWORD).await?;
    // Half of a minute's logins may come at once, right or wrong, even to a made-up account. The next is refused,
    // because it would have to wait for half a minute.
    expect_problem(&attempt(server, "nobody", PASSWORD).await?, 401, "AUTH_FAILED")?;
    expect_told_to_wait(&attempt(server, "ann", PASSWORD).await?)?;
    expect_told_to_wait(&attempt(server, "bob", PASSWORD).await?)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_credentials_from_one_address_are_limited() -> Result<()> {
    let scene = Scene::with(Kind::Sqlite, &[("BOARDWIRE_FAILED_HANDSHAKES_PER_MINUTE", "4")]).await?;
    for _ in 0..2 {
        let answer = super::current(&scene.server).bearer("garbage").send().await?;
        expect_problem(&answer, 401, "UNAUTHENTICATED")?;
    }
    expect_told_to_wait(&super::current(&scene.server).bearer("garbage").send().await?)?;
    let ann = boardwire_test_support::token("ann", &["read"])?;
    let answer = super::current(&scene.server).bearer(&ann).send().await?;
    ensure!(answer.status == 200, "good credentials from there were refused: {answer:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_password_of_the_wrong_length_is_refused_without_effect() -> Result<()> {
    let scene = Scene::open(Kind::Sqlite).await?;
    user(&scene, "ann", PASSWORD).await?;
    for (short, word) in [("seven77", "8"), ("", "8"), (&"x".repeat(1_025), "1024")] {
        let error = user(&scene, "ann", short).await.err().context("it was accepted")?.to_string();
        ensure!(error.contains("password") && error.contains(word), "{error}");
        let rename = ["user", "create", "--id", "ann", "--name", "Renamed", "--password-stdin"];
        ensure!(scene.server.run(&rename, short).await.is_err(), "it was accepted");
    }
    let answer = attempt(&scene.server, "ann", PASSWORD).await?;
    ensure!(answer.status == 201 && answer.json()?["user"]["name"] == "ann", "{answer:?}");
    // Line ends are not part of it.
    let create = ["user", "create", "--id", "ann", "--name", "Ann", "--password-stdin"];
    scene.server.run(&create, "exactly8\r\n").await?;
    let answer = attempt(&scene.server, "ann", "exactly8").await?;
    ensure!(answer.status == 201 && answer.json()?["user"]["permissions"] != Value::Null, "{answer:?}");
    expect_problem(&attempt(&scene.server, "ann", PASSWORD).await?, 401, "AUTH_FAILED").map(drop)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_login_must_be_exactly_one_json_object() -> Result<()> {
    let scene = Scene::open(Kind::Sqlite).await?;
    for body in
        [r#"["bob","x"]"#, r#"{"user":"bob","password":"x"} trailing"#, r#"{"user":7,"password":"x"}"#, "nonsense"]
    {
        let answer = Http::new(&scene.server.url(), "POST", "/api/v1/sessions")
            .body("application/json", body.into())
            .send()
            .await?;
        let problem = answer.json()?;
        ensure!(answer.status == 422 && problem["code"] == "INVALID_MESSAGE", "{body}: {problem}");
        ensure!(!problem.to_string().contains("struct"), "{problem}");
    }
    Ok(())
}
