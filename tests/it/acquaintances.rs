//! `acquaintances` as addable members: an owner may add only users who share a team or a board with the owner.

use anyhow::{Result, ensure};
use boardwire_test_support::Kind;
use serde_json::{Value, json};

use crate::scene::{Board, Scene};

on_both!(only_admins_can_add_strangers, strangers_cannot_be_assigned_a_task);

async fn only_admins_can_add_strangers(kind: Kind) -> Result<()> {
    let scene = Scene::with(kind, &[("BOARDWIRE_ADDABLE_MEMBERS", "acquaintances")]).await?;
    for (user, teams) in [("ann", "red"), ("mate", "red,green"), ("bob", ""), ("cid", "")] {
        scene.server.run(&["user", "create", "--id", user, "--name", user, "--teams", teams], "").await?;
    }
    let [ann, bob] = [scene.client("ann").await?, scene.client("bob").await?];
    let board = Board::create(&ann, &[]).await?;
    let add = |user: &str| json!({ "boardId": board.id, "userId": user, "role": "member" });
    // Nothing tells an existing user from one that does not exist.
    let stranger_refusal = ann.refused("board:member:set", add("bob"), "NOT_FOUND").await?;
    let unknown_user = ann.refused("board:member:set", add("nobody"), "NOT_FOUND").await?;
    let shown = |reply: &Value| [reply["error"].clone(), reply["details"].clone()];
    assert_eq!(shown(&stranger_refusal), shown(&unknown_user));
    ensure!(bob.ask("board:list", json!({})).await?["boards"] == json!([]), "he was added");

    // The owner may add a user of the same team, and one who shares another board; an admin may add anybody.
    ann.ask("board:member:set", add("mate")).await?;
    scene.admin().await?.ask("board:member:set", add("bob")).await?;
    let another = Board::create(&ann, &[]).await?;
    let add_there = |user: &str| json!({ "boardId": another.id, "userId": user, "role": "viewer" });
    ann.ask("board:member:set", add_there("bob")).await?;
    ann.refused("board:member:set", add_there("cid"), "NOT_FOUND").await?;
    // A member can be given another role as before, and a former member may return while there is another shared board.
    ann.ask("board:member:set", add("bob")).await?;
    ann.ask("board:member:remove", json!({ "boardId": board.id, "userId": "bob" })).await?;
    let reply: Value = ann.ask("board:member:set", add("bob")).await?;
    assert_eq!(reply["member"]["user_id"], "bob");
    Ok(())
}

async fn strangers_cannot_be_assigned_a_task(kind: Kind) -> Result<()> {
    let scene = Scene::with(kind, &[("BOARDWIRE_ADDABLE_MEMBERS", "acquaintances")]).await?;
    for (user, teams) in [("ann", "red"), ("mate", "red"), ("bob", ""), ("cid", "")] {
        scene.server.run(&["user", "create", "--id", user, "--name", user, "--teams", teams], "").await?;
    }
    let (ann, admin) = (scene.client("ann").await?, scene.admin().await?);
    let board = Board::create(&ann, &[]).await?;
    admin.ask("board:member:set", json!({ "boardId": board.id, "userId": "cid", "role": "viewer" })).await?;
    let task = board.task(&ann, "Whose?").await?;
    let ways = |user: &str| {
        [
            ("task:create", json!({ "boardId": board.id, "title": "T", "assignee": user })),
            ("task:update", json!({ "taskId": task, "updates": { "assignee": user } })),
            ("task:assign", json!({ "taskId": task, "assignee": user })),
        ]
    };
    // Nothing tells a stranger from a user who does not exist.
    let shown = |reply: &Value| [reply["error"].clone(), reply["details"].clone()];
    for ((kind, stranger), (_, nobody)) in ways("bob").into_iter().zip(ways("nobody")) {
        let stranger_refusal = ann.refused(kind, stranger, "INVALID_MESSAGE").await?;
        let unknown_user = ann.refused(kind, nobody, "INVALID_MESSAGE").await?;
        assert_eq!(shown(&stranger_refusal), shown(&unknown_user), "{kind}");
    }
    // Members and users who may be added can be assigned; an admin can assign anybody.
    for (kind, payload) in ["cid", "mate"].into_iter().flat_map(ways) {
        ann.ask(kind, payload).await?;
    }
    admin.ask("task:assign", json!({ "taskId": task, "assignee": "bob" })).await?;
    // Naming the present assignee again is allowed.
    for (kind, payload) in ways("bob").into_iter().skip(1) {
        ann.ask(kind, payload).await?;
    }
    Ok(())
}
