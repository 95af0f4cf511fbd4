//! Positions: any number of moves between the same neighbours, seen alike by the mover, a viewer and the database.

use anyhow::{Context, Result, ensure};
use boardwire_test_support::{Kind, Replica, first_difference};
use serde_json::{Value, json};

use crate::scene::{Board, Scene};

on_both!(
    there_is_always_room_between_two_tasks,
    there_is_always_room_between_two_columns,
    a_column_can_be_given_by_its_name
);

/// The longest position, in characters: no key may grow without bound.
const MAX_LENGTH: usize = 64;

async fn there_is_always_room_between_two_tasks(kind: Kind) -> Result<()> {
    const MOVES: usize = 600;
    let scene = Scene::open(kind).await?;
    let (ann, bob) = (scene.client("ann").await?, scene.client("bob").await?);
    let board = Board::create(&ann, &[("bob", "member")]).await?;
    let mut tasks = Vec::new();
    for title in ["first", "one", "two", "last"] {
        tasks.push(board.task(&ann, title).await?);
    }
    board.view(&ann).await?;
    board.view(&bob).await?;
    let snapshot = board.snapshot(&ann).await?;
    let mut mine = Replica::from_snapshot(&snapshot).context("a snapshot")?;
    let mut theirs = Replica::from_snapshot(&snapshot).context("a snapshot")?;
    // Each in turn moves right behind the first one, in front of the other: the gap halves each time.
    for n in 0..MOVES {
        let (moved, ahead) = if n % 2 == 0 { (&tasks[1], &tasks[2]) } else { (&tasks[2], &tasks[1]) };
        let place = json!({ "taskId": moved, "toColumn": board.columns[0], "after": tasks[0], "before": ahead });
        let reply = ann.ask("task:move", place).await?;
        // Making room shows as separate events, which the mover also gets before the reply.
        for event in ann.events() {
            mine.apply(&event)?;
        }
        mine.apply_own_reply(reply["seq"].as_u64().context("no seq")?, &reply)?;
    }
    let database = board.snapshot(&ann).await?;
    let order: Vec<&Value> = database["tasks"].as_array().context("tasks")?.iter().map(|task| &task["title"]).collect();
    assert_eq!(order, ["first", "two", "one", "last"]);
    check_lengths(&database["tasks"])?;
    while theirs.seq() < mine.seq() {
        theirs.apply(&bob.next_any().await?)?;
    }
    let expected = Replica::from_snapshot(&database).context("a snapshot")?.to_value();
    for (name, replica) in [("the mover's", mine), ("the viewer's", theirs)] {
        let difference = first_difference(&replica.to_value(), &expected);
        ensure!(difference.is_none(), "{name} replica differs: {difference:?}");
    }
    Ok(())
}

async fn there_is_always_room_between_two_columns(kind: Kind) -> Result<()> {
    const COLUMNS: usize = 330;
    let scene = Scene::open(kind).await?;
    let ann = scene.client("ann").await?;
    let board = Board::create(&ann, &[]).await?;
    for n in 0..COLUMNS {
        let new = json!({ "boardId": board.id, "name": format!("{n}"), "after": board.columns[0] });
        let made = ann.ask("column:create", new).await?;
        let columns = board.snapshot(&ann).await?["columns"].clone();
        assert_eq!(columns[1]["id"], made["column"]["id"], "column {n} stands where it was put");
        check_lengths(&columns)?;
        // A board may have at most a hundred columns.
        if n >= 90 {
            ann.ask("column:delete", json!({ "columnId": columns[2]["id"] })).await?;
        }
    }
    Ok(())
}

fn check_lengths(list: &Value) -> Result<()> {
    for item in list.as_array().context("a list")? {
        let position = item["position"].as_str().context("a position")?;
        ensure!(position.len() <= MAX_LENGTH, "the position has grown to {} characters", position.len());
    }
    Ok(())
}

async fn a_column_can_be_given_by_its_name(kind: Kind) -> Result<()> {
    let scene = Scene::open(kind).await?;
    let ann = scene.client("ann").await?;
    let board = Board::create(&ann, &[]).await?;
    let other = Board::create(&ann, &[]).await?;
    let task = board.task(&ann, "Move me").await?;
    let to = |column: &str| json!({ "taskId": task, "toColumn": column });
    for (name, column) in [("In Progress", 1), ("done", 2), (" TO DO ", 0), (board.columns[1].as_str(), 1)] {
        let moved = ann.ask("task:move", to(name)).await?;
        ensure!(moved["task"]["column_id"] == board.columns[column], "{name}: {moved}");
    }
    for missing in ["Nowhere", "a/b", other.columns[0].as_str()] {
        ann.refused("task:move", to(missing), "NOT_FOUND").await?;
    }
    // Ids take precedence over names.
    let called = json!({ "boardId": board.id, "name": board.columns[2], "id": "named-like-an-id" });
    ann.ask("column:create", called).await?;
    let moved = ann.ask("task:move", to(&board.columns[2])).await?;
    ensure!(moved["task"]["column_id"] == board.columns[2], "{moved}");
    ann.ask("column:create", json!({ "boardId": board.id, "name": "DONE", "id": "second" })).await?;
    let refused = ann.refused("task:move", to("Done"), "INVALID_MESSAGE").await?;
    ensure!(refused["details"][0]["path"] == "toColumn", "{refused}");
    ensure!(refused["error"].as_str().is_some_and(|text| text.contains("second")), "{refused}");
    ann.ask("task:move", to("second")).await.map(drop)
}
