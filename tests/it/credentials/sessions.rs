//! Sessions: login, the cookie, and where a cookie is accepted.

use anyhow::{Context, Result, ensure};
use boardwire_test_support::{Client, ConnectError, Database, Dial, Http, Kind, Server};
use serde_json::{Value, json};

use super::{PASSWORD, current, expect_problem, expect_refused, login, user};
use crate::scene::{Board, Scene, fields, text};

on_both!(a_login_creates_a_session, each_login_creates_a_new_session_id, logging_out_ends_the_session);

async fn a_login_creates_a_session(kind: Kind) -> Result<()> {
    let scene = Scene::open(kind).await?;
    let server = &scene.server;
    user(&scene, "ann", PASSWORD).await?;
    let answer = login(server, "ann", PASSWORD).send().await?;
    ensure!(answer.status == 201, "{answer:?}");
    let body = answer.json()?;
    assert_eq!(fields(&body), ["expiresAt", "sessionId", "user"]);
    assert_eq!(body["user"]["id"], "ann");
    let session = text(&body["sessionId"])?;
    ensure!(answer.header("cache-control") == Some("no-store"), "{answer:?}");

    let cookie = answer.header("set-cookie").context("no cookie")?;
    let attributes: Vec<&str> = cookie.split("; ").collect();
    assert_eq!(attributes[0], format!("boardwire_session={session}"));
    for wanted in ["HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=2592000"] {
        ensure!(attributes.contains(&wanted), "no {wanted} in {attributes:?}");
    }
    ensure!(!attributes.contains(&"Secure"), "`Secure` on a server that only this machine reaches: {attributes:?}");

    let ann = Client::connect(&server.url(), json!({ "sessionId": session })).await?;
    assert_eq!(ann.status()["data"]["user"]["id"], "ann");
    Board::create(&ann, &[]).await?;
    // A page gets only the cookie, which no script can read.
    let answer = login(server, "ann", PASSWORD).header("origin", &server.url()).send().await?;
    ensure!(answer.status == 201 && answer.session().is_some(), "{answer:?}");
    let body = answer.json()?;
    ensure!(body["sessionId"].is_null() && !body.to_string().contains("bws_"), "{body}");

    let malformed = Http::new(&server.url(), "POST", "/api/v1/sessions").json(&json!({ "user": "ann" }));
    let problem = expect_problem(&malformed.send().await?, 422, "INVALID_MESSAGE")?;
    ensure!(problem["details"].is_array(), "{problem}");
    Ok(())
}

async fn each_login_creates_a_new_session_id(kind: Kind) -> Result<()> {
    let scene = Scene::open(kind).await?;
    let server = &scene.server;
    user(&scene, "ann", PASSWORD).await?;
    let first = login(server, "ann", PASSWORD).header("origin", &server.url()).send().await?;
    let first = first.session().context("no session")?.to_owned();
    let other = login(server, "ann", PASSWORD).send().await?;
    let other = other.session().context("no session")?.to_owned();
    let cookie = format!("a=b; boardwire_session={first}");
    let again = login(server, "ann", PASSWORD).header("origin", &server.url()).header("cookie", &cookie).send().await?;
    let again = again.session().context("no session")?.to_owned();
    ensure!(first != again && first != other && other != again, "an id came twice");
    expect_refused(server, json!({ "sessionId": first })).await?;
    for session in [other, again] {
        Client::connect(&server.url(), json!({ "sessionId": session })).await?;
    }
    // An id chosen by someone else is not adopted.
    let planted = format!("bws_0123456789abcdef_{}", "A".repeat(43));
    let cookie = format!("boardwire_session={planted}");
    let after = login(server, "ann", PASSWORD).header("origin", &server.url()).header("cookie", &cookie).send().await?;
    ensure!(after.session().is_some_and(|session| session != planted), "{after:?}");
    expect_refused(server, json!({ "sessionId": planted })).await
}

