//! Measures the server's memory while clients come and go: `churn SECONDS`. On each database, 200 clients connect, view
//! a board, write, and leave or drop their connection, again and again. Prints the server's resident memory over time,
//! and how fast it grows in the last two thirds of the time.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use boardwire_test_support::{Client, Database, Kind, Server, token};
use serde_json::json;
use tokio::{task::JoinSet, time::sleep};

const CLIENTS: usize = 200;
const BOARDS: usize = 20;
const CARDS: usize = 20;
/// How many changes a client makes before it leaves.
const CHANGES: usize = 5;
/// How many events a client has missed when it connects.
const MISSED: u64 = 100;
/// How many lines are printed for each database.
const LINES: u32 = 20;
/// How long the server may take to come to rest after all clients have left.
const REST: Duration = Duration::from_secs(10);

#[tokio::main]
async fn main() -> Result<()> {
    let seconds = std::env::args().nth(1).context("churn SECONDS")?.parse()?;
    for kind in [Kind::Sqlite, Kind::Postgres] {
        measure(kind, Duration::from_secs(seconds)).await.with_context(|| format!("{kind:?}"))?;
    }
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the result")]
async fn measure(kind: Kind, time: Duration) -> Result<()> {
    let database = Database::create(kind).await?;
    let server = Arc::new(Server::start(&database).await?);
    let boards = Arc::new(fill(&server).await?);
    println!("{kind:?}\n  seconds  clients that came  changes  resident MiB");
    let (came, changes) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let begun = Instant::now();
    let mut clients = JoinSet::new();
    for number in 0..CLIENTS {
        let (server, boards, came, changes) =
            (Arc::clone(&server), Arc::clone(&boards), Arc::clone(&came), Arc::clone(&changes));
        clients.spawn(async move {
            let mut rng = fastrand::Rng::with_seed(number as u64);
            while begun.elapsed() < time {
                visit(&server.url(), &user(number), rng.choice(boards.iter()).context("a board")?, &mut rng).await?;
                came.fetch_add(1, Ordering::Relaxed);
                changes.fetch_add(CHANGES as u64, Ordering::Relaxed);
            }
            anyhow::Ok(())
        });
    }
    let mut samples = Vec::new();
    while begun.elapsed() < time {
        sleep(time / LINES / 4).await;
        samples.push((begun.elapsed().as_secs_f64(), server.rss_kib()? as f64 / 1024.0));
        if samples.len() % 4 == 0
            && let Some((at, resident)) = samples.last()
        {
            let (came, changes) = (came.load(Ordering::Relaxed), changes.load(Ordering::Relaxed));
            println!("  {at:7.0}  {came:17}  {changes:7}  {resident:12.1}");
        }
    }
    while let Some(client) = clients.join_next().await {
        client??;
    }
    sleep(REST).await;
    println!("  {:.1} MiB when all have left", server.rss_kib()? as f64 / 1024.0);
    let late: Vec<_> = samples.into_iter().filter(|(at, _)| *at > time.as_secs_f64() / 3.0).collect();
    println!("  in the last two thirds it grew by {:.2} MiB a minute\n", slope(&late) * 60.0);
    Ok(())
}

fn user(number: usize) -> String {
    format!("user-{}", number % 50)
}

async fn connect(url: &str, user: &str) -> Result<Client> {
    Ok(Client::connect(url, json!({ "token": token(user, &["read", "write"])? })).await?)
}

/// Creates boards with cards, with everybody as a member. Returns each board with its cards.
async fn fill(server: &Server) -> Result<Vec<(String, Vec<String>)>> {
    let owner = connect(&server.url(), "owner").await?;
    for number in 0..50 {
        connect(&server.url(), &user(number)).await?.disconnect().await?;
    }
    let mut boards = Vec::new();
    for number in 0..BOARDS {
        let board = format!("board-{number}");
        owner.ask("board:create", json!({ "id": board, "name": board })).await?;
        for number in 0..50 {
            let member = json!({ "boardId": board, "userId": user(number), "role": "member" });
            owner.ask("board:member:set", member).await?;
        }
        let mut cards = Vec::new();
        for number in 0..CARDS {
            cards.push(format!("{board}-card-{number}"));
            let card = json!({ "boardId": board, "id": cards.last(), "title": "A card" });
            owner.ask("task:create", card).await?;
        }
        boards.push((board, cards));
    }
    Ok(boards)
}

/// Connects, catches up, writes and leaves: properly, or as if the network broke.
async fn visit(url: &str, user: &str, board: &(String, Vec<String>), rng: &mut fastrand::Rng) -> Result<()> {
    let (board, cards) = board;
    let client = connect(url, user).await?;
    let head = client.ask("view:board", json!({ "boardId": board })).await?["seq"].as_u64().unwrap_or_default();
    let since = head.saturating_sub(MISSED);
    client.ask("subscribe", json!({ "type": "task:*", "filters": { "boardId": board }, "since": since })).await?;
    for _ in 0..CHANGES {
        let card = rng.choice(cards).context("a card")?;
        let text = "A description. ".repeat(rng.usize(1..100));
        let reply = client.call("task:update", json!({ "taskId": card, "updates": { "description": text } })).await?;
        // If the machine is too busy, that is a valid answer, too.
        ensure!(reply["ok"] == true || reply["code"] == "UNAVAILABLE", "{reply}");
    }
    if rng.bool() {
        return client.disconnect().await;
    }
    client.drop_connection().await;
    Ok(())
}

/// Returns the slope of the best-fitting line.
fn slope(points: &[(f64, f64)]) -> f64 {
    let count = points.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / count;
    let (x, y) = (mean(|point| point.0), mean(|point| point.1));
    let both: f64 = points.iter().map(|point| (point.0 - x) * (point.1 - y)).sum();
    both / points.iter().map(|point| (point.0 - x).powi(2)).sum::<f64>()
}
