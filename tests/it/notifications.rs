//! Notifications: who gets one for what, and that nobody gets one about a board that they may not read.

mod batches;
mod reading;
mod system;

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use boardwire_test_support::{Client, Kind, redact};
use serde_json::{Value, json};

use crate::scene::{Board, Scene, fields, text};

on_both!(an_assignment_notifies_the_assignee, a_mention_notifies_the_users_mentioned, changes_notify_the_assignee);

/// How long the tests watch that nothing arrives.
const SILENCE: Duration = Duration::from_millis(500);

/// Ann's board with the members Bob and Cid; Eve is not a member.
struct MemberBoard {
    scene: Scene,
    ann: Client,
    bob: Client,
    cid: Client,
    eve: Client,
    board: Board,
}

impl MemberBoard {
    async fn open(kind: Kind) -> Result<Self> {
        let scene = Scene::open(kind).await?;
        let (ann, bob, cid) = (scene.client("ann").await?, scene.client("bob").await?, scene.client("cid").await?);
        let eve = scene.client("eve").await?;
        let board = Board::create(&ann, &[("bob", "member"), ("cid", "viewer")]).await?;
        Ok(Self { scene, ann, bob, cid, eve, board })
    }

    /// Checks that no user other than Bob has been notified.
    async fn expect_only_bob_notified(&self) -> Result<()> {
        for client in [&self.ann, &self.cid, &self.eve] {
            assert_eq!(listed(client, json!({})).await?.0, Vec::<Value>::new());
            client.expect_no_ephemeral(Duration::from_millis(50)).await?;
        }
        Ok(())
    }
}

/// Returns the result of `notification:list`: the notifications, and how many are unread.
async fn listed(client: &Client, wanted: Value) -> Result<(Vec<Value>, u64)> {
    let reply = client.ask("notification:list", wanted).await?;
    let notifications = reply["notifications"].as_array().context("no list")?.clone();
    Ok((notifications, reply["unread"].as_u64().context("no count")?))
}

/// Returns the next `count` notifications, single or in batches, in order, each with the event that brought it.
async fn notified(client: &Client, count: usize) -> Result<Vec<(String, Value)>> {
    let mut found = Vec::new();
    while found.len() < count {
        let event = client.next_ephemeral().await.with_context(|| format!("after {} of {count}", found.len()))?;
        let data = event.data();
        let (single, batch) = (&data["notification"], data["notifications"].as_array());
        let all = batch.cloned().unwrap_or_else(|| vec![single.clone()]);
        ensure!((1..=10).contains(&all.len()) && (all.len() == 1 || batch.is_some()), "{event:?}");
        found.extend(all.into_iter().map(|notification| (event.name.clone(), notification)));
    }
    ensure!(found.len() == count, "{} notifications in place of {count}: {found:?}", found.len());
    Ok(found)
}

/// Returns the kind and the text of a notification.
fn kind_and_text(notification: &Value) -> (&str, &str) {
    (notification["kind"].as_str().unwrap_or_default(), notification["text"].as_str().unwrap_or_default())
}

/// Returns the texts of a list, newest first.
fn texts(list: &[Value]) -> Vec<&str> {
    list.iter().map(|notification| kind_and_text(notification).1).collect()
}

