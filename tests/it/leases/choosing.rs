//! Which task is chosen next, and which can't be claimed.

use anyhow::Result;
use boardwire_test_support::Kind;
use serde_json::{Value, json};

use super::LeaseBoard;

on_both!(the_next_task_is_chosen_in_order, a_refused_claim_says_why, no_task_is_claimed_into_a_full_column);

async fn the_next_task_is_chosen_in_order(kind: Kind) -> Result<()> {
    let setup = LeaseBoard::open(kind).await?;
    let ann = &setup.ann;
    let plain = setup.task(json!({})).await?;
    let later = setup.task(json!({ "priority": 5, "due_date": "2026-12-24" })).await?;
    let sooner = setup.task(json!({ "priority": 5, "due_date": "2026-12-23T09:00:00Z" })).await?;
    let urgent = setup.task(json!({ "priority": 9, "tags": ["a", "b"] })).await?;
    let own = setup.task(json!({ "assignee": "ann" })).await?;
    setup.task(json!({ "priority": 10, "assignee": "bob" })).await?;
    for (id, reason) in [
        (own, "assigned to you"),
        (urgent.clone(), "priority 9 is the highest of 4 candidates"),
        (sooner, "due 2026-12-23T09:00:00Z"),
        (later, "due 2026-12-24"),
        (plain, "the only candidate"),
    ] {
        let before = setup.board.snapshot(ann).await?;
        let next = ann.ask("task:next", json!({ "boardId": setup.board.id })).await?;
        assert_eq!(setup.board.snapshot(ann).await?, before, "`task:next` changed the board");
        let claimed = setup.claim_next(ann).await?;
        assert_eq!([&next["task"]["id"], &claimed["task"]["id"]], [&json!(id), &json!(id)]);
        assert_eq!(next["why"], claimed["why"]);
        let reasons = claimed["why"]["reasons"].as_array().cloned().unwrap_or_default();
        assert!(reasons.contains(&json!(reason)), "{reasons:?}");
        assert_eq!(claimed["why"]["skipped"]["assignedToOthers"], 1);
    }
    assert_eq!(setup.claim_next(ann).await?["task"], Value::Null);

    // By tags and column.
    ann.ask("task:release", json!({ "taskId": urgent })).await?;
    let claim = |more: Value| {
        let mut payload = json!({ "boardId": setup.board.id });
        if let (Some(fields), Value::Object(more)) = (payload.as_object_mut(), more) {
            fields.extend(more);
        }
        payload
    };
    let none = ann.ask("task:claim", claim(json!({ "tags": ["a", "c"] }))).await?;
    assert_eq!((&none["task"], &none["why"]["skipped"]["leased"]), (&Value::Null, &json!(0)));
    let none = ann.ask("task:claim", claim(json!({ "columnId": setup.board.columns[0] }))).await?;
    assert_eq!(none["task"], Value::Null);
    let both = claim(json!({ "tags": ["b", "a"], "columnId": setup.board.columns[1] }));
    assert_eq!(ann.ask("task:claim", both).await?["task"]["id"], *urgent);
    ann.refused("task:claim", claim(json!({ "columnId": "nowhere" })), "NOT_FOUND").await?;
    ann.refused("task:claim", claim(json!({ "taskId": urgent, "tags": [] })), "INVALID_MESSAGE").await.map(drop)
}

async fn a_refused_claim_says_why(kind: Kind) -> Result<()> {
    let setup = LeaseBoard::open(kind).await?;
    let (ann, bob) = (&setup.ann, &setup.bob);
    let (first, second) = (setup.task(json!({})).await?, setup.task(json!({ "priority": 9 })).await?);
    ann.ask("task:dependency:add", json!({ "taskId": second, "dependsOn": first })).await?;
    let claim = |task: &str| json!({ "boardId": setup.board.id, "taskId": task });
    let refused = ann.refused("task:claim", claim(&second), "CONFLICT").await?;
    assert_eq!(refused["details"]["blockedBy"], json!([first]));
    let next = setup.claim_next(ann).await?;
    assert_eq!((&next["task"]["id"], &next["why"]["skipped"]["blocked"]), (&json!(first), &json!(1)));
    assert!(next["why"]["reasons"].to_string().contains("unblocks 1 task"), "{next}");
    let refused = bob.refused("task:claim", claim(&first), "CONFLICT").await?;
    assert_eq!(refused["details"]["current"], next["task"]);
    // A second claim of the same user comes from another agent.
    ann.refused("task:claim", claim(&first), "CONFLICT").await?;
    ann.ask("task:complete", json!({ "taskId": first })).await?;
    ann.refused("task:claim", claim(&first), "CONFLICT").await?;
    ann.ask("task:assign", json!({ "taskId": second, "assignee": "ann" })).await?;
    bob.refused("task:claim", claim(&second), "CONFLICT").await?;
    let claimed = setup.claim(ann, &second).await?;
    // The claim did not assign it, so releasing it does not unassign it.
    let released = ann.ask("task:release", json!({ "taskId": claimed["id"], "fence": 1 })).await?;
    assert_eq!(released["task"]["assignee"], "ann");
    ann.ask("board:archive", json!({ "boardId": setup.board.id })).await?;
    ann.refused("task:claim", claim(&second), "ARCHIVED").await?;
    assert_eq!(ann.ask("task:next", json!({ "boardId": setup.board.id })).await?["task"], Value::Null);
    Ok(())
}

async fn no_task_is_claimed_into_a_full_column(kind: Kind) -> Result<()> {
    let setup = LeaseBoard::open(kind).await?;
    let ann = &setup.ann;
    let limit = json!({ "columnId": setup.board.columns[1], "updates": { "wip_limit": 1 } });
    ann.ask("column:update", limit).await?;
    let (first, second) = (setup.task(json!({})).await?, setup.task(json!({})).await?);
    assert_eq!(setup.claim_next(ann).await?["task"]["id"], *first);
    let none = setup.claim_next(ann).await?;
    assert_eq!((&none["task"], &none["why"]["skipped"]["wipLimit"]), (&Value::Null, &json!(1)));
    ann.refused("task:claim", json!({ "boardId": setup.board.id, "taskId": second }), "WIP_LIMIT").await?;
    // A task that is already in the column needs no more room.
    ann.ask("task:release", json!({ "taskId": first })).await?;
    assert_eq!(setup.claim_next(ann).await?["task"]["id"], *first);
    Ok(())
}
