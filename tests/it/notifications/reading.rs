//! Stored notifications: pages, read marks, and that the right to read a board decides.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use boardwire_test_support::{Client, Kind};
use serde_json::{Value, json};

use super::{MemberBoard, SILENCE, listed, notified};
use crate::scene::text;

on_both!(
    notifications_are_listed_in_pages,
    all_tabs_learn_what_was_read,
    a_removed_member_sees_no_notifications_of_that_board
);

impl MemberBoard {
    /// Mentions Bob this many times; returns the notifications that he received.
    async fn mention_bob(&self, count: usize) -> Result<Vec<Value>> {
        let task = self.board.task(&self.ann, "Plan").await?;
        for n in 0..count {
            self.ann.ask("task:comment:add", json!({ "taskId": task, "body": format!("@bob {n}") })).await?;
        }
        Ok(notified(&self.bob, count).await?.into_iter().map(|(_, notification)| notification).collect())
    }
}

async fn notifications_are_listed_in_pages(kind: Kind) -> Result<()> {
    let setup = MemberBoard::open(kind).await?;
    let mut newest_first = setup.mention_bob(7).await?;
    newest_first.reverse();
    let ids: Vec<String> = newest_first.iter().map(|one| text(&one["id"])).collect::<Result<_>>()?;
    let bob = &setup.bob;
    let mut pages = Vec::new();
    let mut wanted = json!({ "limit": 3 });
    loop {
        let (page, unread) = listed(bob, wanted).await?;
        assert_eq!(unread, 7, "not the count of all");
        let Some(last) = page.last() else { break };
        wanted = json!({ "limit": 3, "before": last["id"] });
        pages.push(page);
    }
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [3, 3, 1]);
    assert_eq!(pages.concat(), newest_first);

    bob.ask("notification:read", json!({ "ids": [ids[0], ids[2], ids[6]] })).await?;
    let (unread, count) = listed(bob, json!({ "unreadOnly": true })).await?;
    assert_eq!((unread.len(), count), (4, 4));
    let (page, count) = listed(bob, json!({ "unreadOnly": true, "limit": 2, "before": ids[3] })).await?;
    assert_eq!((page, count), (vec![newest_first[4].clone(), newest_first[5].clone()], 4));
    let (all, _) = listed(bob, json!({ "unreadOnly": false })).await?;
    let read: Vec<bool> = all.iter().map(|one| one["read_at"].is_string()).collect();
    assert_eq!(read, [true, false, true, false, false, false, true]);
    for wrong in [json!({ "limit": 0 }), json!({ "limit": 101 }), json!({ "limit": "all" })] {
        bob.refused("notification:list", wrong, "INVALID_MESSAGE").await?;
    }
    // Only he sees them.
    assert_eq!(listed(&setup.cid, json!({ "before": ids[0] })).await?, (Vec::new(), 0));
    Ok(())
}

async fn all_tabs_learn_what_was_read(kind: Kind) -> Result<()> {
    let setup = MemberBoard::open(kind).await?;
    let (tab, bob, cid) = (setup.scene.client("bob").await?, &setup.bob, &setup.cid);
    let came = setup.mention_bob(4).await?;
    notified(&tab, 4).await?;
    let id = |n: usize| &came[n]["id"];

    let reply = bob.ask("notification:read", json!({ "ids": [id(0), id(2)] })).await?;
    assert_eq!(reply["unread"], 2);
    expect_read(&tab, json!({ "ids": [id(0), id(2)], "all": false, "unread": 2 })).await?;
    // Marked twice, someone else's, or nonexistent.
    cid.ask("notification:read", json!({ "ids": [id(1)] })).await?;
    let reply = bob.ask("notification:read", json!({ "ids": [id(2), "none"] })).await?;
    assert_eq!(reply["unread"], 2, "another user marked it as read");
    expect_read(&tab, json!({ "ids": [id(2), "none"], "all": false, "unread": 2 })).await?;
    let first_time = listed(bob, json!({})).await?.0[1]["read_at"].clone();

    let reply = tab.ask("notification:read", json!({ "all": true })).await?;
    assert_eq!(reply["unread"], 0);
    expect_read(bob, json!({ "all": true, "unread": 0 })).await?;
    let (all, unread) = listed(&tab, json!({})).await?;
    ensure!(unread == 0 && all.iter().all(|one| one["read_at"].is_string()), "{all:?}");
    assert_eq!(all[1]["read_at"], first_time, "the time of the first reading has changed");
    for wrong in [json!({}), json!({ "all": false }), json!({ "ids": [id(0)], "all": true })] {
        bob.refused("notification:read", wrong, "INVALID_MESSAGE").await?;
    }
    // Neither the tab that marked them nor anyone else is told.
    for client in [bob, &tab, &setup.ann, cid] {
        client.expect_no_ephemeral(Duration::from_millis(200)).await?;
    }
    Ok(())
}

/// Checks that the next ephemeral event says which notifications were read.
async fn expect_read(client: &Client, data: Value) -> Result<()> {
    let event = client.next_ephemeral().await?;
    ensure!(event.name == "notification:read" && *event.data() == data, "it should be {data}, it is {event:?}");
    Ok(())
}

async fn a_removed_member_sees_no_notifications_of_that_board(kind: Kind) -> Result<()> {
    let setup = MemberBoard::open(kind).await?;
    let MemberBoard { ann, bob, board, scene, .. } = &setup;
    setup.mention_bob(3).await?;
    let other = crate::scene::Board::create(ann, &[("bob", "viewer")]).await?;
    let task = other.task(ann, "Elsewhere").await?;
    ann.ask("task:assign", json!({ "taskId": task, "assignee": "bob" })).await?;
    assert_eq!(listed(bob, json!({})).await?.1, 4);
    notified(bob, 1).await?;

    ann.ask("board:member:remove", json!({ "boardId": board.id, "userId": "bob" })).await?;
    let (list, unread) = listed(bob, json!({})).await?;
    assert_eq!((list.len(), unread), (1, 1));
    assert_eq!(list[0]["board_id"], json!(other.id));
    let tab = scene.client("bob").await?;
    assert_eq!(listed(&tab, json!({ "unreadOnly": true })).await?, (list.clone(), 1));
    // Neither the reply nor what the other tab receives counts them.
    let reply = bob.ask("notification:read", json!({ "ids": [list[0]["id"]] })).await?;
    assert_eq!(reply["unread"], 0);
    let event = tab.next_event("notification:read").await.context("the other tab")?;
    assert_eq!(event.data()["unread"], 0);
    // Mentions and assignments there create none now.
    let secret = board.task(ann, "Secret").await?;
    ann.ask("task:comment:add", json!({ "taskId": secret, "body": "@bob" })).await?;
    ann.refused("task:assign", json!({ "taskId": secret, "assignee": "nobody" }), "INVALID_MESSAGE").await?;
    ann.ask("task:assign", json!({ "taskId": secret, "assignee": "bob" })).await?;
    assert_eq!(listed(bob, json!({})).await?.0.len(), 1);
    tab.expect_no_ephemeral(SILENCE).await?;

    // He sees them again once he is a member again.
    ann.ask("board:member:set", json!({ "boardId": board.id, "userId": "bob", "role": "viewer" })).await?;
    let (list, unread) = listed(bob, json!({})).await?;
    assert_eq!((list.len(), unread), (4, 3));
    Ok(())
}
