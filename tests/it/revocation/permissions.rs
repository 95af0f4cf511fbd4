//! Permissions, roles and memberships that are narrowed or taken away: their sockets stay open and lose what is no
//! longer allowed.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use boardwire_test_support::{Kind, token};
use serde_json::json;
use tokio::time::Instant;

use super::{BusyBoard, with_bob};

on_both!(
    a_user_who_loses_the_write_permission_cannot_write,
    a_former_administrator_receives_nothing_more,
    a_user_who_loses_the_read_permission_receives_nothing_more,
    an_owner_who_becomes_a_viewer_can_only_read,
    a_removed_member_receives_nothing_more,
);

async fn a_user_who_loses_the_write_permission_cannot_write(kind: Kind) -> Result<()> {
    let setup = BusyBoard::create(with_bob(kind, &[]).await?, Some("member")).await?;
    let bob = setup.scene.client("bob").await?;
    setup.board.view(&bob).await?;
    bob.ask("task:update", json!({ "taskId": setup.task, "updates": { "priority": 2 } })).await?;
    setup.scene.server.create_user("bob", "Bob", "read").await?;
    setup.expect_forbidden("permissions lowered", &bob, Instant::now()).await?;
    let _ = bob.events();
    bob.next_event("task:updated").await.context("he may still read")?;
    // A token that claims more than the account has restores nothing.
    let refresh = json!({ "token": token("bob", &["read", "write"])? });
    bob.ask("auth:refresh", refresh).await?;
    let update = json!({ "taskId": setup.task, "updates": { "priority": 3 } });
    bob.refused("task:update", update, "FORBIDDEN").await.map(drop)
}

async fn a_former_administrator_receives_nothing_more(kind: Kind) -> Result<()> {
    let setup = BusyBoard::create(with_bob(kind, &[]).await?, None).await?;
    let server = &setup.scene.server;
    server.create_user("bob", "Bob", "read,write,admin").await?;
    let bob = setup.scene.client_with("bob", &["read", "write", "admin"]).await?;
    let listening = setup.watch(bob).await?;
    server.create_user("bob", "Bob", "read,write").await?;
    let bob = setup.expect_no_more("no longer admin", listening, Instant::now()).await?;
    bob.refused("board:get", json!({ "boardId": setup.board.id }), "NOT_FOUND").await?;
    setup.expect_others_unaffected().await?;
    ensure!(bob.events().is_empty(), "events arrive again");
    Ok(())
}

async fn a_user_who_loses_the_read_permission_receives_nothing_more(kind: Kind) -> Result<()> {
    let setup = BusyBoard::create(with_bob(kind, &[]).await?, Some("member")).await?;
    let server = &setup.scene.server;
    let bob = setup.scene.client("bob").await?;
    setup.board.view(&bob).await?;
    let listening = setup.watch(bob).await?;
    server.create_user("bob", "Bob", "none").await?;
    let bob = setup.expect_no_more("no longer reads", listening, Instant::now()).await?;
    bob.refused("board:get", json!({ "boardId": setup.board.id }), "FORBIDDEN").await?;
    let _ = bob.ephemeral_events();
    let comment = json!({ "taskId": setup.task, "body": "@bob, are you there?" });
    setup.ann.ask("task:comment:add", comment).await?;
    setup.expect_others_unaffected().await?;
    ensure!(bob.events().is_empty(), "events arrive again");
    bob.expect_no_ephemeral(Duration::from_millis(300)).await?;
    let present = setup.ann.ask("presence:list", json!({ "boardId": setup.board.id })).await?;
    ensure!(!present["users"].to_string().contains("bob"), "{present}");
    Ok(())
}

async fn an_owner_who_becomes_a_viewer_can_only_read(kind: Kind) -> Result<()> {
    let setup = BusyBoard::create(with_bob(kind, &[]).await?, Some("owner")).await?;
    let bob = setup.scene.client("bob").await?;
    setup.board.view(&bob).await?;
    let demote = json!({ "boardId": setup.board.id, "userId": "bob", "role": "viewer" });
    setup.ann.ask("board:member:set", demote).await?;
    // At once: from the next command on.
    let update = json!({ "taskId": setup.task, "updates": { "priority": 3 } });
    bob.refused("task:update", update, "FORBIDDEN").await?;
    bob.refused("board:archive", json!({ "boardId": setup.board.id }), "FORBIDDEN").await?;
    let _ = bob.events();
    bob.next_event("task:updated").await.context("he may still read").map(drop)
}

async fn a_removed_member_receives_nothing_more(kind: Kind) -> Result<()> {
    let setup = BusyBoard::create(with_bob(kind, &[]).await?, Some("member")).await?;
    let listening = setup.watch(setup.scene.client("bob").await?).await?;
    setup.ann.ask("board:member:remove", json!({ "boardId": setup.board.id, "userId": "bob" })).await?;
    let bob = setup.expect_no_more("member removed", listening, Instant::now()).await?;
    bob.refused("board:get", json!({ "boardId": setup.board.id }), "NOT_FOUND").await?;
    setup.expect_others_unaffected().await?;
    ensure!(bob.events().is_empty(), "events arrive again");
    Ok(())
}