async fn an_assignment_notifies_the_assignee(kind: Kind) -> Result<()> {
    let setup = MemberBoard::open(kind).await?;
    let MemberBoard { ann, bob, board, .. } = &setup;
    let task = board.task(ann, "Plan").await?;
    ann.ask("task:assign", json!({ "taskId": task, "assignee": "bob" })).await?;
    let event = bob.next_ephemeral().await?;
    assert_eq!((event.name.as_str(), fields(event.data())), ("notification:task", vec!["notification"]));
    assert_eq!((event.board(), &event.payload["userId"]), (Some(board.id.as_str()), &json!("ann")));
    ensure!(event.seq().is_none(), "it is in no log: {event:?}");
    let mut notification = event.data()["notification"].clone();
    assert_eq!(
        (listed(bob, json!({})).await?),
        (vec![notification.clone()], 1),
        "the stored notification differs from the one sent"
    );
    for (field, redacted) in [("id", "[id]"), ("created_at", "[time]")] {
        assert_eq!(redact(&notification[field]), redacted, "{field}");
        notification[field] = json!(redacted);
    }
    let expected = json!({
        "id": "[id]", "kind": "task", "user_id": "bob", "board_id": board.id, "task_id": task, "actor": "ann",
        "text": "Ann assigned you “Plan”", "read_at": null, "created_at": "[time]",
    });
    assert_eq!(notification, expected);

    // Nobody is notified of an assignment to oneself, to the present assignee, or to someone who can't read the board.
    bob.ask("task:assign", json!({ "taskId": task, "assignee": "bob" })).await?;
    let own = json!({ "boardId": board.id, "title": "Own", "assignee": "bob" });
    bob.ask("task:create", own).await?;
    let outside = json!({ "boardId": board.id, "title": "Outside", "assignee": "eve" });
    let outside = text(&ann.ask("task:create", outside).await?["task"]["id"])?;
    ann.ask("task:update", json!({ "taskId": outside, "updates": { "priority": 3 } })).await?;
    setup.expect_only_bob_notified().await?;
    assert_eq!(listed(bob, json!({})).await?.1, 1);

    // Unassigned; and assigned to him in other ways.
    ann.ask("task:assign", json!({ "taskId": task, "assignee": null })).await?;
    ann.ask("task:update", json!({ "taskId": task, "updates": { "assignee": "bob" } })).await?;
    ann.ask("task:create", json!({ "boardId": board.id, "title": "New", "assignee": "bob" })).await?;
    let (list, unread) = listed(bob, json!({})).await?;
    let due =
        ["Ann assigned you “New”", "Ann assigned you “Plan”", "Ann took from you “Plan”", "Ann assigned you “Plan”"];
    assert_eq!((texts(&list), unread), (due.to_vec(), 4));
    setup.expect_only_bob_notified().await
}

async fn a_mention_notifies_the_users_mentioned(kind: Kind) -> Result<()> {
    let setup = MemberBoard::open(kind).await?;
    let MemberBoard { ann, bob, cid, eve, board, .. } = &setup;
    let task = board.task(ann, "Plan").await?;
    let add = |body: &str| json!({ "taskId": task, "body": body });
    let reply = ann.ask("task:comment:add", add("@bob and @eve, mail cid@cid.example, @nobody, @ann")).await?;
    assert_eq!(reply["comment"]["mentions"], json!(["ann", "bob"]), "not exactly those who can read it");
    let comment = text(&reply["comment"]["id"])?;
    let first = notified(bob, 1).await?;
    assert_eq!(first[0].0, "notification:mention");
    assert_eq!(kind_and_text(&first[0].1), ("mention", "Ann mentioned you on “Plan”"));
    setup.expect_only_bob_notified().await?;

    // An edit notifies only users who were not mentioned before.
    let edit = |body: &str| json!({ "commentId": comment, "body": body });
    ann.ask("task:comment:update", edit("@bob and now @cid")).await?;
    assert_eq!(notified(cid, 1).await?[0].0, "notification:mention");
    ann.ask("task:comment:update", edit("@cid")).await?;
    let describe = |text: &str| json!({ "taskId": task, "updates": { "description": text } });
    ann.ask("task:update", describe("Ask @bob")).await?;
    ann.ask("task:update", describe("Ask @bob, or @eve, or bob@example.org")).await?;
    ann.ask("task:update", json!({ "taskId": task, "updates": { "title": "Plans" } })).await?;
    bob.ask("task:update", describe("Ask @bob, said @bob")).await?;
    ann.ask("task:create", json!({ "boardId": board.id, "title": "New", "description": "For @bob" })).await?;
    let (list, unread) = listed(bob, json!({})).await?;
    let due = ["Ann mentioned you in “New”", "Ann mentioned you in “Plan”", "Ann mentioned you on “Plan”"];
    assert_eq!((texts(&list), unread), (due.to_vec(), 3));
    ensure!(list.iter().all(|one| one["kind"] == "mention"), "{list:?}");
    assert_eq!(listed(cid, json!({})).await?.1, 1);
    for client in [ann, eve] {
        assert_eq!(listed(client, json!({})).await?, (Vec::new(), 0));
        client.expect_no_ephemeral(SILENCE).await?;
    }
    Ok(())
}

