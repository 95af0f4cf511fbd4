//! Blocking dependencies never form a cycle, whoever adds them at the same time.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, ensure};
use boardwire_test_support::{Client, Kind};
use serde_json::{Value, json};

use crate::scene::{Board, Scene, seed};

on_both!(cycles_of_any_length_are_refused, simultaneous_additions_close_no_cycle);

/// Rounds of simultaneous adding; in each, two clients add dependencies that would together form a cycle.
const ROUNDS: usize = 60;

fn link(from: &str, to: &str) -> Value {
    json!({ "taskId": from, "dependsOn": to })
}

/// Returns the blocking dependencies of a board as pairs.
fn edges(snapshot: &Value) -> Result<Vec<(String, String)>> {
    let all = snapshot["dependencies"].as_array().context("no dependencies")?;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let blocking = all.iter().filter(|dependency| dependency["type"] == "blocks");
    Ok(blocking.map(|dependency| (text(&dependency["task_id"]), text(&dependency["depends_on"]))).collect())
}

/// Returns whether nothing is left after repeatedly removing each task that depends on nothing that is left.
fn is_free_of_cycles(edges: &[(String, String)]) -> bool {
    let mut left: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (from, to) in edges {
        left.entry(from).or_default().insert(to);
    }
    loop {
        let free: Vec<&str> = left
            .iter()
            .filter(|(_, targets)| !targets.iter().any(|target| left.contains_key(target)))
            .map(|(from, _)| *from)
            .collect();
        if free.is_empty() {
            return left.is_empty();
        }
        left.retain(|from, _| !free.contains(from));
    }
}

#[test]
fn cycles_are_distinguished_from_diamonds() {
    let edges = |pairs: &[(&str, &str)]| -> Vec<_> {
        pairs.iter().map(|(from, to)| ((*from).to_owned(), (*to).to_owned())).collect()
    };
    assert!(is_free_of_cycles(&edges(&[("a", "b"), ("a", "c"), ("b", "d"), ("c", "d")])));
    assert!(!is_free_of_cycles(&edges(&[("x", "a"), ("a", "b"), ("b", "c"), ("c", "a")])));
    assert!(!is_free_of_cycles(&edges(&[("a", "a")])));
}

async fn tasks(board: &Board, client: &Client, count: usize) -> Result<Vec<String>> {
    let mut tasks = Vec::new();
    for index in 0..count {
        tasks.push(board.task(client, &format!("Task {index}")).await?);
    }
    Ok(tasks)
}

async fn cycles_of_any_length_are_refused(kind: Kind) -> Result<()> {
    let scene = Scene::open(kind).await?;
    let (ann, bob) = (scene.client("ann").await?, scene.client("bob").await?);
    let board = Board::create(&ann, &[("bob", "member")]).await?;
    for length in [1, 2, 5] {
        let ring = tasks(&board, &ann, length).await?;
        for pair in ring.windows(2) {
            ann.ask("task:dependency:add", link(&pair[0], &pair[1])).await?;
        }
        let before = board.snapshot(&ann).await?;
        board.view(&bob).await?;
        // Events up to a snapshot come before it.
        assert_eq!(board.snapshot(&bob).await?, before);
        let _ = bob.events();
        let closing = link(&ring[length - 1], &ring[0]);
        ann.refused("task:dependency:add", closing.clone(), "DEPENDENCY_CYCLE").await?;
        assert_eq!(board.snapshot(&ann).await?, before, "a refused command has no effect");
        if length == 1 {
            continue;
        }
        // With other types, they may refer to each other.
        for kind in ["relates_to", "duplicates"] {
            let mut back = closing.clone();
            back["type"] = json!(kind);
            ann.ask("task:dependency:add", back).await?;
            bob.next_event("task:dependency:added").await?;
        }
        // Once the ring is open elsewhere, it may be closed here.
        ann.ask("task:dependency:remove", link(&ring[0], &ring[1])).await?;
        bob.next_event("task:dependency:removed").await?;
        ann.ask("task:dependency:add", closing).await?;
        bob.next_event("task:dependency:added").await?;
        ann.refused("task:dependency:add", link(&ring[0], &ring[1]), "DEPENDENCY_CYCLE").await?;
        ensure!(bob.events().is_empty(), "events without a change");
    }
    // A diamond is not a cycle.
    let diamond = tasks(&board, &ann, 4).await?;
    for (from, to) in [(0, 1), (0, 2), (1, 3), (2, 3)] {
        ann.ask("task:dependency:add", link(&diamond[from], &diamond[to])).await?;
    }
    ensure!(is_free_of_cycles(&edges(&board.snapshot(&ann).await?)?), "a circle was kept");
    Ok(())
}

async fn simultaneous_additions_close_no_cycle(kind: Kind) -> Result<()> {
    let seed = seed()?;
    let mut random = fastrand::Rng::with_seed(seed);
    let scene = Scene::open(kind).await?;
    let (ann, bob) = (scene.client("ann").await?, scene.client("bob").await?);
    let board = Board::create(&ann, &[("bob", "member")]).await?;
    let five = tasks(&board, &ann, 5).await?;
    let mut clashes = 0;
    for round in 0..ROUNDS {
        // The dependencies of a ring, in random order, which the two clients add in turn.
        let mut order: Vec<&String> = five.iter().collect();
        random.shuffle(&mut order);
        let length = random.usize(2..=5);
        let chain = &order[..length];
        let mut links: Vec<Value> = chain.windows(2).map(|pair| link(pair[0], pair[1])).collect();
        links.push(link(chain[length - 1], chain[0]));
        random.shuffle(&mut links);
        let sent: Vec<_> = links
            .iter()
            .enumerate()
            .map(|(index, link)| [&ann, &bob][index % 2].send_call("task:dependency:add", link))
            .collect();
        let mut refused = 0;
        for pending in sent {
            let reply = pending.reply().await?;
            ensure!(reply["ok"] == true || reply["code"] == "DEPENDENCY_CYCLE", "seed {seed}, round {round}: {reply}");
            refused += usize::from(reply["ok"] == false);
        }
        let kept = edges(&board.snapshot(&ann).await?)?;
        ensure!(is_free_of_cycles(&kept), "seed {seed}, round {round}: a circle in {kept:?}");
        ensure!(refused == 1, "seed {seed}, round {round}: {refused} of {length} refused, {kept:?} kept");
        clashes += refused;
        for (from, to) in kept {
            ann.ask("task:dependency:remove", link(&from, &to)).await?;
        }
    }
    ensure!(clashes == ROUNDS, "seed {seed}");
    Ok(())
}
