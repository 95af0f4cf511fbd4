//! Leases: several agents share a board, each task has at most one agent, and an agent that has lost its lease is
//! refused.

mod choosing;
mod ending;

use anyhow::{Context, Result, ensure};
use boardwire_test_support::{Client, Kind};
use serde_json::{Value, json};

use crate::scene::{Board, Scene, fields, ids, text};

on_both!(
    a_lease_is_taken_renewed_and_released,
    simultaneous_claims_get_distinct_tasks,
    a_command_with_an_old_fence_is_refused
);

/// Ann's board with the member Bob.
struct LeaseBoard {
    scene: Scene,
    ann: Client,
    bob: Client,
    board: Board,
}

impl LeaseBoard {
    async fn open(kind: Kind) -> Result<Self> {
        let scene = Scene::open(kind).await?;
        let (ann, bob) = (scene.client("ann").await?, scene.client("bob").await?);
        let board = Board::create(&ann, &[("bob", "member")]).await?;
        Ok(Self { scene, ann, bob, board })
    }

    /// Creates a task with these fields; returns its id.
    async fn task(&self, more: Value) -> Result<String> {
        let mut task = json!({ "boardId": self.board.id, "title": "Task" });
        if let (Some(fields), Value::Object(more)) = (task.as_object_mut(), more) {
            fields.extend(more);
        }
        text(&self.ann.ask("task:create", task).await?["task"]["id"])
    }

    /// Claims this task for the default time.
    async fn claim(&self, client: &Client, task: &str) -> Result<Value> {
        Ok(client.ask("task:claim", json!({ "boardId": self.board.id, "taskId": task })).await?["task"].clone())
    }

    /// Claims the next task.
    async fn claim_next(&self, client: &Client) -> Result<Value> {
        client.ask("task:claim", json!({ "boardId": self.board.id })).await
    }

    async fn read(&self, task: &str) -> Result<Value> {
        Ok(self.ann.ask("task:get", json!({ "taskId": task })).await?["task"].clone())
    }
}

fn fence(task: &Value) -> Result<u64> {
    task["lease"]["fence"].as_u64().with_context(|| format!("no lease: {task}"))
}

async fn a_lease_is_taken_renewed_and_released(kind: Kind) -> Result<()> {
    let setup = LeaseBoard::open(kind).await?;
    let (ann, bob, board) = (&setup.ann, &setup.bob, &setup.board);
    let id = setup.task(json!({})).await?;
    board.view(bob).await?;
    let claim = json!({ "boardId": board.id, "taskId": id, "agent": "robot", "ttl": 60 });
    let reply = ann.ask("task:claim", claim).await?;
    let task = &reply["task"];
    assert_eq!((&task["status"], &task["assignee"]), (&json!("in_progress"), &json!("ann")));
    assert_eq!(task["column_id"], *board.columns[1]);
    assert_eq!(task["version"], 2, "one command must make one version");
    assert_eq!(fields(&task["lease"]), ["acquired_at", "agent", "expires_at", "fence", "holder"]);
    assert_eq!(
        [&task["lease"]["holder"], &task["lease"]["agent"], &task["lease"]["fence"]],
        [&json!("ann"), &json!("robot"), &json!(1)]
    );
    let event = bob.next_any().await?;
    assert_eq!((event.name.as_str(), event.seq()), ("task:claimed", reply["seq"].as_u64()));
    let data = json!({ "task": task, "claimedBy": "ann", "fromColumn": board.columns[0], "boardId": board.id });
    assert_eq!(event.data(), &data);

    let renewed = ann.ask("task:renew", json!({ "taskId": id, "fence": 1, "ttl": 600 })).await?;
    ensure!(renewed["task"]["lease"]["expires_at"].as_str() > task["lease"]["expires_at"].as_str(), "{renewed}");
    let event = bob.next_any().await?;
    assert_eq!(event.name, "task:renewed");
    assert_eq!(event.data(), &json!({ "task": renewed["task"], "renewedBy": "ann", "boardId": board.id }));

    let released = ann.ask("task:release", json!({ "taskId": id, "fence": 1 })).await?;
    let task = &released["task"];
    assert_eq!([&task["lease"], &task["assignee"]], [&Value::Null, &Value::Null]);
    assert_eq!(task["column_id"], *board.columns[1], "the column");
    let event = bob.next_any().await?;
    assert_eq!(event.name, "task:released");
    let data = json!({ "task": task, "holder": "ann", "releasedBy": "ann", "expired": false, "boardId": board.id });
    assert_eq!(event.data(), &data);

    // It can be claimed again, with a higher fence.
    let again = setup.claim_next(bob).await?;
    assert_eq!((&again["task"]["id"], fence(&again["task"])?), (&json!(id), 2));
    assert_eq!(again["task"], board.snapshot(ann).await?["tasks"][0]);
    let none = setup.claim_next(ann).await?;
    assert_eq!((&none["task"], &none["why"]["skipped"]["leased"]), (&Value::Null, &json!(1)));
    Ok(())
}

