//! Wrong passwords, and how often somebody may try.

use anyhow::{Context, Result, ensure};
use boardwire_test_support::{Answer, Http, Kind, Server};
use futures_util::future::try_join_all;
use serde_json::Value;

use super::{PASSWORD, is_problem, login, user};
use crate::scene::Scene;

/// A login that is told to wait, for some seconds.
fn waits(answer: &Answer) -> Result<()> {
    let body = is_problem(answer, 429, "RATE_LIMIT")?;
    let wait: u64 = answer.header("retry-after").context("no Retry-After")?.parse()?;
    ensure!(wait >= 1 && body["retryAfter"].as_f64().is_some_and(|exact| exact <= wait as f64), "{answer:?}");
    ensure!(answer.session().is_none(), "{answer:?}");
    Ok(())
}

async fn attempt(server: &Server, user: &str, password: &str) -> Result<Answer> {
    login(server, user, password).send().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_password_and_an_unknown_user_answer_alike() -> Result<()> {
    let scene = Scene::open(Kind::Sqlite).await?;
    user(&scene, "ann", PASSWORD).await?;
    scene.server.create_user("bob", "Bob", "read").await?;
    let wrong = is_problem(&attempt(&scene.server, "ann", "wrong horse battery").await?, 401, "AUTH_FAILED")?;
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
        let body = is_problem(&answer, 401, "AUTH_FAILED").with_context(|| format!("{who} with {password:.20}"))?;
        assert_eq!(body, wrong, "{who}");
        ensure!(answer.header("set-cookie").is_none(), "{answer:?}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn failed_logins_of_one_account_are_limited() -> Result<()> {
    // Nine in a quarter of an hour, three in a minute.
    let scene = Scene::with(Kind::Sqlite, &[("BOARDWIRE_FAILED_LOGINS", "9")]).await?;
    let server = &scene.server;
    user(&scene, "ann", PASSWORD).await?;
    user(&scene, "bob", PASSWORD).await?;
    for _ in 0..2 {
        is_problem(&attempt(server, "ann", "wrong horse").await?, 401, "AUTH_FAILED")?;
    }
    ensure!(attempt(server, "ann", PASSWORD).await?.status == 201, "two failures are forgiven");
    is_problem(&attempt(server, "ann", "wrong horse").await?, 401, "AUTH_FAILED")?;
    waits(&attempt(server, "ann", "wrong horse").await?)?;
    waits(&attempt(server, "ann", PASSWORD).await?).context("with the right password too")?;
    ensure!(attempt(server, "bob", PASSWORD).await?.status == 201, "another account waits too");
    // Made-up accounts are not told apart by it.
    for _ in 0..3 {
        is_problem(&attempt(server, "nobody", "wrong horse").await?, 401, "AUTH_FAILED")?;
    }
    waits(&attempt(server, "nobody", "wrong horse").await?)
}

/// Who asks at the same time gets no more guesses than who asks one after another.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn guesses_at_the_same_time_are_limited_too() -> Result<()> {
    let scene = Scene::with(Kind::Sqlite, &[("BOARDWIRE_FAILED_LOGINS", "9")]).await?;
    user(&scene, "ann", PASSWORD).await?;
    // Every other one is right, as if somebody tried a list that holds the password.
    let guess =
        |index: usize| if index.is_multiple_of(2) { PASSWORD.to_owned() } else { format!("wrong horse {index}") };
    let answers = try_join_all((0..40).map(|index| login(&scene.server, "ann", &guess(index)).send())).await?;
    let (right, wrong): (Vec<_>, Vec<_>) = answers.iter().enumerate().partition(|(index, _)| index.is_multiple_of(2));
    let judged = wrong.iter().filter(|(_, answer)| answer.status == 401).count();
    ensure!(judged == 3, "{judged} wrong guesses were judged");
    let held_back: Vec<_> = right.iter().filter(|(_, answer)| answer.status != 201).collect();
    ensure!(!held_back.is_empty(), "all right guesses were judged, however many wrong ones came before");
    held_back.iter().try_for_each(|(_, answer)| waits(answer))?;
    waits(&attempt(&scene.server, "ann", PASSWORD).await?)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn logins_of_one_address_are_limited() -> Result<()> {
    let scene = Scene::with(Kind::Sqlite, &[("BOARDWIRE_LOGINS_PER_MINUTE", "4")]).await?;
    let server = &scene.server;
    user(&scene, "ann", PASSWORD).await?;
    // Half of them at once, right or wrong; a made-up account counts as well.
    ensure!(attempt(server, "ann", PASSWORD).await?.status == 201, "the first");
    is_problem(&attempt(server, "nobody", PASSWORD).await?, 401, "AUTH_FAILED")?;
    waits(&attempt(server, "ann", PASSWORD).await?)?;
    waits(&attempt(server, "bob", PASSWORD).await?)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_credentials_of_one_address_are_limited() -> Result<()> {
    let scene = Scene::with(Kind::Sqlite, &[("BOARDWIRE_FAILED_HANDSHAKES_PER_MINUTE", "4")]).await?;
    for _ in 0..2 {
        let answer = super::current(&scene.server).bearer("garbage").send().await?;
        is_problem(&answer, 401, "UNAUTHENTICATED")?;
    }
    waits(&super::current(&scene.server).bearer("garbage").send().await?)?;
    let ann = boardwire_test_support::token("ann", &["read"])?;
    let answer = super::current(&scene.server).bearer(&ann).send().await?;
    ensure!(answer.status == 200, "good credentials are let in from there: {answer:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_password_that_is_too_short_changes_nothing() -> Result<()> {
    let scene = Scene::open(Kind::Sqlite).await?;
    user(&scene, "ann", PASSWORD).await?;
    for (short, word) in [("seven77", "8"), ("", "8"), (&"x".repeat(1_025), "1024")] {
        let error = user(&scene, "ann", short).await.err().context("it was accepted")?.to_string();
        ensure!(error.contains("password") && error.contains(word), "{error}");
        let rename = ["user", "create", "--id", "ann", "--name", "Renamed", "--password-stdin"];
        ensure!(scene.server.run(&rename, short).await.is_err(), "it was accepted");
    }
    let kept = attempt(&scene.server, "ann", PASSWORD).await?;
    ensure!(kept.status == 201 && kept.json()?["user"]["name"] == "ann", "{kept:?}");
    // Line ends are no part of it.
    let create = ["user", "create", "--id", "ann", "--name", "Ann", "--password-stdin"];
    scene.server.run(&create, "exactly8\r\n").await?;
    let answer = attempt(&scene.server, "ann", "exactly8").await?;
    ensure!(answer.status == 201 && answer.json()?["user"]["permissions"] != Value::Null, "{answer:?}");
    is_problem(&attempt(&scene.server, "ann", PASSWORD).await?, 401, "AUTH_FAILED").map(drop)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_login_is_one_object_and_nothing_else() -> Result<()> {
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
