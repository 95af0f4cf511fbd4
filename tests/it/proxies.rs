//! Behind a trusted proxy, clients are distinguished by its headers; nobody else's headers are used.

use anyhow::{Context, Result, ensure};
use boardwire_test_support::{ConnectError, Http, Kind};
use serde_json::json;
use tokio::task::JoinSet;

use crate::scene::Scene;

const TRUSTED: (&str, &str) = ("BOARDWIRE_TRUSTED_PROXIES", "192.0.2.0/24, 127.0.0.1");

/// Returns the status of a request with a wrong token that is said to come from `client`.
async fn refused(scene: &Scene, client: &str) -> Result<u16> {
    let request = Http::new(&scene.server.url(), "GET", "/api/v1/boards").bearer("wrong");
    Ok(request.header("x-forwarded-for", client).send().await?.status)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_client_of_a_proxy_does_not_lock_out_the_others() -> Result<()> {
    let limit = ("BOARDWIRE_FAILED_HANDSHAKES_PER_MINUTE", "2");
    let scene = Scene::with(Kind::Sqlite, &[TRUSTED, limit]).await?;
    assert_eq!((refused(&scene, "203.0.113.1").await?, refused(&scene, "203.0.113.1").await?), (401, 429));
    // The address that the client claims makes no difference, and all IPv6 addresses of a /64 count as one client.
    assert_eq!(refused(&scene, "203.0.113.9, 203.0.113.1").await?, 429);
    assert_eq!((refused(&scene, "2001:db8::1").await?, refused(&scene, "2001:db8::2:0:0:2").await?), (401, 429));
    assert_eq!(refused(&scene, "203.0.113.2").await?, 401);
    scene.server.wait_for_log("203.0.113.2").await.context("the log names no client")?;

    // An address that is not a trusted proxy is one client, whatever headers it sends.
    let scene = Scene::with(Kind::Sqlite, &[limit]).await?;
    assert_eq!((refused(&scene, "203.0.113.1").await?, refused(&scene, "203.0.113.2").await?), (401, 429));
    // An operator who may have forgotten to name the proxy is warned, once.
    scene.server.wait_for_log("--trusted-proxies 127.0.0.1").await?;
    assert_eq!(scene.server.log().matches("--trusted-proxies").count(), 1, "{}", scene.server.log());
    Ok(())
}

const PASSWORD: &str = "correct horse battery staple";

async fn create(scene: &Scene, user: &str) -> Result<()> {
    let create = ["user", "create", "--id", user, "--name", user, "--password-stdin"];
    scene.server.run(&create, &format!("{PASSWORD}\n")).await.map(drop)
}

/// Returns a login request.
fn login(scene: &Scene, user: &str, password: &str) -> Http {
    let body = json!({ "user": user, "password": password });
    Http::new(&scene.server.url(), "POST", "/api/v1/sessions").json(&body)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_passwords_of_one_client_of_a_proxy_block_no_other() -> Result<()> {
    const GUESSES: usize = 32;
    let guess =
        |scene: &Scene, user: &str| login(scene, user, "a wrong password").header("x-forwarded-for", "203.0.113.1");
    let sign_in = |scene: &Scene, user: &str| login(scene, user, PASSWORD).header("x-forwarded-for", "203.0.113.2");

    // Each address may log in once now, and again half a minute later, which is longer than any login waits.
    let scene = Scene::with(Kind::Sqlite, &[TRUSTED, ("BOARDWIRE_LOGINS_PER_MINUTE", "2")]).await?;
    create(&scene, "bob").await?;
    let mut guesses = Vec::new();
    for n in 0..GUESSES {
        guesses.push(guess(&scene, &format!("nobody-{n}")).send().await?.status);
    }
    assert_eq!(guesses[0], 401);
    let limited = guesses.iter().filter(|status| **status == 429).count();
    ensure!(limited > GUESSES / 2, "{guesses:?}");
    let answer = sign_in(&scene, "bob").send().await?;
    assert_eq!(answer.status, 201, "{answer:?}");

    // The same where all guesses are at Bob's own account: some wait for their turn, the others are refused.
    let scene = Scene::with(Kind::Sqlite, &[TRUSTED, ("BOARDWIRE_FAILED_LOGINS", "1")]).await?;
    create(&scene, "bob").await?;
    let mut guesses: JoinSet<_> = (0..GUESSES).map(|_| guess(&scene, "bob").send()).collect();
    while guesses.join_next().await.context("none is refused")???.status != 429 {}
    let answer = sign_in(&scene, "bob").send().await?;
    assert_eq!(answer.status, 201, "{answer:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_behind_a_proxy_are_counted_by_client() -> Result<()> {
    let scene = Scene::with(Kind::Sqlite, &[TRUSTED, ("BOARDWIRE_MAX_CONNECTIONS_PER_ADDRESS", "1")]).await?;
    let open = async |user: &str, client: &str| {
        let dial = scene.dial(user)?.header("forwarded", &format!("for=\"[{client}]:4711\";proto=https"));
        Ok::<_, anyhow::Error>(dial.open().await)
    };
    let _first = open("ann", "2001:db8:0:1::1").await??;
    let second = open("bob", "2001:db8:0:1::2").await?.err().context("a second connection from the same /64")?;
    ensure!(matches!(&second, ConnectError::Refused(why) if why == "Too many connections"), "{second}");
    open("bob", "2001:db8:0:2::1").await?.map(drop)?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_origin_must_match_the_scheme_that_the_proxy_names() -> Result<()> {
    let scene = Scene::with(Kind::Sqlite, &[TRUSTED]).await?;
    let host = scene.server.url().trim_start_matches("http://").to_owned();
    let (plain, tls) = (format!("http://{host}"), format!("https://{host}"));
    let polling = "/socket.io/?EIO=4&transport=polling";
    let status = async |path: &str, origin: &str, lines: &[(&str, &str)]| {
        let request = Http::new(&scene.server.url(), "GET", path).header("origin", origin);
        let request = lines.iter().fold(request, |request, (name, value)| request.header(name, value));
        Ok::<_, anyhow::Error>(request.send().await?.status)
    };
    for path in [polling, "/healthz"] {
        assert_eq!((status(path, &plain, &[]).await?, status(path, &tls, &[]).await?), (200, 403), "{path}");
        let over_tls = [("x-forwarded-proto", "https")];
        assert_eq!(
            (status(path, &plain, &over_tls).await?, status(path, &tls, &over_tls).await?),
            (403, 200),
            "{path}"
        );
        let named = [("x-forwarded-proto", "https"), ("x-forwarded-host", "board.example:443")];
        assert_eq!(status(path, "https://board.example", &named).await?, 200, "{path}");
    }
    ensure!(matches!(scene.dial("ann")?.origin(&tls).open().await, Err(ConnectError::Http(403))), "{tls}");
    scene.dial("ann")?.origin(&tls).header("x-forwarded-proto", "https").open().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cookies_set_over_https_are_secure() -> Result<()> {
    let scene = Scene::with(Kind::Sqlite, &[TRUSTED]).await?;
    create(&scene, "ann").await?;
    let sign_in = async |proto: &str| login(&scene, "ann", PASSWORD).header("x-forwarded-proto", proto).send().await;
    for (proto, secure) in [("http", false), ("https", true)] {
        let answer = sign_in(proto).await?;
        let cookie = answer.header("set-cookie").with_context(|| format!("{answer:?}"))?;
        assert_eq!(cookie.contains("; Secure"), secure, "{proto}: {cookie}");
    }
    Ok(())
}
