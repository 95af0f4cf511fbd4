//! The log contains no secrets, even at its most verbose.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use boardwire_test_support::{Client, Database, Dial, Http, Kind, Server, token_expiring_in};
use serde_json::json;

use super::{PASSWORD, current, login};
use crate::scene::text;

on_both!(no_secret_is_logged);

async fn no_secret_is_logged(kind: Kind) -> Result<()> {
    let database = Database::create(kind).await?;
    let mut server = Server::builder(&database).set("BOARDWIRE_LOG", "trace").keep_whole_log().start().await?;
    let create = ["user", "create", "--id", "ann", "--name", "Ann", "--password-stdin"];
    server.run(&create, &format!("{PASSWORD}\n")).await?;
    let key = text(&server.run(&["api-key", "create", "--user", "ann", "--name", "k"], "").await?["key"])?;
    let wrong_key = format!("{}{}", &key[..key.len() - 4], "AbCd");
    let wrong = "wrong horse, a secret of its own";
    let session = text(&login(&server, "ann", PASSWORD).send().await?.json()?["sessionId"])?;
    let token = token_expiring_in("ann", &["read"], Duration::from_secs(600))?;
    let later = token_expiring_in("ann", &["read"], Duration::from_secs(1_200))?;
    let url = server.url();

    // Each of them in every way that it can be sent, valid and invalid.
    for auth in [json!({ "token": token }), json!({ "apiKey": key }), json!({ "sessionId": session })] {
        let client = Client::connect(&url, auth).await?;
        client.ask("auth:refresh", json!({ "token": later })).await.ok();
        client.ask("board:list", json!({})).await?;
        client.disconnect().await?;
    }
    for auth in [json!({ "token": format!("{token}x") }), json!({ "apiKey": wrong_key }), json!({ "token": [token] })] {
        ensure!(Client::connect(&url, auth).await.is_err(), "bad credentials were accepted");
    }
    let cookie = format!("boardwire_session={session}");
    Dial::new(&url).cookie(&cookie).origin(&url).open().await?.disconnect().await?;
    login(&server, "ann", wrong).send().await?;
    for request in [
        current(&server).bearer(&token),
        current(&server).bearer(&format!("{token}x")),
        current(&server).header("x-api-key", &key),
        current(&server).header("x-api-key", &wrong_key),
        current(&server).header("cookie", &cookie),
        Http::new(&url, "POST", "/api/v1/tasks/t/attachments").bearer(&token).file("a", "text/plain", b"a"),
        Http::new(&url, "DELETE", "/api/v1/sessions/current").header("cookie", &cookie).header("origin", &url),
    ] {
        request.send().await?;
    }
    server.terminate().await?;
    server.wait_for_log("stopped").await.context("the whole log")?;
    let log = server.log();
    ensure!(log.contains("DEBUG") && log.contains("signed in"), "this is not the log at its most verbose: {log:.500}");
    let public = session.split('_').nth(1).context("an id")?;
    ensure!(log.contains(public), "the public id of the session is not found, so a secret would not be found either");
    let last = |text: &str| text.rsplit('.').next().unwrap_or_default().to_owned();
    for (what, secret) in [
        ("the password", PASSWORD.to_owned()),
        ("a wrong password", wrong.to_owned()),
        ("a token's signature", last(&token)),
        ("a refreshed token's signature", last(&later)),
        ("an API key", key.splitn(3, '_').nth(2).context("a secret")?.to_owned()),
        ("a wrong API key", wrong_key.splitn(3, '_').nth(2).context("a secret")?.to_owned()),
        ("a session", session.splitn(3, '_').nth(2).context("a secret")?.to_owned()),
    ] {
        ensure!(secret.len() > 10, "{what} is too short to be looked for");
        let line = log.lines().find(|line| line.contains(&secret));
        ensure!(line.is_none(), "{what} is in the log: {line:?}");
    }
    Ok(())
}
