//! Comments: editing, mentions, limits, and their end with the task.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use boardwire_test_support::Kind;
use serde_json::json;

use crate::scene::{Board, Scene, fields, ids, text};

on_both!(
    comments_are_added_edited_and_deleted,
    only_users_who_can_read_the_board_are_mentioned,
    comments_are_deleted_with_their_task
);

async fn comments_are_added_edited_and_deleted(kind: Kind) -> Result<()> {
    let scene = Scene::open(kind).await?;
    let (ann, bob) = (scene.client("ann").await?, scene.client("bob").await?);
    let board = Board::create(&ann, &[("bob", "member")]).await?;
    let task = board.task(&ann, "Discussed").await?;
    board.view(&bob).await?;
    let body = "Ünïcode 🎉 <script>alert(1)</script>\n'; DROP TABLE comments; --";
    let reply = ann.ask("task:comment:add", json!({ "taskId": task, "body": body })).await?;
    let comment = &reply["comment"];
    assert_eq!(fields(comment).join(" "), "author board_id body created_at id mentions task_id updated_at");
    assert_eq!([&comment["body"], &comment["author"], &comment["task_id"]], [body, "ann", task.as_str()]);
    let event = bob.next_event("task:comment:added").await?;
    assert_eq!(event.data(), &json!({ "comment": comment, "taskId": task, "boardId": board.id }));
    assert_eq!((event.seq(), &event.payload["userId"]), (reply["seq"].as_u64(), &json!("ann")));

    // Anyone who may write can edit it; the author stays.
    let id = text(&comment["id"])?;
    board.view(&ann).await?;
    let edited = bob.ask("task:comment:update", json!({ "commentId": id, "body": "Edited" })).await?;
    assert_eq!([&edited["comment"]["body"], &edited["comment"]["author"]], ["Edited", "ann"]);
    assert_eq!(edited["comment"]["created_at"], comment["created_at"]);
    let event = ann.next_event("task:comment:updated").await?;
    assert_eq!(event.data(), &json!({ "comment": edited["comment"], "taskId": task, "boardId": board.id }));
    // The same text again is not a change.
    let same = bob.ask("task:comment:update", json!({ "commentId": id, "body": "Edited" })).await?;
    assert_eq!(same["comment"], edited["comment"]);
    ann.expect_silence(Duration::from_millis(200)).await?;

    // A client may choose the id, once.
    let chosen = json!({ "taskId": task, "body": "Chosen", "id": "my-comment" });
    assert_eq!(bob.ask("task:comment:add", chosen.clone()).await?["comment"]["id"], "my-comment");
    bob.refused("task:comment:add", chosen, "CONFLICT").await?;
    bob.refused("task:comment:add", json!({ "taskId": task, "body": "x", "id": "no id" }), "INVALID_MESSAGE").await?;
    let detail = bob.ask("task:get", json!({ "taskId": task })).await?;
    assert_eq!(ids(&detail["comments"])?, [id.as_str(), "my-comment"]);

    ann.next_event("task:comment:added").await?;
    let deleted = bob.ask("task:comment:delete", json!({ "commentId": id })).await?;
    assert_eq!(deleted["commentId"], json!(id));
    let event = ann.next_event("task:comment:deleted").await?;
    assert_eq!(event.data(), &json!({ "commentId": id, "taskId": task, "boardId": board.id }));
    for (command, payload) in [
        ("task:comment:delete", json!({ "commentId": id })),
        ("task:comment:update", json!({ "commentId": id, "body": "x" })),
        ("task:comment:add", json!({ "taskId": "nowhere", "body": "x" })),
    ] {
        bob.refused(command, payload, "NOT_FOUND").await?;
    }
    let detail = ann.ask("task:get", json!({ "taskId": task })).await?;
    assert_eq!(ids(&detail["comments"])?, ["my-comment"]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn blank_and_long_texts_are_refused() -> Result<()> {
    let scene = Scene::open(Kind::Sqlite).await?;
    let ann = scene.client("ann").await?;
    let board = Board::create(&ann, &[]).await?;
    let task = board.task(&ann, "Discussed").await?;
    let kept = ann.ask("task:comment:add", json!({ "taskId": task, "body": "Kept" })).await?;
    let before = ann.ask("task:get", json!({ "taskId": task })).await?;
    for body in [json!(""), json!(" \n\t "), json!("\u{3000}"), json!("x".repeat(20_001)), json!(7), json!(null)] {
        let add = ann.refused("task:comment:add", json!({ "taskId": task, "body": body }), "INVALID_MESSAGE").await?;
        assert_eq!(add["details"][0]["path"], "body", "{add}");
        let update = json!({ "commentId": kept["comment"]["id"], "body": body });
        ann.refused("task:comment:update", update, "INVALID_MESSAGE").await?;
    }
    assert_eq!(ann.ask("task:get", json!({ "taskId": task })).await?, before);
    let longest = "é".repeat(20_000);
    let reply = ann.ask("task:comment:add", json!({ "taskId": task, "body": longest })).await?;
    assert_eq!(reply["comment"]["body"], json!(longest));
    Ok(())
}

async fn only_users_who_can_read_the_board_are_mentioned(kind: Kind) -> Result<()> {
    let scene = Scene::open(kind).await?;
    let (ann, bob) = (scene.client("ann").await?, scene.client("bob").await?);
    // The first connection creates the account, without which nobody can be mentioned.
    for user in ["eve", "vic"] {
        scene.client(user).await?.disconnect().await?;
    }
    scene.admin().await?.disconnect().await?;
    let board = Board::create(&ann, &[("bob", "member"), ("vic", "viewer")]).await?;
    let task = board.task(&ann, "Discussed").await?;
    let body = "@bob and @vic, @eve and @nobody; @ann herself, mail ann@bob";
    let reply = ann.ask("task:comment:add", json!({ "taskId": task, "body": body })).await?;
    assert_eq!(reply["comment"]["mentions"], json!(["ann", "bob", "vic"]), "not exactly those who may read the board");
    bob.next_event("notification:mention").await.context("the mention of Bob")?;
    let update = json!({ "commentId": reply["comment"]["id"], "body": "@eve only" });
    assert_eq!(ann.ask("task:comment:update", update).await?["comment"]["mentions"], json!([]));
    // Nobody else is notified.
    let notified = scene.database.query("SELECT user_id FROM notifications ORDER BY user_id").await?;
    ensure!(notified == [["bob"], ["vic"]], "{notified:?}");
    Ok(())
}

async fn comments_are_deleted_with_their_task(kind: Kind) -> Result<()> {
    let scene = Scene::open(kind).await?;
    let ann = scene.client("ann").await?;
    let board = Board::create(&ann, &[]).await?;
    let (task, other) = (board.task(&ann, "Gone").await?, board.task(&ann, "Stays").await?);
    for task in [&task, &other] {
        ann.ask("task:comment:add", json!({ "taskId": task, "body": "Said", "id": format!("c-{task}") })).await?;
        ann.ask("task:comment:add", json!({ "taskId": task, "body": "Said again" })).await?;
    }
    ann.ask("task:dependency:add", json!({ "taskId": task, "dependsOn": other })).await?;
    ann.ask("task:dependency:add", json!({ "taskId": other, "dependsOn": task, "type": "relates_to" })).await?;
    ann.ask("task:delete", json!({ "taskId": task })).await?;
    let left = scene.database.query(&format!("SELECT COUNT(*) FROM comments WHERE task_id = '{task}'")).await?;
    assert_eq!(left, [["0"]]);
    assert_eq!(scene.database.query("SELECT COUNT(*) FROM dependencies").await?, [["0"]]);
    let detail = ann.ask("task:get", json!({ "taskId": other })).await?;
    ensure!(!ids(&detail["comments"])?.is_empty() && detail["dependencies"] == json!([]), "{detail}");
    ensure!(board.snapshot(&ann).await?["dependencies"] == json!([]), "the board still shows them");
    scene.database.integrity_check().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_has_at_most_a_thousand_comments() -> Result<()> {
    let scene = Scene::open(Kind::Sqlite).await?;
    let ann = scene.client("ann").await?;
    let board = Board::create(&ann, &[]).await?;
    let (task, other) = (board.task(&ann, "Discussed").await?, board.task(&ann, "Quiet").await?);
    let add = |task: &str| json!({ "taskId": task, "body": "Said" });
    let mut last = json!(null);
    for _ in 0..20 {
        let sent: Vec<_> = (0..50).map(|_| ann.send_call("task:comment:add", &add(&task))).collect();
        for pending in sent {
            last = pending.reply().await?;
            ensure!(last["ok"] == true, "{last}");
        }
    }
    ann.refused("task:comment:add", add(&task), "CONFLICT").await?;
    ann.ask("task:comment:add", add(&other)).await?;
    ann.ask("task:comment:update", json!({ "commentId": last["comment"]["id"], "body": "Edited" })).await?;
    ann.ask("task:comment:delete", json!({ "commentId": last["comment"]["id"] })).await?;
    ann.ask("task:comment:add", add(&task)).await.map(drop)
}
