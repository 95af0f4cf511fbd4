//! How leases end: by time, by any change that completes the task, by people.

use anyhow::Result;
use boardwire_test_support::Kind;
use serde_json::{Value, json};

use super::{LeaseBoard, fence};

on_both!(
    a_lease_expires,
    an_expired_lease_can_be_taken_over,
    completing_a_task_ends_its_lease,
    a_lease_ends_with_the_membership
);

async fn a_lease_expires(kind: Kind) -> Result<()> {
    let setup = LeaseBoard::open(kind).await?;
    let (ann, bob, board) = (&setup.ann, &setup.bob, &setup.board);
    let id = setup.task(json!({})).await?;
    board.view(bob).await?;
    ann.ask("task:claim", json!({ "boardId": board.id, "taskId": id, "ttl": 1 })).await?;
    let event = bob.next_event("task:released").await?;
    let task = setup.read(&id).await?;
    assert_eq!([&task["lease"], &task["assignee"]], [&Value::Null, &Value::Null]);
    let data = json!({ "task": task, "holder": "ann", "releasedBy": null, "expired": true, "boardId": board.id });
    assert_eq!(event.data(), &data);
    assert!(event.payload["userId"].is_null(), "an expiry names a user: {event:?}");
    ann.refused("task:renew", json!({ "taskId": id, "fence": 1 }), "LEASE_LOST").await?;
    assert_eq!(fence(&setup.claim(bob, &id).await?)?, 2);
    Ok(())
}

async fn an_expired_lease_can_be_taken_over(kind: Kind) -> Result<()> {
    let setup = LeaseBoard::open(kind).await?;
    let (ann, bob) = (&setup.ann, &setup.bob);
    let id = setup.task(json!({})).await?;
    ann.ask("task:claim", json!({ "boardId": setup.board.id, "taskId": id, "ttl": 1 })).await?;
    // The lease is ended by this claim or by the sweep, whichever comes first; the new one has a higher fence.
    let claimed = loop {
        let claimed = setup.claim_next(bob).await?;
        if !claimed["task"].is_null() {
            break claimed;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    };
    let task = &claimed["task"];
    assert_eq!((fence(task)?, &task["assignee"], &task["lease"]["holder"]), (2, &json!("bob"), &json!("bob")));
    ann.refused("task:complete", json!({ "taskId": id, "fence": 1 }), "LEASE_LOST").await?;
    bob.ask("task:complete", json!({ "taskId": id, "fence": 2 })).await.map(drop)
}

async fn completing_a_task_ends_its_lease(kind: Kind) -> Result<()> {
    let setup = LeaseBoard::open(kind).await?;
    let ann = &setup.ann;
    let done = &setup.board.columns[2];
    let mut tasks = Vec::new();
    for _ in 0..4 {
        let id = setup.task(json!({})).await?;
        setup.claim(ann, &id).await?;
        tasks.push(id);
    }
    ann.ask("task:update", json!({ "taskId": tasks[0], "updates": { "status": "done" } })).await?;
    ann.ask("task:move", json!({ "taskId": tasks[1], "toColumn": done })).await?;
    ann.ask("task:complete", json!({ "taskId": tasks[2] })).await?;
    ann.ask("column:delete", json!({ "columnId": setup.board.columns[1], "moveTasksTo": done })).await?;
    for id in &tasks {
        let task = setup.read(id).await?;
        assert_eq!([&task["status"], &task["lease"], &task["assignee"]], [&json!("done"), &Value::Null, &json!("ann")]);
    }
    let leased = ann.ask("task:list", json!({ "boardId": setup.board.id, "leased": true })).await?;
    assert_eq!(leased["tasks"], json!([]));
    Ok(())
}

async fn a_lease_ends_with_the_membership(kind: Kind) -> Result<()> {
    let setup = LeaseBoard::open(kind).await?;
    let (ann, bob, board) = (&setup.ann, &setup.bob, &setup.board);
    let (removed, lowered, kept) =
        (setup.task(json!({})).await?, setup.task(json!({})).await?, setup.task(json!({})).await?);
    setup.claim(ann, &kept).await?;
    board.view(ann).await?;
    let member = |role: &str| json!({ "boardId": board.id, "userId": "bob", "role": role });
    for (id, ending) in [(&removed, None), (&lowered, Some("viewer"))] {
        ann.ask("board:member:set", member("member")).await?;
        setup.claim(bob, id).await?;
        match ending {
            None => ann.ask("board:member:remove", json!({ "boardId": board.id, "userId": "bob" })).await?,
            Some(role) => ann.ask("board:member:set", member(role)).await?,
        };
        let event = ann.next_event("task:released").await?;
        let task = setup.read(id).await?;
        assert_eq!([&task["lease"], &task["assignee"]], [&Value::Null, &Value::Null]);
        let data = json!({ "task": task, "holder": "bob", "releasedBy": "ann", "expired": false, "boardId": board.id });
        assert_eq!(event.data(), &data);
        setup.claim(ann, id).await?;
    }
    assert_eq!(setup.read(&kept).await?["lease"]["holder"], "ann", "the lease of another user has ended");
    Ok(())
}
