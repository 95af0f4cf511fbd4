//! A server that other machines can reach is stricter by default than one that only its own machine can reach.

use anyhow::{Context, Result, ensure};
use boardwire_test_support::{Http, Kind};
use serde_json::json;

use crate::scene::{Board, Scene};

const ALL_ADDRESSES: (&str, &str) = ("BOARDWIRE_LISTEN", "0.0.0.0:0");

const PASSWORD: &str = "correct horse battery";

/// Logged when nobody can sign in over plain HTTP.
const WARNING: &str = "nobody can sign in with a password over plain HTTP";

/// Returns whether the session cookie of a login is only for HTTPS.
async fn is_https_only(scene: &Scene) -> Result<bool> {
    scene.server.run(&["user", "create", "--id", "ann", "--name", "Ann", "--password-stdin"], PASSWORD).await?;
    let login = Http::new(&scene.server.url(), "POST", "/api/v1/sessions");
    let answer = login.json(&json!({ "user": "ann", "password": PASSWORD })).send().await?;
    ensure!(answer.status == 201, "{answer:?}");
    let session = answer.session().with_context(|| format!("no session: {answer:?}"))?;
    let cookies = answer.headers.iter().filter(|(name, _)| name == "set-cookie");
    let (_, cookie) = cookies.into_iter().find(|(_, cookie)| cookie.contains(session)).context("no cookie")?;
    let (secure, bound) = (cookie.contains("; Secure"), cookie.starts_with("__Host-"));
    ensure!(secure == bound, "{cookie}");
    Ok(secure)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn passwords_need_https_and_the_log_says_so() -> Result<()> {
    let scene = Scene::with(Kind::Sqlite, &[ALL_ADDRESSES]).await?;
    scene.server.wait_for_log(WARNING).await?;
    scene.server.wait_for_log("on a trusted network, allow plain HTTP by --secure-cookies false").await?;
    ensure!(is_https_only(&scene).await?, "the session cookie would be sent over plain HTTP");

    // Plain HTTP works if the operator allows it, or if only this machine reaches the server.
    for settings in [&[ALL_ADDRESSES, ("BOARDWIRE_SECURE_COOKIES", "false")][..], &[]] {
        let mut scene = Scene::with(Kind::Sqlite, settings).await?;
        ensure!(!is_https_only(&scene).await?, "{settings:?}");
        ensure!(scene.server.terminate().await?.success());
        ensure!(!scene.server.log().contains(WARNING), "{settings:?}: {}", scene.server.log());
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn strangers_cannot_be_added_to_boards_of_a_reachable_server() -> Result<()> {
    for (settings, added) in [(&[ALL_ADDRESSES][..], false), (&[], true)] {
        let scene = Scene::with(Kind::Sqlite, settings).await?;
        let (ann, _bob) = (scene.client("ann").await?, scene.client("bob").await?);
        let board = Board::create(&ann, &[]).await?;
        let add = json!({ "boardId": board.id, "userId": "bob", "role": "member" });
        if added {
            ann.ask("board:member:set", add).await?;
        } else {
            ann.refused("board:member:set", add, "NOT_FOUND").await?;
        }
    }
    Ok(())
}