/// The public id of a session is not a secret: knowing it does not allow ending the session. It is still not shown to
/// others.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_forged_cookie_does_not_end_a_session() -> Result<()> {
    let database = Database::create(Kind::Sqlite).await?;
    let mut server = Server::builder(&database).set("BOARDWIRE_LOG", "info").keep_whole_log().start().await?;
    for user in ["ann", "eve"] {
        let create = ["user", "create", "--id", user, "--name", user, "--password-stdin"];
        server.run(&create, &format!("{PASSWORD}\n")).await?;
    }
    let session = text(&login(&server, "ann", PASSWORD).send().await?.json()?["sessionId"])?;
    let public = session.split('_').nth(1).context("an id")?.to_owned();
    let forged = format!("boardwire_session=bws_{public}_{}", "A".repeat(43));
    let ours = server.url();
    let answer = login(&server, "eve", PASSWORD).header("origin", &ours).header("cookie", &forged).send().await?;
    ensure!(answer.status == 201, "{answer:?}");
    let ann = Client::connect(&ours, json!({ "sessionId": session })).await.context("the session was ended")?;
    ann.disconnect().await?;
    // With its secret, it is ended.
    let cookie = format!("boardwire_session={session}");
    let answer = login(&server, "eve", PASSWORD).header("origin", &ours).header("cookie", &cookie).send().await?;
    let eve = format!("boardwire_session={}", answer.session().context("no session")?);
    expect_refused(&server, json!({ "sessionId": session })).await?;
    let logout = Http::new(&ours, "DELETE", "/api/v1/sessions/current").header("cookie", &eve).header("origin", &ours);
    ensure!(logout.send().await?.status == 204, "signing out");
    server.terminate().await?;
    server.wait_for_log("stopped").await.context("the whole log")?;
    let log = server.log();
    ensure!(log.contains("signed in") && log.contains("signed out"), "{log}");
    for id in [public.as_str(), eve.split('_').nth(2).context("an id")?] {
        ensure!(!log.contains(id), "the id of a session is in the log: {log}");
    }
    Ok(())
}

