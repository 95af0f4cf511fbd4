//! How much one user may ask for: the burst, the window, one budget for all sockets, and a connection that stays open.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use boardwire_test_support::{Client, Http, Kind, eventually, token};
use futures_util::future::try_join_all;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::scene::{Board, Scene, seed};

/// Starts a server with its default limits: 100 commands a minute and 10 a second, 60 views in ten seconds.
async fn limited(settings: &[(&str, &str)]) -> Result<Scene> {
    let defaults = [
        ("BOARDWIRE_RATE_LIMIT_MAX_REQUESTS", "100"),
        ("BOARDWIRE_RATE_LIMIT_BURST", "10"),
        ("BOARDWIRE_ACTIVITY_LIMIT_MAX_REQUESTS", "60"),
    ];
    Scene::with(Kind::Sqlite, &[&defaults[..], settings].concat()).await
}

/// Sends `count` cheap commands without waiting; returns the replies in order.
async fn burst(client: &Client, count: usize) -> Result<Vec<Value>> {
    let pending: Vec<_> = (0..count).map(|_| client.send_call("board:list", &json!({}))).collect();
    try_join_all(pending.into_iter().map(boardwire_test_support::Pending::reply)).await
}

fn accepted(replies: &[Value]) -> usize {
    replies.iter().filter(|reply| reply["ok"] == true).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_eleventh_command_at_once_is_refused_and_the_connection_stays() -> Result<()> {
    let scene = limited(&[]).await?;
    let ann = scene.client("ann").await?;
    let replies = burst(&ann, 11).await?;
    assert_eq!(accepted(&replies), 10, "{replies:?}");
    let refusal = &replies[10];
    assert_eq!(refusal["code"], "RATE_LIMIT");
    assert_eq!((&refusal["limit"], &refusal["remaining"]), (&json!(10), &json!(0)));
    let wait = refusal["retryAfter"].as_f64().context("no retryAfter")?;
    ensure!(wait > 0.0 && wait <= 1.0, "the burst is over within a second: {refusal}");
    ensure!(refusal["reset"].as_i64().is_some_and(|reset| reset > 1_700_000_000_000), "{refusal}");

    let error = ann.next_event("error").await?.payload;
    assert_eq!(error["code"], "RATE_LIMIT");
    ensure!(error["message"].is_string() && error["timestamp"].is_string(), "{error}");
    ensure!(error["retryAfter"].as_f64().is_some_and(|wait| wait > 0.0 && wait <= 1.0), "{error}");

    // The same socket is served again once the limit allows.
    let again = eventually("the limit is over", Duration::from_secs(5), async || {
        let reply = ann.call("board:list", json!({})).await?;
        Ok((reply["ok"] == true).then_some(reply))
    });
    again.await.map(drop)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_command_has_no_effect() -> Result<()> {
    let scene = limited(&[]).await?;
    let (ann, bob) = (scene.client("ann").await?, scene.client("bob").await?);
    let board = Board::create(&ann, &[("bob", "viewer")]).await?;
    let create = json!({ "boardId": board.id, "title": "Many" });
    let pending: Vec<_> = (0..20).map(|_| ann.send_call("task:create", &create)).collect();
    let replies = try_join_all(pending.into_iter().map(boardwire_test_support::Pending::reply)).await?;
    ensure!(accepted(&replies) < 20, "none was refused");
    let snapshot = board.snapshot(&bob).await?;
    assert_eq!(snapshot["tasks"].as_array().map(Vec::len), Some(accepted(&replies)));
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_sockets_of_a_user_share_one_budget_and_two_users_do_not() -> Result<()> {
    let scene = limited(&[]).await?;
    let (one, two, bob) = (scene.client("ann").await?, scene.client("ann").await?, scene.client("bob").await?);
    let (first, second, other) = tokio::try_join!(burst(&one, 6), burst(&two, 6), burst(&bob, 10))?;
    assert_eq!(accepted(&first) + accepted(&second), 10);
    assert_eq!(accepted(&other), 10);
    // A new connection brings no new budget.
    let third = scene.client("ann").await?;
    let replies = burst(&third, 11).await?;
    ensure!(accepted(&replies) <= 10, "{replies:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commands_per_window_are_limited_too() -> Result<()> {
    let scene = limited(&[("BOARDWIRE_RATE_LIMIT_MAX_REQUESTS", "20"), ("BOARDWIRE_RATE_LIMIT_BURST", "1000")]).await?;
    let ann = scene.client("ann").await?;
    let replies = burst(&ann, 30).await?;
    assert_eq!(accepted(&replies), 20);
    let refusal = replies.last().context("thirty replies")?;
    assert_eq!(refusal["limit"], 20);
    ensure!(refusal["retryAfter"].as_f64().is_some_and(|wait| wait > 30.0 && wait <= 60.0), "{refusal}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn views_are_counted_separately() -> Result<()> {
    let scene = limited(&[]).await?;
    let (ann, bob) = (scene.client("ann").await?, scene.client("bob").await?);
    let board = Board::create(&ann, &[("bob", "viewer")]).await?;
    assert_eq!(accepted(&burst(&bob, 12).await?), 10);
    // Sixty in any ten seconds.
    let pending: Vec<_> = (0..70).map(|_| bob.send_call("view:board", &json!(board.id))).collect();
    let replies = try_join_all(pending.into_iter().map(boardwire_test_support::Pending::reply)).await?;
    assert_eq!(accepted(&replies), 60);
    assert_eq!(replies[69]["code"], "RATE_LIMIT");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn malformed_commands_count_towards_the_limit() -> Result<()> {
    let scene = limited(&[]).await?;
    let ann = scene.client("ann").await?;
    let pending: Vec<_> = (0..15).map(|n| ann.send_call("task:create", &json!({ "nonsense": n }))).collect();
    let replies = try_join_all(pending.into_iter().map(boardwire_test_support::Pending::reply)).await?;
    let codes: Vec<&str> = replies.iter().filter_map(|reply| reply["code"].as_str()).collect();
    assert_eq!(codes.iter().filter(|code| **code == "INVALID_MESSAGE").count(), 10, "{codes:?}");
    assert_eq!(codes.iter().filter(|code| **code == "RATE_LIMIT").count(), 5, "{codes:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_sockets_and_a_hundred_reconnects_have_one_budget() -> Result<()> {
    let scene = limited(&[("BOARDWIRE_RATE_LIMIT_BURST", "1000")]).await?;
    let sockets = try_join_all((0..100).map(|_| scene.client("ann"))).await?;
    let replies = try_join_all(sockets.iter().map(|socket| burst(socket, 2))).await?.concat();
    assert_eq!(accepted(&replies), 100, "100 sockets, each with two commands");
    for _ in 0..100 {
        let again = scene.client("ann").await?;
        let reply = again.call("board:list", json!({})).await?;
        assert_eq!(reply["code"], "RATE_LIMIT", "a new connection brought a new budget");
        again.drop_connection().await;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_door_counts_towards_the_limit() -> Result<()> {
    let scene = limited(&[("BOARDWIRE_RATE_LIMIT_MAX_REQUESTS", "10"), ("BOARDWIRE_RATE_LIMIT_BURST", "1000")]).await?;
    let ann = scene.client("ann").await?;
    assert_eq!(accepted(&burst(&ann, 6).await?), 6);
    let token = token("ann", &["read", "write"])?;
    let ask = || Http::new(&scene.server.url(), "GET", "/api/v1/sessions/current").bearer(&token).send();
    for _ in 0..4 {
        assert_eq!(ask().await?.status, 200);
    }
    let refused = ask().await?;
    assert_eq!((refused.status, &refused.json()?["code"]), (429, &json!("RATE_LIMIT")));
    let wait: u64 = refused.header("retry-after").context("no Retry-After")?.parse()?;
    ensure!((30..=60).contains(&wait), "{wait} s");
    assert_eq!(accepted(&burst(&ann, 1).await?), 0, "requests over HTTP must count for the socket");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn random_arrivals_never_exceed_the_burst_within_a_second() -> Result<()> {
    let seed = seed()?;
    let mut rng = fastrand::Rng::with_seed(seed);
    let scene = limited(&[]).await?;
    let sockets = try_join_all((0..4).map(|_| scene.client("ann"))).await?;
    let bob = scene.client("bob").await?;
    let board = Board::create(&sockets[0], &[("bob", "viewer")]).await?;
    let mut answers = JoinSet::new();
    for _ in 0..300 {
        tokio::time::sleep(Duration::from_millis(rng.u64(..30))).await;
        let create = json!({ "boardId": board.id, "title": "Now" });
        let sent = Instant::now();
        let pending = rng.choice(&sockets).context("a socket")?.send_call("task:create", &create);
        answers.spawn(async move { anyhow::Ok((sent, pending.reply().await?, Instant::now())) });
    }
    let answers = answers.join_all().await.into_iter().collect::<Result<Vec<_>>>()?;
    let accepted: Vec<_> = answers.iter().filter(|(_, reply, _)| reply["ok"] == true).collect();
    let made = board.snapshot(&bob).await?["tasks"].as_array().map_or(0, Vec::len);
    assert_eq!(made, accepted.len(), "seed {seed}");
    ensure!((20..=100).contains(&made), "seed {seed}: {made}");
    // A command is counted between its sending and its reply, so one sent and answered within a second was counted in
    // it.
    for (first, ..) in &accepted {
        let within = |(sent, _, replied): &&&(_, _, _)| sent >= first && *replied - *first < Duration::from_secs(1);
        let count = accepted.iter().filter(within).count();
        ensure!(count <= 10, "seed {seed}: {count} within a second");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_board_takes_no_more_tasks_than_its_limit() -> Result<()> {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let scene = Scene::with(kind, &[("BOARDWIRE_MAX_TASKS_PER_BOARD", "3")]).await?;
        let ann = scene.client("ann").await?;
        let (board, other) = (Board::create(&ann, &[]).await?, Board::create(&ann, &[]).await?);
        let first = board.task(&ann, "Task").await?;
        for _ in 0..2 {
            board.task(&ann, "Task").await?;
        }
        let before = board.snapshot(&ann).await?;
        let refused = ann.refused("task:create", json!({ "boardId": board.id, "title": "Task" }), "BOARD_FULL").await?;
        assert_eq!(refused["details"], json!({ "limit": 3 }));
        assert_eq!(board.snapshot(&ann).await?, before);
        other.task(&ann, "Task").await?;
        ann.ask("task:delete", json!({ "taskId": first })).await?;
        board.task(&ann, "Task").await?;
    }
    Ok(())
}