async fn changes_notify_the_assignee(kind: Kind) -> Result<()> {
    let setup = MemberBoard::open(kind).await?;
    let MemberBoard { ann, bob, board, .. } = &setup;
    let task = board.task(ann, "Plan").await?;
    ann.ask("task:assign", json!({ "taskId": task, "assignee": "bob" })).await?;
    ann.ask("task:update", json!({ "taskId": task, "updates": { "priority": 5 } })).await?;
    ann.ask("task:move", json!({ "taskId": task, "toColumn": board.columns[1] })).await?;
    ann.ask("task:comment:add", json!({ "taskId": task, "body": "Well?" })).await?;
    // A user mentioned on their own task is notified once.
    ann.ask("task:comment:add", json!({ "taskId": task, "body": "@bob?" })).await?;
    ann.ask("task:complete", json!({ "taskId": task })).await?;
    // Changes without effect, and those that he makes himself.
    ann.ask("task:update", json!({ "taskId": task, "updates": { "priority": 5 } })).await?;
    ann.ask("task:complete", json!({ "taskId": task })).await?;
    bob.ask("task:update", json!({ "taskId": task, "updates": { "priority": 6 } })).await?;
    bob.ask("task:move", json!({ "taskId": task, "toColumn": board.columns[0] })).await?;
    bob.ask("task:comment:add", json!({ "taskId": task, "body": "Mine, @bob" })).await?;
    ann.ask("task:delete", json!({ "taskId": task })).await?;
    let due = [
        ("task", "Ann assigned you “Plan”"),
        ("task", "Ann changed “Plan”"),
        ("task", "Ann moved “Plan”"),
        ("task", "Ann commented on “Plan”"),
        ("mention", "Ann mentioned you on “Plan”"),
        ("task", "Ann completed “Plan”"),
        ("task", "Ann deleted “Plan”"),
    ];
    let came = notified(bob, due.len()).await?;
    assert_eq!(came.iter().map(|(_, one)| kind_and_text(one)).collect::<Vec<_>>(), due);
    let (list, unread) = listed(bob, json!({})).await?;
    assert_eq!(unread, due.len() as u64);
    assert!(list.iter().eq(came.iter().rev().map(|(_, one)| one)), "stored as sent, newest first: {list:?}");
    setup.expect_only_bob_notified().await
}

/// A mention in the description notifies once, and does not suppress later notifications about the task.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_old_mention_does_not_hide_changes_from_the_assignee() -> Result<()> {
    let setup = MemberBoard::open(Kind::Sqlite).await?;
    let MemberBoard { ann, bob, board, .. } = &setup;
    let create = json!({ "boardId": board.id, "title": "Plan", "description": "For @bob" });
    let task = text(&ann.ask("task:create", create).await?["task"]["id"])?;
    ann.ask("task:assign", json!({ "taskId": task, "assignee": "bob" })).await?;
    ann.ask("task:update", json!({ "taskId": task, "updates": { "priority": 5 } })).await?;
    let (list, _) = listed(bob, json!({})).await?;
    assert_eq!(texts(&list), ["Ann changed “Plan”", "Ann assigned you “Plan”", "Ann mentioned you in “Plan”"]);
    Ok(())
}