async fn simultaneous_claims_get_distinct_tasks(kind: Kind) -> Result<()> {
    const TASKS: usize = 12;
    let setup = LeaseBoard::open(kind).await?;
    for _ in 0..TASKS {
        setup.task(json!({})).await?;
    }
    let mut agents = Vec::new();
    for agent in 0..TASKS + 2 {
        agents.push(setup.scene.client(if agent % 2 == 0 { "ann" } else { "bob" }).await?);
    }
    // The second claim of the same user must not get the first one's task either: it is leased.
    let claims: Vec<_> =
        agents.iter().map(|agent| agent.send_call("task:claim", &json!({ "boardId": setup.board.id }))).collect();
    let mut claimed = Vec::new();
    let mut without = 0;
    for claim in claims {
        let reply = claim.reply().await?;
        ensure!(reply["ok"] == true, "{reply}");
        match reply["task"]["id"].as_str() {
            Some(id) => claimed.push(id.to_owned()),
            None => without += 1,
        }
    }
    claimed.sort();
    claimed.dedup();
    assert_eq!((claimed.len(), without), (TASKS, 2));
    let mut all = ids(&setup.board.snapshot(&setup.ann).await?["tasks"])?;
    all.sort();
    assert_eq!(claimed, all);
    Ok(())
}

async fn a_command_with_an_old_fence_is_refused(kind: Kind) -> Result<()> {
    let setup = LeaseBoard::open(kind).await?;
    let (ann, bob) = (&setup.ann, &setup.bob);
    let id = setup.task(json!({})).await?;
    let column = &setup.board.columns[0];
    let with = |fence: u64| {
        [
            ("task:update", json!({ "taskId": id, "updates": { "title": "T" }, "fence": fence })),
            ("task:move", json!({ "taskId": id, "toColumn": column, "fence": fence })),
            ("task:renew", json!({ "taskId": id, "fence": fence })),
            ("task:complete", json!({ "taskId": id, "fence": fence })),
        ]
    };
    for (command, payload) in with(1) {
        ann.refused(command, payload, "LEASE_LOST").await?;
    }
    setup.claim(ann, &id).await?;
    // People overrule an agent: they need no fence, and the agent notices because its own is refused.
    bob.ask("task:update", json!({ "taskId": id, "updates": { "title": "By hand" } })).await?;
    bob.ask("task:release", json!({ "taskId": id })).await?;
    setup.claim(bob, &id).await?;
    let before = setup.read(&id).await?;
    for (command, payload) in with(1).into_iter().chain([("task:release", json!({ "taskId": id, "fence": 1 }))]) {
        let refused = ann.refused(command, payload, "LEASE_LOST").await?;
        assert_eq!(refused["details"]["current"], before, "{command}");
    }
    assert_eq!(setup.read(&id).await?, before);
    for (command, payload) in with(2) {
        bob.ask(command, payload).await?;
    }
    let done = setup.read(&id).await?;
    assert_eq!([&done["status"], &done["assignee"], &done["lease"]], [&json!("done"), &json!("bob"), &Value::Null]);
    bob.refused("task:renew", json!({ "taskId": id, "fence": 2 }), "LEASE_LOST").await.map(drop)
}
