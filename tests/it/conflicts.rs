//! Concurrent changes of two users: moves, edits of different fields, edits of the same field.

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

/// Ann's board with the member Bob, and a task on it.
struct SharedTask {
    scene: Scene,
    ann: Client,
    bob: Client,
    board: Board,
    task: Value,
}

async fn open(kind: Kind) -> Result<SharedTask> {
    let scene = Scene::open(kind).await?;
    let (ann, bob) = (scene.client("ann").await?, scene.client("bob").await?);
    let board = Board::create(&ann, &[("bob", "member")]).await?;
    let task = ann.ask("task:create", json!({ "boardId": board.id, "title": "Draft" })).await?["task"].clone();
    Ok(SharedTask { scene, ann, bob, board, task })
}

impl SharedTask {
    /// Checks that the log, the tables and a snapshot agree; returns the snapshot.
    async fn converged(&self) -> Result<Value> {
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
    let setup = open(kind).await?;
    for round in 0..20 {
        let here = json!({ "taskId": setup.task["id"], "toColumn": setup.board.columns[1] });
        let there = json!({ "taskId": setup.task["id"], "toColumn": setup.board.columns[2] });
        let (one, two) = (setup.ann.send_call("task:move", &here), setup.bob.send_call("task:move", &there));
        let (one, two) = (one.reply().await?, two.reply().await?);
        ensure!(one["ok"] == true && two["ok"] == true, "round {round}: {one} and {two}");
        ensure!(one["seq"] != two["seq"], "round {round}: both at {}", one["seq"]);
        let last = if one["seq"].as_u64() > two["seq"].as_u64() { &one } else { &two };
        let snapshot = setup.board.snapshot(&setup.ann).await?;
        ensure!(
            snapshot["tasks"] == json!([last["task"]]),
            "round {round}: {last} was last, but the board shows {}",
            snapshot["tasks"]
        );
        // Back to the first column, so that the next round moves it again.
        let back = json!({ "taskId": setup.task["id"], "toColumn": setup.board.columns[0] });
        setup.ann.ask("task:move", back).await?;
    }
    setup.converged().await?;
    Ok(())
}

async fn edits_of_different_fields_both_succeed(kind: Kind) -> Result<()> {
    let setup = open(kind).await?;
    let edit = |updates: Value| json!({ "taskId": setup.task["id"], "updates": updates, "expectedVersion": setup.task["version"] });
    let one = setup.ann.send_call("task:update", &edit(json!({ "title": "Final" })));
    let two = setup.bob.send_call("task:update", &edit(json!({ "priority": 7, "tags": ["urgent"] })));
    let (one, two) = (one.reply().await?, two.reply().await?);
    ensure!(one["ok"] == true && two["ok"] == true, "{one} and {two}");
    let snapshot = setup.converged().await?;
    let task = &snapshot["tasks"][0];
    assert_eq!((&task["title"], &task["priority"], &task["tags"]), (&json!("Final"), &json!(7), &json!(["urgent"])));
    assert_eq!(task["version"].as_u64(), setup.task["version"].as_u64().map(|version| version + 2));
    Ok(())
}

async fn edits_of_the_same_field_conflict(kind: Kind) -> Result<()> {
    let setup = open(kind).await?;
    let edit = |title: &str| {
        json!({
            "taskId": setup.task["id"], "expectedVersion": setup.task["version"],
            "updates": { "title": title, "priority": 3 },
        })
    };
    setup
        .ann
        .ask(
            "task:update",
            json!({
                "taskId": setup.task["id"], "updates": { "title": "Hers" }, "expectedVersion": setup.task["version"],
            }),
        )
        .await?;
    let before = setup.board.snapshot(&setup.ann).await?;
    let reply = setup.bob.refused("task:update", edit("His"), "CONFLICT").await?;
    assert_eq!(reply["details"]["fields"], json!(["title"]));
    assert_eq!(reply["details"]["current"], before["tasks"][0]);
    assert_eq!(
        setup.converged().await?,
        before,
        "a refused edit changed something, perhaps the fields without a conflict"
    );

    // With the version that the refusal showed, the same edit goes through.
    let mut again = edit("His");
    again["expectedVersion"] = reply["details"]["current"]["version"].clone();
    let reply = setup.bob.ask("task:update", again).await?;
    assert_eq!(reply["task"]["title"], "His");

    // Of two sent at the same moment, one wins and the other is refused.
    let version = reply["task"]["version"].clone();
    let race =
        |title: &str| json!({ "taskId": setup.task["id"], "updates": { "title": title }, "expectedVersion": version });
    let (one, two) = (setup.ann.send_call("task:update", &race("A")), setup.bob.send_call("task:update", &race("B")));
    let replies = [one.reply().await?, two.reply().await?];
    let won = replies.iter().find(|reply| reply["ok"] == true).context("one of two must succeed")?;
    let lost = replies.iter().find(|reply| reply["code"] == "CONFLICT").context("the other one must conflict")?;
    assert_eq!(lost["details"]["current"], won["task"]);
    assert_eq!(setup.converged().await?["tasks"][0], won["task"]);
    Ok(())
}

async fn an_edit_without_an_expected_version_succeeds(kind: Kind) -> Result<()> {
    let setup = open(kind).await?;
    let edit = |title: &str| json!({ "taskId": setup.task["id"], "updates": { "title": title } });
    setup.ann.ask("task:update", edit("One")).await?;
    setup.bob.ask("task:update", edit("Two")).await?;
    assert_eq!(setup.converged().await?["tasks"][0]["title"], "Two");
    Ok(())
}

async fn a_future_version_conflicts(kind: Kind) -> Result<()> {
    let setup = open(kind).await?;
    let edit = json!({ "taskId": setup.task["id"], "updates": { "title": "X" }, "expectedVersion": 99 });
    let reply = setup.ann.refused("task:update", edit, "CONFLICT").await?;
    let tasks = &setup.converged().await?["tasks"];
    assert_eq!((&tasks[0]["title"], &tasks[0]), (&json!("Draft"), &reply["details"]["current"]));
    assert_eq!(reply["details"]["fields"], json!(["title"]));
    Ok(())
}

async fn columns_and_boards_check_versions_too(kind: Kind) -> Result<()> {
    let setup = open(kind).await?;
    let before = setup.board.snapshot(&setup.ann).await?;
    let (column, board) = (&before["columns"][0], &before["board"]);
    let rename = |name: &str| json!({ "columnId": column["id"], "updates": { "name": name }, "expectedVersion": column["version"] });
    setup.ann.ask("column:update", rename("Ideas")).await?;
    let reply = setup.bob.refused("column:update", rename("Backlog"), "CONFLICT").await?;
    assert_eq!(reply["details"]["current"]["name"], "Ideas");
    assert_eq!(reply["details"]["fields"], json!(["name"]));

    let rename = |name: &str| json!({ "boardId": board["id"], "updates": { "name": name }, "expectedVersion": board["version"] });
    setup.ann.ask("board:update", rename("Lift-off")).await?;
    let reply = setup.bob.refused("board:update", rename("Landing"), "CONFLICT").await?;
    assert_eq!(reply["details"]["current"]["name"], "Lift-off");
    let colour =
        json!({ "boardId": board["id"], "updates": { "color": "#00ff00" }, "expectedVersion": board["version"] });
    setup.bob.ask("board:update", colour).await?;
    setup.converged().await.map(drop)
}

async fn a_column_with_tasks_is_deleted_only_if_they_are_moved(kind: Kind) -> Result<()> {
    let setup = open(kind).await?;
    let column = text(&setup.task["column_id"])?;
    setup.ann.refused("column:delete", json!({ "columnId": column }), "CONFLICT").await?;
    let target = setup.board.columns.iter().find(|id| **id != column).context("another column")?;
    setup.board.view(&setup.bob).await?;
    let reply = setup.ann.ask("column:delete", json!({ "columnId": column, "moveTasksTo": target })).await?;
    assert_eq!(reply["columnId"], json!(column));
    let snapshot = setup.converged().await?;
    assert_eq!(snapshot["tasks"][0]["column_id"], json!(target));
    assert_eq!(snapshot["columns"].as_array().map(Vec::len), Some(2));
    setup.bob.next_event("column:deleted").await.map(drop)
}

async fn moves_between_the_same_neighbours_keep_the_order(kind: Kind) -> Result<()> {
    let setup = open(kind).await?;
    let column = &setup.board.columns[0];
    let last = setup.board.task(&setup.ann, "last").await?;
    let mut between = Vec::new();
    for title in ["a", "b", "c"] {
        between.push(setup.board.task(&setup.ann, title).await?);
    }
    // Always right behind the first card: each move goes into the same shrinking gap.
    for round in 0..300 {
        let task = &between[round % between.len()];
        let place = json!({ "taskId": task, "toColumn": column, "after": setup.task["id"] });
        let moved = setup.ann.ask("task:move", place).await?;
        let position = text(&moved["task"]["position"])?;
        ensure!(position.len() <= 512, "round {round}: a position of {} characters", position.len());
    }
    let snapshot = setup.converged().await?;
    let mut tasks = snapshot["tasks"].as_array().cloned().unwrap_or_default();
    tasks.sort_by_key(|task| task["position"].as_str().map(str::to_owned));
    let order: Vec<&Value> = tasks.iter().map(|task| &task["id"]).collect();
    let expected = [&setup.task["id"], &json!(between[2]), &json!(between[1]), &json!(between[0]), &json!(last)];
    assert_eq!(order, expected);
    Ok(())
}

async fn a_wip_limit_holds_under_simultaneous_commands(kind: Kind) -> Result<()> {
    let setup = open(kind).await?;
    let column = json!({ "boardId": setup.board.id, "name": "Narrow", "wip_limit": 3 });
    let column = setup.ann.ask("column:create", column).await?["column"].clone();
    let create = json!({ "boardId": setup.board.id, "title": "one more", "columnId": column["id"] });
    let pending: Vec<_> =
        (0..10).map(|n| if n % 2 == 0 { &setup.ann } else { &setup.bob }.send_call("task:create", &create)).collect();
    let mut succeeded = 0;
    for reply in pending {
        let reply = reply.reply().await?;
        succeeded += usize::from(reply["ok"] == true);
        ensure!(reply["ok"] == true || reply["code"] == "WIP_LIMIT", "{reply}");
    }
    assert_eq!(succeeded, 3);
    setup
        .bob
        .refused("task:move", json!({ "taskId": setup.task["id"], "toColumn": column["id"] }), "WIP_LIMIT")
        .await?;
    setup.converged().await.map(drop)
}