async fn logging_out_ends_the_session(kind: Kind) -> Result<()> {
    let scene = Scene::open(kind).await?;
    let server = &scene.server;
    let url = server.url();
    user(&scene, "ann", PASSWORD).await?;
    let session = text(&login(server, "ann", PASSWORD).send().await?.json()?["sessionId"])?;
    let cookie = format!("boardwire_session={session}");
    let logout = Http::new(&url, "DELETE", "/api/v1/sessions/current").header("cookie", &cookie);
    let unknown = logout.clone().header("sec-fetch-site", "same-site").send().await?;
    expect_problem(&unknown, 401, "UNAUTHENTICATED").context("a cookie of an unknown page")?;
    let answer = logout.clone().header("origin", &url).send().await?;
    ensure!(answer.status == 204 && answer.body.is_empty(), "{answer:?}");
    let cleared = answer.header("set-cookie").context("the cookie stays")?;
    ensure!(cleared.starts_with("boardwire_session=;") && cleared.contains("Max-Age=0"), "{cleared}");
    expect_refused(server, json!({ "sessionId": session })).await?;
    expect_problem(&logout.header("origin", &url).send().await?, 401, "UNAUTHENTICATED")?;
    // Other credentials are not a session.
    let token = boardwire_test_support::token("ann", &["read"])?;
    let answer = Http::new(&url, "DELETE", "/api/v1/sessions/current").bearer(&token).send().await?;
    expect_problem(&answer, 404, "NOT_FOUND").map(drop)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cookie_is_accepted_only_from_known_pages() -> Result<()> {
    let page = "https://board.example";
    let scene = Scene::with(Kind::Sqlite, &[("BOARDWIRE_CLIENT_URL", page)]).await?;
    let server = &scene.server;
    let url = server.url();
    user(&scene, "ann", PASSWORD).await?;
    let session = text(&login(server, "ann", PASSWORD).send().await?.json()?["sessionId"])?;
    let cookie = format!("boardwire_session={session}");
    let dial = || Dial::new(&url).cookie(&cookie);

    for origin in [page, url.as_str()] {
        let ann = dial().origin(origin).open().await?;
        assert_eq!(ann.status()["data"]["user"]["id"], "ann");
    }
    let without = dial().open().await.err().context("a cookie without an origin")?;
    ensure!(matches!(&without, ConnectError::Refused(text) if text == "Authentication failed"), "{without}");
    for origin in ["https://evil.example", "null", "https://board.example.evil.example", "http://board.example"] {
        let foreign = dial().origin(origin).open().await.err().context("a foreign origin")?;
        ensure!(matches!(foreign, ConnectError::Http(403)), "{origin}: {foreign}");
        let answer = current(server).header("cookie", &cookie).header("origin", origin).send().await?;
        ensure!(answer.status == 403, "{origin}: {answer:?}");
    }
    // A handshake that names credentials uses those.
    let named = dial().origin(page).auth(json!({ "token": "garbage" })).open().await;
    ensure!(named.is_err(), "the cookie was used in place of a bad token");

    let ask = || current(server).header("cookie", &cookie);
    ensure!(ask().header("origin", page).send().await?.status == 200, "a listed page");
    ensure!(ask().send().await?.status == 200, "a reading page of our own, which sends no origin");
    let answer = ask().header("sec-fetch-site", "cross-site").send().await?;
    expect_problem(&answer, 401, "UNAUTHENTICATED")?;
    let answer = ask().header("origin", page).send().await?;
    let allowed = ["access-control-allow-origin", "access-control-allow-credentials"].map(|name| answer.header(name));
    assert_eq!(allowed, [Some(page), Some("true")]);
    // A browser that does not name the page's origin at least says whether it is one of ours. Attachments are no
    // exception.
    let upload = || Http::new(&url, "POST", "/api/v1/tasks/t/attachments").header("cookie", &cookie);
    for site in ["cross-site", "same-site", "same-origin", "none"] {
        let answer = upload().header("sec-fetch-site", site).file("a", "text/plain", b"a").send().await?;
        let problem = expect_problem(&answer, 401, "UNAUTHENTICATED")?;
        ensure!(text(&problem["error"])?.contains("the session cookie does not count"), "{problem}");
    }
    expect_problem(&upload().file("a", "text/plain", b"a").send().await?, 404, "NOT_FOUND").map(drop)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_program_needs_only_the_cookie() -> Result<()> {
    let scene = Scene::open(Kind::Sqlite).await?;
    let url = scene.server.url();
    user(&scene, "ann", PASSWORD).await?;
    let signed_in = login(&scene.server, "ann", PASSWORD).send().await?;
    let cookie = signed_in.header("set-cookie").and_then(|cookie| cookie.split(';').next()).context("no cookie")?;
    let ask = |method, path| Http::new(&url, method, path).header("cookie", cookie);
    let made = ask("POST", "/api/v1/boards").json(&json!({"name": "Made by curl"})).send().await?;
    ensure!(made.status == 201, "{made:?}");
    let out = ask("DELETE", "/api/v1/sessions/current").send().await?;
    ensure!(out.status == 204, "{out:?}");
    expect_problem(&ask("GET", "/api/v1/boards").send().await?, 401, "UNAUTHENTICATED").map(drop)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_cookie_is_accepted_when_all_origins_are_allowed() -> Result<()> {
    let scene = Scene::with(Kind::Sqlite, &[("BOARDWIRE_CLIENT_URL", "*")]).await?;
    user(&scene, "ann", PASSWORD).await?;
    let session = text(&login(&scene.server, "ann", PASSWORD).send().await?.json()?["sessionId"])?;
    let cookie = format!("boardwire_session={session}");
    let answer = current(&scene.server).header("cookie", &cookie).header("origin", "https://evil.example");
    let answer = answer.send().await?;
    expect_problem(&answer, 401, "UNAUTHENTICATED")?;
    ensure!(answer.header("access-control-allow-credentials").is_none(), "{answer:?}");
    let dial = Dial::new(&scene.server.url()).cookie(&cookie).origin(&scene.server.url()).open().await;
    ensure!(dial.is_err(), "the cookie was accepted");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_operator_can_require_secure_cookies() -> Result<()> {
    let scene = Scene::with(Kind::Sqlite, &[("BOARDWIRE_SECURE_COOKIES", "true")]).await?;
    user(&scene, "ann", PASSWORD).await?;
    let answer = login(&scene.server, "ann", PASSWORD).send().await?;
    let cookie = answer.header("set-cookie").context("no cookie")?;
    for wanted in ["Secure", "Path=/", "HttpOnly"] {
        ensure!(cookie.split("; ").any(|attribute| attribute == wanted), "{cookie}");
    }
    ensure!(!cookie.contains("Domain"), "{cookie}");
    // Browsers accept a cookie of this name from this host only over HTTPS. The server ignores a cookie of the plain
    // name, which another host of the domain could set.
    let session = answer.cookie("__Host-boardwire_session").context("a name that others can set")?;
    let url = scene.server.url();
    for (name, counts) in [("__Host-boardwire_session", true), ("boardwire_session", false)] {
        let cookie = format!("{name}={session}");
        let status = current(&scene.server).header("cookie", &cookie).send().await?.status;
        ensure!((status == 200) == counts, "{name}: {status}");
        let socket = Dial::new(&url).cookie(&cookie).origin(&url).open().await;
        ensure!(socket.is_ok() == counts, "{name}: {:?}", socket.err());
    }
    Ok(())
}

/// Whatever else was stored under the name of the cookie, the user's own session is found, and no other user's.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_session_cookie_in_a_request_is_tried() -> Result<()> {
    let scene = Scene::open(Kind::Sqlite).await?;
    let (server, url) = (&scene.server, scene.server.url());
    let mut sessions = Vec::new();
    for name in ["ann", "eve"] {
        user(&scene, name, PASSWORD).await?;
        let answer = login(server, name, PASSWORD).send().await?;
        sessions.push(format!("boardwire_session={}", answer.session().context("no session")?));
    }
    let [ann, eve] = sessions.as_slice() else { anyhow::bail!("two sessions") };
    let planted = format!("boardwire_session=bws_0123456789abcdef_{}", "A".repeat(43));
    let good = [
        format!("{planted}; {ann}"),
        format!("{ann}; {planted}"),
        format!("boardwire_session=; a=b; boardwire_session=nonsense; {planted}; {ann}"),
        format!("{ann}; {ann}"),
    ];
    for cookies in &good {
        let answer = current(server).header("cookie", cookies).send().await?;
        ensure!(answer.status == 200 && answer.json()?["user"]["id"] == "ann", "{cookies}: {answer:?}");
        let socket = Dial::new(&url).cookie(cookies).origin(&url).open().await.with_context(|| cookies.clone())?;
        assert_eq!(socket.status()["data"]["user"]["id"], "ann");
        socket.disconnect().await?;
    }
    let answer = current(server).header("cookie", &planted).header("cookie", ann).send().await?;
    ensure!(answer.status == 200, "in two headers: {answer:?}");
    for cookies in [format!("{ann}; {eve}"), format!("{eve}; {ann}"), planted] {
        expect_problem(&current(server).header("cookie", &cookies).send().await?, 401, "UNAUTHENTICATED")?;
        ensure!(Dial::new(&url).cookie(&cookies).origin(&url).open().await.is_err(), "{cookies}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_current_session_is_shown() -> Result<()> {
    let scene = Scene::open(Kind::Sqlite).await?;
    user(&scene, "ann", PASSWORD).await?;
    let begun = login(&scene.server, "ann", PASSWORD).send().await?.json()?;
    let cookie = format!("boardwire_session={}", text(&begun["sessionId"])?);
    let shown = current(&scene.server).header("cookie", &cookie).send().await?.json()?;
    assert_eq!(shown["user"], begun["user"]);
    ensure!(shown["sessionId"] == Value::Null && shown["expiresAt"].is_string(), "{shown}");
    let token = boardwire_test_support::token("ann", &["read"])?;
    let shown = current(&scene.server).bearer(&token).send().await?.json()?;
    assert_eq!(shown["user"]["permissions"], json!(["read"]));
    expect_problem(&current(&scene.server).send().await?, 401, "UNAUTHENTICATED")?;
    let basic = current(&scene.server).header("authorization", "Basic YTpi").header("cookie", &cookie);
    expect_problem(&basic.send().await?, 401, "UNAUTHENTICATED").map(drop)
}
