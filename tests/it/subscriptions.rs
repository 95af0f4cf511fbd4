//! Which events a client receives: patterns, filters, at most once, views, the limit, and their end.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use boardwire_test_support::{Client, Kind, Pending, eventually};
use futures_util::future::try_join_all;
use serde_json::{Value, json};

use crate::scene::{Board, Scene, text};

/// How long the tests watch that nothing arrives.
const SILENCE: Duration = Duration::from_millis(300);

/// Ann's board with the member Bob, who listens.
struct SharedBoard {
    scene: Scene,
    ann: Client,
    bob: Client,
    board: Board,
}

async fn open() -> Result<SharedBoard> {
    let scene = Scene::open(Kind::Sqlite).await?;
    let (ann, bob) = (scene.client("ann").await?, scene.client("bob").await?);
    let board = Board::create(&ann, &[("bob", "member")]).await?;
    Ok(SharedBoard { scene, ann, bob, board })
}

async fn subscribe(client: &Client, pattern: &str, filters: Value) -> Result<String> {
    let reply = client.ask("subscribe", json!({ "type": pattern, "filters": filters })).await?;
    assert_eq!((&reply["type"], &reply["filters"]), (&json!(pattern), &filters));
    text(&reply["subscriptionId"])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn patterns_are_honoured() -> Result<()> {
    let SharedBoard { scene: _scene, ann, bob, board } = open().await?;
    for (pattern, expected) in [
        ("task:*", vec!["task:created", "task:updated", "task:completed", "task:deleted"]),
        ("task:created", vec!["task:created"]),
        (
            "*ed",
            vec!["task:created", "task:updated", "task:completed", "board:updated", "column:updated", "task:deleted"],
        ),
        ("board:*", vec!["board:updated"]),
        ("*:updated", vec!["task:updated", "board:updated", "column:updated"]),
        ("task", vec![]),
    ] {
        let id = subscribe(&bob, pattern, json!({ "boardId": board.id })).await?;
        let task = board.task(&ann, "A").await?;
        ann.ask("task:update", json!({ "taskId": task, "updates": { "title": "B" } })).await?;
        ann.ask("task:complete", json!({ "taskId": task })).await?;
        ann.ask("board:update", json!({ "boardId": board.id, "updates": { "name": format!("For {pattern}") } }))
            .await?;
        let rename = json!({ "columnId": board.columns[0], "updates": { "name": format!("For {pattern}") } });
        ann.ask("column:update", rename).await?;
        ann.ask("task:delete", json!({ "taskId": task })).await?;
        for name in expected {
            assert_eq!(bob.next_any().await.with_context(|| pattern.to_owned())?.name, name, "{pattern}");
        }
        bob.expect_silence(SILENCE).await.with_context(|| pattern.to_owned())?;
        bob.ask("unsubscribe", json!({ "subscriptionId": id })).await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_comes_at_most_once_however_many_subscriptions_match() -> Result<()> {
    let SharedBoard { scene: _scene, ann, bob, board } = open().await?;
    let task = board.task(&ann, "A").await?;
    board.view(&bob).await?;
    bob.ask("view:task", json!({ "taskId": task })).await?;
    for (pattern, filters) in [
        ("*", json!({})),
        ("task:*", json!({ "boardId": board.id })),
        ("task:updated", json!({ "taskId": task })),
        ("*", json!({ "userId": "ann" })),
    ] {
        subscribe(&bob, pattern, filters).await?;
    }
    for title in ["B", "C", "D"] {
        ann.ask("task:update", json!({ "taskId": task, "updates": { "title": title } })).await?;
        assert_eq!(bob.next_event("task:updated").await?.data()["task"]["title"], title);
    }
    bob.expect_silence(SILENCE).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn filters_narrow_a_subscription() -> Result<()> {
    let SharedBoard { scene, ann, bob, board } = open().await?;
    let (cid, other) = (scene.client("cid").await?, Board::create(&ann, &[("bob", "member")]).await?);
    ann.ask("board:member:set", json!({ "boardId": board.id, "userId": "cid", "role": "member" })).await?;
    let (one, two) = (board.task(&ann, "One").await?, board.task(&ann, "Two").await?);
    let rename = |task: &str, title: &str| json!({ "taskId": task, "updates": { "title": title } });

    let id = subscribe(&bob, "task:*", json!({ "taskId": one })).await?;
    ann.ask("task:update", rename(&two, "Not this")).await?;
    ann.ask("task:update", rename(&one, "This")).await?;
    assert_eq!(bob.next_any().await?.data()["task"]["title"], "This");
    bob.ask("unsubscribe", json!({ "subscriptionId": id })).await?;

    // `userId` is the user who made the change.
    let id = subscribe(&bob, "task:*", json!({ "userId": "cid" })).await?;
    ann.ask("task:update", rename(&one, "By Ann")).await?;
    cid.ask("task:update", rename(&one, "By Cid")).await?;
    assert_eq!(bob.next_any().await?.data()["task"]["title"], "By Cid");
    bob.ask("unsubscribe", json!({ "subscriptionId": id })).await?;

    let id = subscribe(&bob, "task:*", json!({ "boardId": board.id, "userId": "cid" })).await?;
    other.task(&ann, "Elsewhere").await?;
    ann.ask("task:update", rename(&one, "By Ann again")).await?;
    cid.ask("task:update", rename(&two, "By Cid here")).await?;
    assert_eq!(bob.next_any().await?.data()["task"]["title"], "By Cid here");
    bob.ask("unsubscribe", json!({ "subscriptionId": id })).await?;
    bob.expect_silence(SILENCE).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_subscription_without_a_board_covers_all_readable_boards() -> Result<()> {
    let SharedBoard { scene: _scene, ann, bob, board } = open().await?;
    let other = Board::create(&ann, &[("bob", "viewer")]).await?;
    subscribe(&bob, "task:created", json!({})).await?;
    for (board, title) in [(&board, "Here"), (&other, "There")] {
        board.task(&ann, title).await?;
        assert_eq!(bob.next_any().await?.data()["task"]["title"], title);
    }
    // The subscription follows what he may read.
    let later = Board::create(&ann, &[]).await?;
    later.task(&ann, "Not yet").await?;
    ann.ask("board:member:set", json!({ "boardId": later.id, "userId": "bob", "role": "viewer" })).await?;
    later.task(&ann, "Now").await?;
    assert_eq!(bob.next_any().await?.data()["task"]["title"], "Now");
    bob.expect_silence(SILENCE).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_subscription_starts_with_the_next_event() -> Result<()> {
    let SharedBoard { scene: _scene, ann, bob, board } = open().await?;
    let other = Board::create(&ann, &[("bob", "viewer")]).await?;
    // The server has already loaded this board for another subscription, and released it.
    let id = subscribe(&bob, "task:*", json!({ "userId": "nobody" })).await?;
    bob.ask("unsubscribe", json!({ "subscriptionId": id })).await?;
    let id = subscribe(&bob, "task:*", json!({ "boardId": other.id })).await?;
    board.task(&ann, "Before").await?;
    bob.ask("unsubscribe", json!({ "subscriptionId": id })).await?;
    subscribe(&bob, "task:*", json!({})).await?;
    board.task(&ann, "After").await?;
    assert_eq!(bob.next_any().await?.data()["task"]["title"], "After");
    bob.expect_silence(SILENCE).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_ended_subscription_is_silent() -> Result<()> {
    let SharedBoard { scene: _scene, ann, bob, board } = open().await?;
    let id = subscribe(&bob, "*", json!({ "boardId": board.id })).await?;
    board.task(&ann, "Heard").await?;
    bob.next_event("task:created").await?;
    assert_eq!(bob.ask("unsubscribe", json!({ "subscriptionId": id })).await?["subscriptionId"], json!(id));
    board.task(&ann, "Unheard").await?;
    bob.expect_silence(SILENCE).await?;
    bob.refused("unsubscribe", json!({ "subscriptionId": id }), "NOT_FOUND").await.map(drop)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_subscription_belongs_to_its_socket() -> Result<()> {
    let SharedBoard { scene, ann, bob, board } = open().await?;
    let id = subscribe(&bob, "*", json!({ "boardId": board.id })).await?;
    ann.refused("unsubscribe", json!({ "subscriptionId": id }), "NOT_FOUND").await?;
    let second = scene.client("bob").await?;
    second.refused("unsubscribe", json!({ "subscriptionId": id }), "NOT_FOUND").await?;
    board.task(&ann, "Still heard").await?;
    bob.next_event("task:created").await?;
    second.expect_silence(SILENCE).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_view_is_independent_of_subscriptions() -> Result<()> {
    let SharedBoard { scene: _scene, ann, bob, board } = open().await?;
    let other = Board::create(&ann, &[("bob", "member")]).await?;
    // The bare id is enough.
    let reply = bob.call("view:board", json!(board.id)).await?;
    assert_eq!(reply["ok"], true, "{reply}");
    board.task(&ann, "Here").await?;
    assert_eq!(bob.next_any().await?.board(), Some(board.id.as_str()));

    // Viewing another board ends the view of the first one, and does not affect subscriptions.
    let id = subscribe(&bob, "task:deleted", json!({ "boardId": board.id })).await?;
    other.view(&bob).await?;
    let gone = board.task(&ann, "Not seen").await?;
    ann.ask("task:delete", json!({ "taskId": gone })).await?;
    other.task(&ann, "There").await?;
    assert_eq!(bob.next_any().await?.name, "task:deleted");
    assert_eq!(bob.next_any().await?.board(), Some(other.id.as_str()));

    // Ending a subscription does not affect the view.
    bob.ask("unsubscribe", json!({ "subscriptionId": id })).await?;
    other.task(&ann, "There too").await?;
    assert_eq!(bob.next_any().await?.board(), Some(other.id.as_str()));

    bob.ask("view:leave", json!({})).await?;
    other.task(&ann, "Unseen").await?;
    bob.expect_silence(SILENCE).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_view_of_a_task_shows_only_that_task() -> Result<()> {
    let SharedBoard { scene: _scene, ann, bob, board } = open().await?;
    let (one, two) = (board.task(&ann, "One").await?, board.task(&ann, "Two").await?);
    let reply = bob.call("view:task", json!(one)).await?;
    assert_eq!(reply["ok"], true, "{reply}");
    for task in [&two, &one] {
        ann.ask("task:update", json!({ "taskId": task, "updates": { "priority": 5 } })).await?;
    }
    let event = bob.next_any().await?;
    assert_eq!((event.name.as_str(), &event.data()["task"]["id"]), ("task:updated", &json!(one)));
    bob.expect_silence(SILENCE).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_socket_has_at_most_128_subscriptions() -> Result<()> {
    let SharedBoard { scene, ann, bob, board } = open().await?;
    let mut first = None;
    for _ in 0..128 {
        let id = subscribe(&bob, "task:*", json!({ "boardId": board.id })).await?;
        first.get_or_insert(id);
    }
    let one_more = json!({ "type": "task:*", "filters": { "boardId": board.id } });
    bob.refused("subscribe", one_more.clone(), "SUBSCRIPTION_LIMIT").await?;
    board.task(&ann, "Once").await?;
    bob.next_event("task:created").await?;
    bob.expect_silence(SILENCE).await?;
    // Another socket has its own limit, and ending a subscription makes room.
    scene.client("bob").await?.ask("subscribe", one_more.clone()).await?;
    bob.ask("unsubscribe", json!({ "subscriptionId": first })).await?;
    bob.ask("subscribe", one_more).await.map(drop)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn leaving_with_a_thousand_subscriptions_blocks_nobody() -> Result<()> {
    let scene = Scene::open(Kind::Sqlite).await?;
    let (ann, bob) = (scene.client("ann").await?, scene.client("bob").await?);
    for _ in 0..30 {
        let board = Board::create(&ann, &[]).await?;
        board.view(&ann).await?;
    }
    let sockets = try_join_all((0..8).map(|_| scene.client("ann"))).await?;
    for socket in &sockets {
        let pending: Vec<_> = (0..128).map(|_| socket.send_call("subscribe", &json!({ "type": "task:*" }))).collect();
        for reply in try_join_all(pending.into_iter().map(Pending::reply)).await? {
            ensure!(reply["ok"] == true, "{reply}");
        }
    }
    // All connections of a user together may have as many subscriptions as eight connections.
    ann.refused("subscribe", json!({ "type": "*" }), "SUBSCRIPTION_LIMIT").await?;
    let board = Board::create(&bob, &[]).await?;
    for socket in sockets {
        socket.drop_connection().await;
    }
    for _ in 0..20 {
        board.task(&bob, "Meanwhile").await?;
    }
    eventually("subscriptions are possible again", Duration::from_secs(10), async || {
        Ok((ann.call("subscribe", json!({ "type": "*" })).await?["ok"] == true).then_some(()))
    })
    .await
}
