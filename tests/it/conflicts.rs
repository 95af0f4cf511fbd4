//! Two people at one card: simultaneous moves, edits of different fields, edits of the same field.

use anyhow::{Context, Result, ensure};
use boardwire_test_support::{Client, Evidence, Kind, converge};
use serde_json::{Value, json};

use crate::scene::{Board, Scene, text};

on_both!(
    simultaneous_moves_of_one_card_both_succeed,
    edits_of_different_fields_both_succeed,
    edits_of_the_same_field_conflict,
    an_edit_without_an_expected_version_succeeds,
    a_future_version_conflicts,
    columns_and_boards_check_versions_too,
    a_column_with_tasks_is_deleted_only_if_they_are_moved,
    moves_between_the_same_neighbours_keep_the_order,
    a_wip_limit_holds_under_simultaneous_commands,
);

struct Pair {
    scene: Scene,
    ann: Client,
    bob: Client,
    board: Board,
    task: Value,
}

async fn pair(kind: Kind) -> Result<Pair> {
    let scene = Scene::open(kind).await?;
    let (ann, bob) = (scene.client("ann").await?, scene.client("bob").await?);
    let board = Board::create(&ann, &[("bob", "member")]).await?;
    let task = ann.ask("task:create", json!({ "boardId": board.id, "title": "Draft" })).await?["task"].clone();
    Ok(Pair { scene, ann, bob, board, task })
}

impl Pair {
    async fn agreed(&self) -> Result<Value> {
        let snapshot = self.board.snapshot(&self.ann).await?;
        let evidence = Evidence {
            database: &self.scene.database,
            board: &self.board.id,
            acknowledged: &[],
            replicas: &[],
            snapshot: &snapshot,
        };
        converge(evidence).await?;
        Ok(snapshot)
    }
}

async fn simultaneous_moves_of_one_card_both_succeed(kind: Kind) -> Result<()> {
    let pair = pair(kind).await?;
    for round in 0..20 {
        let here = json!({ "taskId": pair.task["id"], "toColumn": pair.board.columns[1] });
        let there = json!({ "taskId": pair.task["id"], "toColumn": pair.board.columns[2] });
        let (one, two) = (pair.ann.send_call("task:move", &here), pair.bob.send_call("task:move", &there));
        let (one, two) = (one.reply().await?, two.reply().await?);
        ensure!(one["ok"] == true && two["ok"] == true, "round {round}: {one} and {two}");
        ensure!(one["seq"] != two["seq"], "round {round}: both at {}", one["seq"]);
        let last = if one["seq"].as_u64() > two["seq"].as_u64() { &one } else { &two };
        let snapshot = pair.board.snapshot(&pair.ann).await?;
        ensure!(
            snapshot["tasks"] == json!([last["task"]]),
            "round {round}: {last} was last, {} is there",
            snapshot["tasks"]
        );
        // Back to the first column, so that the next round moves it again.
        let back = json!({ "taskId": pair.task["id"], "toColumn": pair.board.columns[0] });
        pair.ann.ask("task:move", back).await?;
    }
    pair.agreed().await?;
    Ok(())
}

async fn edits_of_different_fields_both_succeed(kind: Kind) -> Result<()> {
    let pair = pair(kind).await?;
    let edit = |updates: Value| json!({ "taskId": pair.task["id"], "updates": updates, "expectedVersion": pair.task["version"] });
    let one = pair.ann.send_call("task:update", &edit(json!({ "title": "Final" })));
    let two = pair.bob.send_call("task:update", &edit(json!({ "priority": 7, "tags": ["urgent"] })));
    let (one, two) = (one.reply().await?, two.reply().await?);
    ensure!(one["ok"] == true && two["ok"] == true, "{one} and {two}");
    let snapshot = pair.agreed().await?;
    let task = &snapshot["tasks"][0];
    assert_eq!((&task["title"], &task["priority"], &task["tags"]), (&json!("Final"), &json!(7), &json!(["urgent"])));
    assert_eq!(task["version"].as_u64(), pair.task["version"].as_u64().map(|version| version + 2));
    Ok(())
}

