//! Strangers: a client that has not authenticated can neither fill the server's memory nor keep a connection for long.

use std::{
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use boardwire_test_support::{
    Client, Database, Dial, Http, Kind, PATIENCE, Server, Stranger, eventually, patient, token, within,
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    task::JoinSet,
    time::timeout,
};
use tokio_util::task::AbortOnDropHandle;

use crate::scene::{Scene, text};

/// How long a connection may stay unauthenticated: so long that the tests see what ends it earlier.
const NEVER: (&str, &str) = ("BOARDWIRE_CONNECT_TIMEOUT_MS", "3600000");

/// The number of connections of a server that may open 600 files.
const CAPACITY: usize = 344;

/// How soon a newcomer is admitted when strangers hold all connections.
const SOON: Duration = Duration::from_secs(3);

const SLOW_BODY: &str = "POST /api/v1/sessions HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n\
                         Content-Length: 100\r\n\r\n{";
const WEBSOCKET: &str = "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\n\
                         Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/// Longer than the server waits for anyone, even on a busy machine.
const LONG: Duration = Duration::from_secs(40);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn binary_attachments_are_not_buffered() -> Result<()> {
    const STRANGERS: usize = 60;
    let scene = Scene::with(Kind::Sqlite, &[NEVER]).await?;
    let before = scene.server.rss_kib()?;
    let mut strangers = Vec::new();
    for _ in 0..STRANGERS {
        let mut stranger = Dial::new(&scene.server.url()).stranger().await?;
        let mut open = stranger.text(r#"4599-["x",{}]"#).await;
        for _ in 0..80 {
            open = open && stranger.binary(vec![0; 110_000]).await;
        }
        strangers.push(stranger);
    }
    let held = scene.server.rss_kib()?.saturating_sub(before);
    ensure!(held < STRANGERS as u64 * 1024, "{STRANGERS} strangers hold {held} KiB");
    for stranger in &mut strangers {
        stranger.wait_closed(PATIENCE).await?;
    }
    // The attachments of an authenticated client are not buffered either.
    let ann = scene.client("ann").await?;
    ann.send_text(r#"451-["task:create",{"_placeholder":true,"num":0}]"#);
    ann.wait_closed(PATIENCE).await.map(drop)
}

/// Reads until the server ends a connection, and writes `drip` now and then. Returns what the server sent.
async fn until_closed(mut stream: TcpStream, drip: &'static [u8]) -> Result<String> {
    let mut received = Vec::new();
    let ended = async {
        let mut buffer = [0; 4096];
        loop {
            match timeout(Duration::from_secs(2), stream.read(&mut buffer)).await {
                Ok(Ok(0) | Err(_)) => return,
                Ok(Ok(length)) => received.extend_from_slice(&buffer[..length]),
                // The end of the connection shows in reading.
                Err(_) => drop(stream.write_all(drip).await),
            }
        }
    };
    timeout(patient(LONG), ended).await.with_context(|| format!("still open after {LONG:?}"))?;
    Ok(String::from_utf8_lossy(&received).into_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deliberately_slow_clients_are_cut_off() -> Result<()> {
    let scene = Scene::with(Kind::Sqlite, &[NEVER]).await?;
    let (url, token) = (scene.server.url(), token("ann", &["read", "write"])?);
    let host = url.trim_start_matches("http://").to_owned();
    let slow = async |head: &str| {
        let mut stream = TcpStream::connect(&host).await?;
        stream.write_all(head.as_bytes()).await?;
        until_closed(stream, b" ").await.with_context(|| head.to_owned())
    };
    let body = "Content-Type: application/json\r\nContent-Length: 60000\r\n\r\n";
    let post = |path: &str, more: &str| format!("POST {path} HTTP/1.1\r\nHost: {host}\r\n{more}{body}");
    let opened = Http::new(&url, "GET", "/socket.io/?EIO=4&transport=polling").send().await?;
    let opened: Value = serde_json::from_slice(opened.body.get(1..).context("no packet")?)?;
    let polling = format!("/socket.io/?EIO=4&transport=polling&sid={}", text(&opened["sid"])?);
    let (known, accepted) =
        (format!("Authorization: Bearer {token}\r\n"), "Accept: application/json, text/event-stream\r\n");
    let (polling, sessions) = (post(&polling, ""), post("/api/v1/sessions", ""));
    let (mcp, api) = (post("/mcp", &format!("{known}{accepted}")), post("/api/v1/boards", &known));
    // A client that is quick at first is too slow afterwards.
    let opened = Http::new(&url, "GET", "/socket.io/?EIO=4&transport=polling").send().await?;
    let opened: Value = serde_json::from_slice(opened.body.get(1..).context("no packet")?)?;
    let ahead = format!(
        "POST /socket.io/?EIO=4&transport=polling&sid={} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 1000000\r\n\r\n{}",
        text(&opened["sid"])?,
        format!("4{}\u{1e}", "x".repeat(100_000)).repeat(7)
    );
    let headers = async { tokio::try_join!(slow(""), slow("GET / HTTP/1.1\r\nHost: ")) };
    let bodies = async { tokio::try_join!(slow(&polling), slow(&sessions), slow(&mcp), slow(&api), slow(&ahead)) };
    let (headers, bodies) = tokio::try_join!(headers, bodies)?;
    ensure!(!headers.0.contains(" 200 ") && !headers.1.contains(" 200 "), "{headers:?}");
    for answer in [bodies.0, bodies.1, bodies.2, bodies.3] {
        ensure!(answer.starts_with("HTTP/1.1 408 "), "{answer:?}");
    }
    // The session that the request belongs to may have ended at the same time.
    ensure!(bodies.4.starts_with("HTTP/1.1 408 ") || bodies.4.starts_with("HTTP/1.1 400 "), "{}", bodies.4);
    Ok(())
}

/// Sends a frame over and over until the connection is ended for it.
async fn flood(stranger: &mut Stranger, frame: Option<&str>) -> Result<()> {
    let sending = async {
        for _ in 0..100_000 {
            let open = match frame {
                Some(text) => stranger.text(text).await,
                None => stranger.ping().await,
            };
            if !open {
                break;
            }
        }
    };
    timeout(patient(LONG), sending).await.context("it is neither read nor ended")?;
    stranger.wait_closed(PATIENCE).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_useless_frames_is_cut_off() -> Result<()> {
    let scene = Scene::with(Kind::Sqlite, &[NEVER]).await?;
    for frame in [None, Some("3"), Some("43999[]"), Some(r#"42/nowhere,["x"]"#)] {
        let mut stranger = Dial::new(&scene.server.url()).stranger().await?;
        flood(&mut stranger, frame).await.with_context(|| format!("{frame:?}"))?;
    }
    // Commands are useful, however many there are.
    let ann = scene.client("ann").await?;
    for _ in 0..5 {
        let replies: Vec<_> = (0..1_000).map(|_| ann.send_call("board:list", &json!({}))).collect();
        for reply in replies {
            reply.reply().await?;
        }
    }
    Ok(())
}

/// Holds a connection from another address of this machine until it is cut; only `request` is sent over it.
async fn hold(from: Ipv4Addr, host: SocketAddr, request: &str) -> std::io::Result<u64> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::from((from, 0)))?;
    let mut stream = socket.connect(host).await?;
    stream.write_all(request.as_bytes()).await?;
    tokio::io::copy(&mut stream, &mut tokio::io::sink()).await
}

/// Holds this many connections from an address, each reopened when it is cut.
fn attack(from: Ipv4Addr, host: SocketAddr, connections: usize, request: &str) -> Vec<AbortOnDropHandle<()>> {
    let holding = || {
        let request = request.to_owned();
        async move {
            loop {
                let _ = hold(from, host, &request).await;
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    };
    (0..connections).map(|_| AbortOnDropHandle::new(tokio::spawn(holding()))).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_address_cannot_take_all_connections() -> Result<()> {
    let database = Database::create(Kind::Sqlite).await?;
    let server = Server::builder(&database).open_files(300, 600).start().await?;
    // The server raises its limit as far as allowed, and logs if that is less than configured.
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", server.pid()?))?;
    let files = limits.lines().find(|line| line.starts_with("Max open files")).context("no limit")?;
    assert_eq!(files.split_whitespace().skip(3).take(2).collect::<Vec<_>>(), ["600", "600"], "{limits}");
    server.wait_for_log("allows 344 connections").await?;

    // More connections than the server admits.
    let host: SocketAddr = server.url().trim_start_matches("http://").parse()?;
    let attackers = attack(Ipv4Addr::new(127, 0, 0, 2), host, 400, "");
    eventually("the attack runs", PATIENCE, async || Ok((server.socket_count()? > 150).then_some(()))).await?;
    for _ in 0..3 {
        let ann = Client::connect(&server.url(), json!({ "token": token("ann", &["read", "write"])? })).await?;
        ann.ask("board:list", json!({})).await?;
    }
    drop(attackers);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn addresses_with_the_most_connections_make_room_for_others() -> Result<()> {
    let database = Database::create(Kind::Sqlite).await?;
    let server = Server::builder(&database).open_files(300, 600).set(NEVER.0, NEVER.1).start().await?;
    server.wait_for_log(&format!("allows {CAPACITY} connections")).await?;
    let host: SocketAddr = server.url().trim_start_matches("http://").parse()?;
    let (one, other) = (Ipv4Addr::new(127, 0, 0, 2), Ipv4Addr::new(127, 0, 0, 3));
    let dial =
        |user: &str| Ok::<_, anyhow::Error>(Dial::new(&server.url()).auth(json!({ "token": token(user, &["read"])? })));
    // Bob was the first to connect from an attacking address, so he would be cut first if he were not authenticated.
    let bob = dial("bob")?.from(one.into()).open().await?;

    // Each address has as many connections as it can get, so together they have all.
    let attackers =
        [attack(one, host, 400, ""), attack(other, host, 200, SLOW_BODY), attack(other, host, 200, WEBSOCKET)];
    for _ in 0..10 {
        eventually("the server is full", PATIENCE, async || Ok((server.socket_count()? > CAPACITY).then_some(())))
            .await?;
        let boards = Http::new(&server.url(), "GET", "/api/v1/boards").bearer(&token("ann", &["read"])?);
        let answer = within("an answer", SOON, boards.send()).await??;
        assert_eq!(answer.status, 200, "{answer:?}");
        let ann = within("a connection", SOON, dial("ann")?.open()).await??;
        ann.ask("board:list", json!({})).await?;
        bob.ask("board:list", json!({})).await?;
    }
    ensure!(bob.closed().is_none(), "{:?}", bob.closed());
    let sockets = server.socket_count()?;
    ensure!(sockets < CAPACITY + 20, "{sockets} sockets");
    drop(attackers);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_behind_a_proxy_make_room_for_others() -> Result<()> {
    const PROXY: Ipv4Addr = Ipv4Addr::LOCALHOST;
    const DIRECT: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
    const ATTACKER: &str = "203.0.113.1";
    let database = Database::create(Kind::Sqlite).await?;
    let trusted = ("BOARDWIRE_TRUSTED_PROXIES", "127.0.0.1");
    let server = Server::builder(&database).open_files(300, 600).set(NEVER.0, NEVER.1).set(trusted.0, trusted.1);
    let server = server.start().await?;
    let host: SocketAddr = server.url().trim_start_matches("http://").parse()?;
    let dial = Dial::new(&server.url()).auth(json!({ "token": token("bob", &["read"])? }));
    let bob = dial.from(PROXY.into()).header("x-forwarded-for", ATTACKER).open().await?;

    let forwarded = |lines: &str, request: &str| request.replacen("\r\n", &format!("\r\n{lines}"), 1);
    let named = format!("X-Forwarded-For: {ATTACKER}\r\n");
    // Proxies may pass on a client's own header as well, so the two contradict each other and the client is unknown.
    let disputed = format!("{named}Forwarded: for=203.0.113.9\r\n");
    for lines in [named, disputed] {
        let attackers = [SLOW_BODY, WEBSOCKET].map(|request| attack(PROXY, host, 225, &forwarded(&lines, request)));
        for _ in 0..5 {
            eventually("the server is full", PATIENCE, async || Ok((server.socket_count()? > CAPACITY).then_some(())))
                .await?;
            let boards = || {
                Ok::<_, anyhow::Error>(
                    Http::new(&server.url(), "GET", "/api/v1/boards").bearer(&token("ann", &["read"])?),
                )
            };
            let direct = boards()?.from(DIRECT.into());
            let proxied = boards()?.from(PROXY.into()).header("x-forwarded-for", "198.51.100.7");
            for (newcomer, request) in [("direct", direct), ("proxied", proxied)] {
                let answer = within(newcomer, SOON, request.send()).await?.with_context(|| lines.clone())?;
                assert_eq!(answer.status, 200, "{newcomer}, {lines}: {answer:?}");
            }
            bob.ask("board:list", json!({})).await?;
        }
        drop(attackers);
    }
    ensure!(bob.closed().is_none(), "{:?}", bob.closed());
    Ok(())
}

/// Checking a password takes 19 MiB, which the server gives back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn memory_is_released_after_wrong_passwords() -> Result<()> {
    const MAX_KIB: u64 = 100 * 1024;
    let scene = Scene::open(Kind::Sqlite).await?;
    let before = scene.server.rss_kib()?;
    let mut guesses = JoinSet::new();
    for host in 1..=40 {
        let login =
            Http::new(&scene.server.url(), "POST", "/api/v1/sessions").from(Ipv4Addr::new(127, 0, 1, host).into());
        let login = login.json(&json!({ "user": format!("nobody-{host}"), "password": "a wrong password" }));
        guesses.spawn(login.send());
    }
    while let Some(guess) = guesses.join_next().await {
        let status = guess??.status;
        ensure!(matches!(status, 401 | 429 | 503), "{status}");
    }
    eventually("the memory is given back", PATIENCE, async || {
        Ok((scene.server.rss_kib()?.saturating_sub(before) < MAX_KIB).then_some(()))
    })
    .await
}
