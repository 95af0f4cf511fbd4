//! A list of boards says when anything on each last changed: the time of its latest event, at every door.

use anyhow::{Context, Result, ensure};
use boardwire_test_support::{Client, Http, Kind, token};
use serde_json::{Value, json};

use crate::scene::{Board, Scene, fields, text};

on_both!(
    every_event_updates_the_time_of_the_latest_change,
    renaming_a_board_updates_the_time_of_the_latest_change,
    both_doors_show_the_same_time
);

/// Returns a board as a list shows it.
async fn listed(reader: &Client, board: &Board) -> Result<Value> {
    let boards = reader.ask("board:list", json!({})).await?["boards"].clone();
    let found = boards.as_array().and_then(|boards| boards.iter().find(|listed| listed["id"] == board.id));
    found.cloned().with_context(|| format!("not listed: {boards}"))
}

async fn every_event_updates_the_time_of_the_latest_change(kind: Kind) -> Result<()> {
    let scene = Scene::open(kind).await?;
    let (ann, bob) = (scene.client("ann").await?, scene.client("bob").await?);
    let other = Board::create(&ann, &[("bob", "viewer")]).await?;
    let elsewhere = listed(&bob, &other).await?;
    let board = Board::create(&ann, &[("bob", "viewer")]).await?;
    let created = listed(&bob, &board).await?;
    board.view(&bob).await?;
    for (command, payload) in [
        ("task:create", json!({ "boardId": board.id, "title": "T", "id": "t" })),
        ("task:update", json!({ "taskId": "t", "updates": { "priority": 3 } })),
        ("task:comment:add", json!({ "taskId": "t", "body": "Done soon" })),
        ("task:move", json!({ "taskId": "t", "toColumn": board.columns[1] })),
        ("column:create", json!({ "boardId": board.id, "name": "Review" })),
        ("board:member:set", json!({ "boardId": board.id, "userId": "bob", "role": "member" })),
        ("task:delete", json!({ "taskId": "t" })),
    ] {
        let seq = ann.ask(command, payload).await?["seq"].as_u64();
        let event = bob.next_matching(command, |event| event.seq().is_some() && event.seq() == seq).await?;
        let now = listed(&bob, &board).await?;
        assert_eq!(now["changed_at"], event.payload["timestamp"], "after {command}");
        assert_eq!(
            now["updated_at"], created["updated_at"],
            "the board's own `updated_at` has changed after {command}"
        );
        assert_eq!(listed(&bob, &board).await?, now, "reading the list changed it");
    }
    // A refused change, or one without effect, does not count.
    let before = listed(&bob, &board).await?;
    ann.refused("task:update", json!({ "taskId": "t", "updates": { "priority": 4 } }), "NOT_FOUND").await?;
    ann.ask("board:member:set", json!({ "boardId": board.id, "userId": "bob", "role": "member" })).await?;
    assert_eq!(listed(&bob, &board).await?, before);
    assert_eq!(listed(&bob, &other).await?, elsewhere, "the entry of another board has changed");
    Ok(())
}

async fn renaming_a_board_updates_the_time_of_the_latest_change(kind: Kind) -> Result<()> {
    let scene = Scene::open(kind).await?;
    let ann = scene.client("ann").await?;
    let board = Board::create(&ann, &[]).await?;
    board.task(&ann, "T").await?;
    let update = json!({ "boardId": board.id, "updates": { "name": "Landing" } });
    let updated = ann.ask("board:update", update).await?["board"].clone();
    ensure!(updated.get("changed_at").is_none(), "the board itself has `changed_at`: {updated}");
    let now = listed(&ann, &board).await?;
    assert_eq!((&now["name"], &now["changed_at"]), (&json!("Landing"), &updated["updated_at"]));
    let snapshot = board.snapshot(&ann).await?["board"].clone();
    assert_eq!(snapshot, updated);
    let mut names = fields(&snapshot);
    names.push("changed_at");
    names.sort_unstable();
    assert_eq!(fields(&now), names);
    Ok(())
}

async fn both_doors_show_the_same_time(kind: Kind) -> Result<()> {
    let mut scene = Scene::open(kind).await?;
    let ann = scene.client("ann").await?;
    let board = Board::create(&ann, &[]).await?;
    board.task(&ann, "T").await?;
    let now = listed(&ann, &board).await?;
    ensure!(text(&now["changed_at"])? >= text(&now["updated_at"])?, "{now}");
    // The same after a restart.
    scene.server.terminate().await?;
    scene.server.restart().await?;
    let request = Http::new(&scene.server.url(), "GET", "/api/v1/boards").bearer(&token("ann", &["read"])?);
    assert_eq!(request.send().await?.json()?["boards"], json!([now]));
    Ok(())
}
