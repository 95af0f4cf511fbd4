//! Dependencies between tasks.

use std::time::Duration;

use anyhow::{Result, ensure};
use boardwire_test_support::{Client, Kind, Replica, first_difference};
use serde_json::{Value, json};

use crate::scene::{Board, Scene, fields, ids};

on_both!(each_type_is_added_and_removed, a_task_shows_its_unfinished_blockers, a_replica_follows_dependencies);

fn link(from: &str, to: &str, kind: &str) -> Value {
    json!({ "taskId": from, "dependsOn": to, "type": kind })
}

async fn detail(client: &Client, task: &str) -> Result<Value> {
    client.ask("task:get", json!({ "taskId": task })).await
}

async fn each_type_is_added_and_removed(kind: Kind) -> Result<()> {
    let scene = Scene::open(kind).await?;
    let (ann, bob) = (scene.client("ann").await?, scene.client("bob").await?);
    let board = Board::create(&ann, &[("bob", "member")]).await?;
    let (a, b) = (board.task(&ann, "A").await?, board.task(&ann, "B").await?);
    board.view(&bob).await?;
    let mut all = Vec::new();
    for kind in ["blocks", "relates_to", "duplicates"] {
        let reply = ann.ask("task:dependency:add", link(&a, &b, kind)).await?;
        let dependency = &reply["dependency"];
        assert_eq!(fields(dependency), ["created_at", "created_by", "depends_on", "task_id", "type"]);
        assert_eq!([&dependency["task_id"], &dependency["depends_on"]], [&a, &b]);
        assert_eq!([&dependency["type"], &dependency["created_by"]], [kind, "ann"]);
        let event = bob.next_event("task:dependency:added").await?;
        assert_eq!(event.data(), &json!({ "dependency": dependency, "boardId": board.id }));
        assert_eq!(event.seq(), reply["seq"].as_u64());

        // Added again by anyone: the same answer, and no effect.
        for client in [&ann, &bob] {
            let again = client.ask("task:dependency:add", link(&a, &b, kind)).await?;
            assert_eq!((&again["dependency"], &again["seq"]), (dependency, &reply["seq"]));
        }
        all.push(dependency.clone());
    }
    bob.expect_silence(Duration::from_millis(200)).await?;
    // A dependency without a type has the first one, `blocks`.
    assert_eq!(ann.ask("task:dependency:add", json!({ "taskId": a, "dependsOn": b })).await?["dependency"], all[0]);
    for task in [&a, &b] {
        let shown = detail(&bob, task).await?;
        let mut listed = shown["dependencies"].as_array().cloned().unwrap_or_default();
        listed.sort_by_key(|dependency| all.iter().position(|one| one == dependency));
        assert_eq!(listed, all, "both ends show them");
    }
    ann.refused("task:dependency:add", link(&a, &b, "likes"), "INVALID_MESSAGE").await?;
    ann.refused("task:dependency:remove", link(&b, &a, "blocks"), "NOT_FOUND").await?;

    let removed = ann.ask("task:dependency:remove", link(&a, &b, "relates_to")).await?;
    assert_eq!(removed["dependency"], all[1]);
    let event = bob.next_event("task:dependency:removed").await?;
    assert_eq!(event.data(), &json!({ "dependency": all[1], "boardId": board.id }));
    ann.refused("task:dependency:remove", link(&a, &b, "relates_to"), "NOT_FOUND").await?;
    assert_eq!(detail(&ann, &a).await?["dependencies"].as_array().map(Vec::len), Some(2));
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_of_another_board_cannot_be_a_dependency() -> Result<()> {
    let scene = Scene::open(Kind::Sqlite).await?;
    let (ann, eve) = (scene.client("ann").await?, scene.client("eve").await?);
    let (here, there) = (Board::create(&ann, &[]).await?, Board::create(&ann, &[]).await?);
    let hidden = Board::create(&eve, &[]).await?;
    let (a, b, secret) =
        (here.task(&ann, "A").await?, there.task(&ann, "B").await?, hidden.task(&eve, "Secret").await?);
    let before = here.snapshot(&ann).await?;
    let mut answers = Vec::new();
    for (from, to) in [(&a, &b), (&a, &secret), (&a, &"nowhere".to_owned())] {
        answers.push(ann.refused("task:dependency:add", link(from, to, "blocks"), "NOT_FOUND").await?);
    }
    ensure!(answers.windows(2).all(|two| two[0] == two[1]), "they answer differently: {answers:?}");
    ann.refused("task:dependency:add", link(&secret, &a, "blocks"), "NOT_FOUND").await?;
    assert_eq!(here.snapshot(&ann).await?, before);
    Ok(())
}

async fn a_task_shows_its_unfinished_blockers(kind: Kind) -> Result<()> {
    let scene = Scene::open(kind).await?;
    let ann = scene.client("ann").await?;
    let board = Board::create(&ann, &[]).await?;
    let (a, b, c) = (board.task(&ann, "A").await?, board.task(&ann, "B").await?, board.task(&ann, "C").await?);
    // A waits for B and C; a mere relation blocks nothing.
    ann.ask("task:dependency:add", link(&a, &b, "blocks")).await?;
    ann.ask("task:dependency:add", link(&a, &c, "blocks")).await?;
    ann.ask("task:dependency:add", link(&b, &c, "relates_to")).await?;
    let mut both = [b.clone(), c.clone()];
    both.sort_unstable();
    let shown = detail(&ann, &a).await?;
    assert_eq!((&shown["blockedBy"], &shown["blocking"]), (&json!(both), &json!([])));
    let shown = detail(&ann, &b).await?;
    assert_eq!((&shown["blockedBy"], &shown["blocking"]), (&json!([]), &json!([a])));

    ann.ask("task:complete", json!({ "taskId": b })).await?;
    assert_eq!(detail(&ann, &a).await?["blockedBy"], json!([c]));
    assert_eq!(detail(&ann, &b).await?["blocking"], json!([]), "what is done blocks nobody");
    // Moving it through the column works as well.
    ann.ask("task:move", json!({ "taskId": c, "toColumn": board.columns[2] })).await?;
    assert_eq!(detail(&ann, &a).await?["blockedBy"], json!([]));
    ann.ask("task:move", json!({ "taskId": c, "toColumn": board.columns[0] })).await?;
    assert_eq!(detail(&ann, &a).await?["blockedBy"], json!([c]), "reopened, it blocks again");
    assert_eq!(detail(&ann, &c).await?["blocking"], json!([a]));
    ann.ask("task:complete", json!({ "taskId": a })).await?;
    assert_eq!(detail(&ann, &c).await?["blocking"], json!([]), "nobody waits any more");
    ann.ask("task:dependency:remove", link(&a, &c, "blocks")).await?;
    assert_eq!(detail(&ann, &a).await?["dependencies"].as_array().map(Vec::len), Some(1));
    Ok(())
}

async fn a_replica_follows_dependencies(kind: Kind) -> Result<()> {
    let scene = Scene::open(kind).await?;
    let (ann, bob) = (scene.client("ann").await?, scene.client("bob").await?);
    let board = Board::create(&ann, &[("bob", "member")]).await?;
    let mut replica = Replica::from_snapshot(&board.snapshot(&bob).await?).expect("a snapshot");
    board.view(&bob).await?;
    let mut tasks = Vec::new();
    for title in ["A", "B", "C", "D"] {
        tasks.push(board.task(&ann, title).await?);
    }
    for (from, to, kind) in [(0, 1, "blocks"), (1, 2, "blocks"), (0, 2, "duplicates"), (3, 0, "relates_to")] {
        ann.ask("task:dependency:add", link(&tasks[from], &tasks[to], kind)).await?;
    }
    ann.ask("task:dependency:remove", link(&tasks[0], &tasks[2], "duplicates")).await?;
    ann.ask("task:delete", json!({ "taskId": tasks[1] })).await?;
    let last = ann.ask("task:dependency:add", link(&tasks[2], &tasks[3], "blocks")).await?;
    while Some(replica.seq()) < last["seq"].as_u64() {
        replica.apply(&bob.next_any().await?)?;
    }
    let snapshot = board.snapshot(&bob).await?;
    assert_eq!(snapshot["dependencies"].as_array().map(Vec::len), Some(2));
    assert_eq!(ids(&snapshot["tasks"])?.len(), 3);
    let truth = Replica::from_snapshot(&snapshot).expect("a snapshot");
    let difference = first_difference(&replica.to_value(), &truth.to_value());
    ensure!(difference.is_none(), "the replica differs at {difference:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_has_at_most_a_hundred_dependencies() -> Result<()> {
    let scene = Scene::open(Kind::Sqlite).await?;
    let ann = scene.client("ann").await?;
    let board = Board::create(&ann, &[]).await?;
    let (hub, one) = (board.task(&ann, "Hub").await?, board.task(&ann, "One more").await?);
    let mut last = String::new();
    for index in 0..100 {
        last = board.task(&ann, &format!("Task {index}")).await?;
        // In either direction: both ends count.
        let (from, to) = if index % 2 == 0 { (&hub, &last) } else { (&last, &hub) };
        ann.ask("task:dependency:add", link(from, to, "relates_to")).await?;
    }
    for (from, to) in [(&hub, &one), (&one, &hub)] {
        ann.refused("task:dependency:add", link(from, to, "blocks"), "CONFLICT").await?;
    }
    // An existing one may be added again.
    ann.ask("task:dependency:add", link(&last, &hub, "relates_to")).await?;
    ann.ask("task:dependency:remove", link(&last, &hub, "relates_to")).await?;
    ann.ask("task:dependency:add", link(&one, &hub, "blocks")).await.map(drop)
}