async fn edits_of_the_same_field_conflict(kind: Kind) -> Result<()> {
    let pair = pair(kind).await?;
    let edit = |title: &str| {
        json!({
            "taskId": pair.task["id"], "expectedVersion": pair.task["version"],
            "updates": { "title": title, "priority": 3 },
        })
    };
    pair.ann
        .ask(
            "task:update",
            json!({
                "taskId": pair.task["id"], "updates": { "title": "Hers" }, "expectedVersion": pair.task["version"],
            }),
        )
        .await?;
    let before = pair.board.snapshot(&pair.ann).await?;
    let reply = pair.bob.refused("task:update", edit("His"), "CONFLICT").await?;
    assert_eq!(reply["details"]["fields"], json!(["title"]));
    assert_eq!(reply["details"]["current"], before["tasks"][0]);
    assert_eq!(pair.agreed().await?, before, "a refused edit changes nothing, not even the fields that don't clash");

    // With the version that the refusal showed, the same edit goes through.
    let mut again = edit("His");
    again["expectedVersion"] = reply["details"]["current"]["version"].clone();
    let reply = pair.bob.ask("task:update", again).await?;
    assert_eq!(reply["task"]["title"], "His");

    // Of two sent at the same moment, one wins and the other is refused.
    let version = reply["task"]["version"].clone();
    let race =
        |title: &str| json!({ "taskId": pair.task["id"], "updates": { "title": title }, "expectedVersion": version });
    let (one, two) = (pair.ann.send_call("task:update", &race("A")), pair.bob.send_call("task:update", &race("B")));
    let replies = [one.reply().await?, two.reply().await?];
    let won = replies.iter().find(|reply| reply["ok"] == true).context("one of two goes through")?;
    let lost = replies.iter().find(|reply| reply["code"] == "CONFLICT").context("the other one conflicts")?;
    assert_eq!(lost["details"]["current"], won["task"]);
    assert_eq!(pair.agreed().await?["tasks"][0], won["task"]);
    Ok(())
}

async fn an_edit_without_an_expected_version_succeeds(kind: Kind) -> Result<()> {
    let pair = pair(kind).await?;
    let edit = |title: &str| json!({ "taskId": pair.task["id"], "updates": { "title": title } });
    pair.ann.ask("task:update", edit("One")).await?;
    pair.bob.ask("task:update", edit("Two")).await?;
    assert_eq!(pair.agreed().await?["tasks"][0]["title"], "Two");
    Ok(())
}

async fn a_future_version_conflicts(kind: Kind) -> Result<()> {
    let pair = pair(kind).await?;
    let edit = json!({ "taskId": pair.task["id"], "updates": { "title": "X" }, "expectedVersion": 99 });
    let reply = pair.ann.refused("task:update", edit, "CONFLICT").await?;
    let tasks = &pair.agreed().await?["tasks"];
    assert_eq!((&tasks[0]["title"], &tasks[0]), (&json!("Draft"), &reply["details"]["current"]));
    assert_eq!(reply["details"]["fields"], json!(["title"]));
    Ok(())
}

async fn columns_and_boards_check_versions_too(kind: Kind) -> Result<()> {
    let pair = pair(kind).await?;
    let before = pair.board.snapshot(&pair.ann).await?;
    let (column, board) = (&before["columns"][0], &before["board"]);
    let rename = |name: &str| json!({ "columnId": column["id"], "updates": { "name": name }, "expectedVersion": column["version"] });
    pair.ann.ask("column:update", rename("Ideas")).await?;
    let reply = pair.bob.refused("column:update", rename("Backlog"), "CONFLICT").await?;
    assert_eq!(reply["details"]["current"]["name"], "Ideas");
    assert_eq!(reply["details"]["fields"], json!(["name"]));

    let rename = |name: &str| json!({ "boardId": board["id"], "updates": { "name": name }, "expectedVersion": board["version"] });
    pair.ann.ask("board:update", rename("Lift-off")).await?;
    let reply = pair.bob.refused("board:update", rename("Landing"), "CONFLICT").await?;
    assert_eq!(reply["details"]["current"]["name"], "Lift-off");
    let colour =
        json!({ "boardId": board["id"], "updates": { "color": "#00ff00" }, "expectedVersion": board["version"] });
    pair.bob.ask("board:update", colour).await?;
    pair.agreed().await.map(drop)
}

