//! `boardwire demo`: a temporary database with users and a filled board, and everything needed to look at it.

mod content;

use std::{
    net::{Ipv4Addr, Ipv6Addr},
    sync::Arc,
    time::Duration,
};

use anyhow::{Context as _, Result, bail};
use axum::{Json, Router, response::IntoResponse as _, routing::get};
use boardwire_auth::IssueRequest;
use boardwire_metrics::Incidents;
use boardwire_services::clock::{Clock as _, SystemClock};
use http::{HeaderMap, StatusCode, header};
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use self::content::{BOARD, USERS, User};
use crate::{
    output, secret, serve,
    settings::{DEFAULT_DATABASE_URL, ServeSettings},
};

/// How long the demo's tokens are valid.
const TOKEN_TTL: Duration = Duration::from_secs(30 * 86_400);

/// Runs the demo until it is stopped.
pub(crate) async fn run(mut settings: ServeSettings, incidents: Arc<Incidents>, as_json: bool) -> Result<()> {
    if !settings.listen.ip().is_loopback() {
        bail!(
            "the demo gives its tokens to anybody who asks, so it listens on this machine only; use --listen \
             127.0.0.1:PORT"
        );
    }
    if settings.store.database_url != DEFAULT_DATABASE_URL {
        tracing::warn!("the demo uses a temporary database and ignores the one that was set (--database-url)");
    }
    let folder = tempfile::Builder::new()
        .prefix("boardwire-demo-")
        .tempdir()
        .context("can't create a temporary folder for the database")?;
    settings.store.database_url = format!("sqlite://{}", folder.path().join("demo.db").display());
    settings.auth.jwt_secret = Some(secret::random()?);
    (settings.auth.jwt_issuer, settings.auth.jwt_audience) = (None, None);
    let issuer = secret::issuer(&settings.auth, &settings.store)?;

    // Set once the server runs: its address is not known before.
    let summary = Arc::new(OnceCell::<Value>::new());
    let served = Arc::clone(&summary);
    let route = get(async move |headers: HeaderMap| {
        if !names_this_machine(&headers) {
            return (StatusCode::FORBIDDEN, "ask for it at 127.0.0.1 or localhost, with its port\n").into_response();
        }
        Json(served.get().cloned().unwrap_or_default()).into_response()
    });
    let running = serve::start(settings, incidents, Router::new().route("/demo.json", route)).await?;
    content::fill(&running.services).await.context("the demo board can't be made")?;

    let mut users = Vec::new();
    for User { id, name, .. } in USERS {
        let request = IssueRequest {
            subject: id.to_owned(),
            permissions: None,
            name: Some(name.to_owned()),
            teams: None,
            ttl: TOKEN_TTL,
            now_ms: SystemClock.now().0,
            id: None,
        };
        users.push(json!({"id": id, "name": name, "token": issuer.issue(&request)?}));
    }
    let url = format!("http://{}", running.address);
    let value = json!({"listening": running.address.to_string(), "url": url, "board": BOARD, "users": users});
    summary.set(value.clone()).context("the demo was started twice")?;
    let shown = if as_json {
        value.to_string()
    } else {
        format!("{}\n{}", json!({ "listening": running.address.to_string() }), instructions(&value))
    };
    let ended = match output::line(&shown) {
        Ok(()) => running.until_stopped().await,
        Err(error) => Err(error),
    };
    running.drain().await;
    drop(folder);
    ended
}

/// Returns whether the request names the server by an address of this machine. A web page whose name was pointed here
/// (DNS rebinding) uses that name.
fn names_this_machine(headers: &HeaderMap) -> bool {
    let Some(host) = headers.get(header::HOST).and_then(|host| host.to_str().ok()) else { return false };
    let name = match host.rsplit_once(':') {
        Some((name, port)) if !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    match name.strip_prefix('[').and_then(|name| name.strip_suffix(']')) {
        Some(address) => address.parse::<Ipv6Addr>().is_ok_and(|address| address.is_loopback()),
        None => {
            name.eq_ignore_ascii_case("localhost")
                || name.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback())
        }
    }
}

fn instructions(value: &Value) -> String {
    let url = value["url"].as_str().unwrap_or_default();
    let alice = value["users"][0]["token"].as_str().unwrap_or_default();
    format!(
        r#"
Boardwire demo. It forgets everything when it stops (Ctrl-C). Open it in two windows:

  Alice                 {url}/boards/{BOARD}#demo=alice
  Bob                   {url}/boards/{BOARD}#demo=bob
  Olga, who only reads  {url}/boards/{BOARD}#demo=olga
  Ada, the operator     {url}/operator#demo=ada

Try out the API: {url}/api/v1/docs
Everybody's tokens, for scripts and agents: {url}/demo.json

Watch the board as Alice: put this into watch.mjs, then: npm install socket.io-client && node watch.mjs

import {{ io }} from "socket.io-client";
const socket = io("{url}", {{ auth: {{ token: "{alice}" }} }});
socket.onAny((type, message) => console.log(type, JSON.stringify(message.data)));
socket.on("connect", async () => {{
  console.log(await socket.emitWithAck("view:board", "{BOARD}"));
  await socket.emitWithAck("task:create", {{ boardId: "{BOARD}", title: "Hello from a script" }});
}});
"#
    )
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn is_accepted_as(host: &'static str) -> bool {
        names_this_machine(&HeaderMap::from_iter([(header::HOST, HeaderValue::from_static(host))]))
    }

    #[test]
    fn only_names_of_this_machine_get_the_tokens() {
        for own in ["127.0.0.1", "127.0.0.1:3456", "localhost", "LocalHost:80", "[::1]", "[::1]:3456"] {
            assert!(is_accepted_as(own), "{own}");
        }
        for foreign in [
            "",
            "evil.example",
            "evil.example:3456",
            "localhost.evil.example",
            "127.0.0.1.evil.example:3456",
            "192.168.0.1:3456",
            "[::2]:3456",
            "::1",
            "localhost:evil",
        ] {
            assert!(!is_accepted_as(foreign), "{foreign}");
        }
        assert!(!names_this_machine(&HeaderMap::new()));
    }
}
