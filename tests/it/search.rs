//! Search: words are found on boards that the caller may read, and every query is treated as plain words.

use anyhow::Result;
use boardwire_test_support::{Client, Kind};
use serde_json::{Value, json};

use crate::scene::{Board, Scene};

on_both!(
    texts_are_found_while_they_exist,
    only_tasks_on_readable_boards_are_found,
    hostile_queries_are_treated_as_plain_words
);

/// Returns the tasks and comments that are found, in short form.
async fn find(client: &Client, query: &str) -> Result<Vec<String>> {
    let reply = client.ask("task:search", json!({ "query": query })).await?;
    let name = |hit: &Value| hit["commentId"].as_str().or(hit["taskId"].as_str()).unwrap_or_default().to_owned();
    Ok(reply["hits"].as_array().into_iter().flatten().map(name).collect())
}

async fn texts_are_found_while_they_exist(kind: Kind) -> Result<()> {
    let scene = Scene::open(kind).await?;
    let ann = scene.client("ann").await?;
    let board = Board::create(&ann, &[]).await?;
    let task = |id: &str, title: &str, description: &str| json!({ "boardId": board.id, "id": id, "title": title, "description": description });
    ann.ask("task:create", task("engine", "Test the engine", "Before the countdown, see /docs/launch-plan.md")).await?;
    ann.ask("task:create", task("fuel", "Buy fuel", "For the engine, Größe XL")).await?;
    let comment = json!({ "taskId": "fuel", "id": "remark", "body": "Kerosene, or <b>hydrogen</b>?" });
    ann.ask("task:comment:add", comment).await?;
    assert_eq!(find(&ann, "engine").await?, ["engine", "fuel"], "a title counts for more");
    assert_eq!(find(&ann, "ENG").await?, ["engine", "fuel"], "the last word may be a beginning");
    for (query, expected) in [
        ("fuel engine", "fuel"),
        ("hydrogen", "remark"),
        ("größe", "fuel"),
        ("plan", "engine"),
        ("docs/launch", "engine"),
    ] {
        assert_eq!(find(&ann, query).await?, [expected], "{query}");
    }
    assert!(find(&ann, "eng fuel").await?.is_empty(), "only the last word may be a beginning");
    let hit = ann.ask("task:search", json!({ "query": "kero" })).await?["hits"][0].clone();
    let whole = json!({
        "taskId": "fuel", "boardId": board.id, "title": "Buy fuel", "status": "todo", "commentId": "remark",
        "snippet": "Kerosene, or <b>hydrogen</b>?",
    });
    assert_eq!(hit, whole);

    ann.ask("task:update", json!({ "taskId": "engine", "updates": { "title": "Test the motor" } })).await?;
    assert_eq!(find(&ann, "engine").await?, ["fuel"]);
    assert_eq!(find(&ann, "motor").await?, ["engine"]);
    ann.ask("task:move", json!({ "taskId": "engine", "toColumn": board.columns[2] })).await?;
    assert_eq!(find(&ann, "motor").await?, ["engine"]);
    ann.ask("task:comment:update", json!({ "commentId": "remark", "body": "Oxygen" })).await?;
    assert!(find(&ann, "hydrogen").await?.is_empty());
    assert_eq!(find(&ann, "oxygen").await?, ["remark"]);
    ann.ask("task:comment:add", json!({ "taskId": "fuel", "id": "second", "body": "Argon" })).await?;
    ann.ask("task:comment:delete", json!({ "commentId": "second" })).await?;
    assert!(find(&ann, "argon").await?.is_empty());
    ann.ask("task:delete", json!({ "taskId": "fuel" })).await?;
    for gone in ["fuel", "oxygen", "engine"] {
        assert!(find(&ann, gone).await?.is_empty(), "{gone}");
    }
    // A new task under the same id is found by its own text.
    ann.ask("task:create", task("fuel", "Sell coal", "")).await?;
    assert_eq!(find(&ann, "coal").await?, ["fuel"]);
    Ok(())
}

async fn only_tasks_on_readable_boards_are_found(kind: Kind) -> Result<()> {
    let scene = Scene::open(kind).await?;
    let (ann, bob) = (scene.client("ann").await?, scene.client("bob").await?);
    let (shared, secret) = (Board::create(&ann, &[("bob", "viewer")]).await?, Board::create(&ann, &[]).await?);
    let task = shared.task(&ann, "Rocket").await?;
    secret.task(&ann, "Rocket").await?;
    assert_eq!(find(&ann, "rocket").await?.len(), 2);
    assert_eq!(find(&bob, "rocket").await?, [task]);
    assert_eq!(find(&scene.admin().await?, "rocket").await?.len(), 2);
    let one = ann.ask("task:search", json!({ "query": "rocket", "boardId": shared.id, "limit": 50 })).await?;
    assert_eq!(one["hits"].as_array().map(Vec::len), Some(1));
    ann.ask("board:member:remove", json!({ "boardId": shared.id, "userId": "bob" })).await?;
    assert!(find(&bob, "rocket").await?.is_empty());
    Ok(())
}

async fn hostile_queries_are_treated_as_plain_words(kind: Kind) -> Result<()> {
    let scene = Scene::open(kind).await?;
    let ann = scene.client("ann").await?;
    let board = Board::create(&ann, &[]).await?;
    let task = board.task(&ann, "Fuel for NEAR and OR").await?;
    for query in ["fuel*", "\"fuel", "'fuel'", "fuel:*", "(fuel)", "fuel\0", "🚀 fuel 🚀", "near fuel", "NEAR(fuel"]
    {
        assert_eq!(find(&ann, query).await?, [task.as_str()], "{query:?}");
    }
    for query in ["fuel AND nothing", "title:fuel", "fuel | missing", "!fuel missing", "fuel NOT coal", "x' OR 1=1"] {
        assert!(find(&ann, query).await?.is_empty(), "{query:?}");
    }
    for query in
        [" ", "*", "\"\"", "🚀", "\0", "():&|!", "'; DROP TABLE tasks; --", "\\", "^", "-fuel NEAR/1", "𝒳", "a\u{301}"]
    {
        ann.ask("task:search", json!({ "query": query })).await?;
    }
    for query in ["", &"x".repeat(201)] {
        ann.refused("task:search", json!({ "query": query }), "INVALID_MESSAGE").await?;
    }
    ann.ask("task:search", json!({ "query": "x ".repeat(100) })).await?;
    for limit in [0, 51] {
        ann.refused("task:search", json!({ "query": "x", "limit": limit }), "INVALID_MESSAGE").await?;
    }
    Ok(())
}

/// A search has a time limit: its caller is told to try again, and the others notice nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_search_that_takes_too_long_is_aborted() -> Result<()> {
    let scene = Scene::open(Kind::Postgres).await?;
    let ann = scene.client("ann").await?;
    let board = Board::create(&ann, &[]).await?;
    let task = board.task(&ann, "Rocket").await?;
    ann.ask("task:comment:add", json!({ "taskId": task, "body": "Rocket" })).await?;
    // Twice as long as a search may take, and shorter than other statements may.
    let slow = "ALTER TABLE comments RENAME TO kept;
                CREATE VIEW comments AS SELECT * FROM kept WHERE pg_sleep(4) IS NOT NULL";
    scene.database.query(slow).await?;
    ann.refused("task:search", json!({ "query": "rocket" }), "UNAVAILABLE").await?;
    board.snapshot(&ann).await?;

    scene.database.query("DROP VIEW comments; ALTER TABLE kept RENAME TO comments").await?;
    assert_eq!(find(&ann, "rocket").await?.len(), 2);
    Ok(())
}