async fn a_column_with_tasks_is_deleted_only_if_they_are_moved(kind: Kind) -> Result<()> {
    let pair = pair(kind).await?;
    let column = text(&pair.task["column_id"])?;
    pair.ann.refused("column:delete", json!({ "columnId": column }), "CONFLICT").await?;
    let target = pair.board.columns.iter().find(|id| **id != column).context("another column")?;
    pair.board.view(&pair.bob).await?;
    let reply = pair.ann.ask("column:delete", json!({ "columnId": column, "moveTasksTo": target })).await?;
    assert_eq!(reply["columnId"], json!(column));
    let snapshot = pair.agreed().await?;
    assert_eq!(snapshot["tasks"][0]["column_id"], json!(target));
    assert_eq!(snapshot["columns"].as_array().map(Vec::len), Some(2));
    pair.bob.next_event("column:deleted").await.map(drop)
}

async fn moves_between_the_same_neighbours_keep_the_order(kind: Kind) -> Result<()> {
    let pair = pair(kind).await?;
    let column = &pair.board.columns[0];
    let last = pair.board.task(&pair.ann, "last").await?;
    let mut between = Vec::new();
    for title in ["a", "b", "c"] {
        between.push(pair.board.task(&pair.ann, title).await?);
    }
    // Always right behind the first card: each move goes into the same shrinking gap.
    for round in 0..300 {
        let task = &between[round % between.len()];
        let place = json!({ "taskId": task, "toColumn": column, "after": pair.task["id"] });
        let moved = pair.ann.ask("task:move", place).await?;
        let position = text(&moved["task"]["position"])?;
        ensure!(position.len() <= 512, "round {round}: a position of {} characters", position.len());
    }
    let snapshot = pair.agreed().await?;
    let mut tasks = snapshot["tasks"].as_array().cloned().unwrap_or_default();
    tasks.sort_by_key(|task| task["position"].as_str().map(str::to_owned));
    let order: Vec<&Value> = tasks.iter().map(|task| &task["id"]).collect();
    let expected = [&pair.task["id"], &json!(between[2]), &json!(between[1]), &json!(between[0]), &json!(last)];
    assert_eq!(order, expected);
    Ok(())
}

async fn a_wip_limit_holds_under_simultaneous_commands(kind: Kind) -> Result<()> {
    let pair = pair(kind).await?;
    let column = json!({ "boardId": pair.board.id, "name": "Narrow", "wip_limit": 3 });
    let column = pair.ann.ask("column:create", column).await?["column"].clone();
    let create = json!({ "boardId": pair.board.id, "title": "one more", "columnId": column["id"] });
    let pending: Vec<_> =
        (0..10).map(|n| if n % 2 == 0 { &pair.ann } else { &pair.bob }.send_call("task:create", &create)).collect();
    let mut through = 0;
    for reply in pending {
        let reply = reply.reply().await?;
        through += usize::from(reply["ok"] == true);
        ensure!(reply["ok"] == true || reply["code"] == "WIP_LIMIT", "{reply}");
    }
    assert_eq!(through, 3);
    pair.bob.refused("task:move", json!({ "taskId": pair.task["id"], "toColumn": column["id"] }), "WIP_LIMIT").await?;
    pair.agreed().await.map(drop)
}
