//! Presence: each user is listed once, however many tabs they have, and only members receive events about it.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use boardwire_test_support::patient;
use serde_json::{Value, json};

use super::{SILENCE, ViewedBoard, expect_event, names, with};

/// Returns Bob as presence events on the board show him.
fn bob(setup: &ViewedBoard) -> Value {
    with(setup.event_data("bob"), json!({ "name": "Bob" }))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_tabs_on_two_browsers_are_one_user() -> Result<()> {
    let setup = ViewedBoard::open().await?;
    let (one, two) = (&setup.bob, setup.scene.client("bob").await?);
    let three = setup.scene.client("bob").await?;
    let viewers = setup.board.view(one).await?;
    assert_eq!(names(&viewers["viewers"]), ["ann online", "bob online"]);
    expect_event(&setup.ann, "user:joined", bob(&setup)).await?;
    for tab in [&two, &three] {
        let viewers = setup.board.view(tab).await?;
        assert_eq!(names(&viewers["viewers"]), ["ann online", "bob online"]);
    }
    setup.ann.expect_no_ephemeral(SILENCE).await?;

    // One tab loses its connection: he is still present.
    two.drop_connection().await;
    setup.ann.expect_no_ephemeral(Duration::from_millis(700)).await?;
    assert_eq!(setup.present(&setup.ann).await?, ["ann online", "bob online"]);

    // The others are closed: he stays present for 5 seconds more.
    three.disconnect().await?;
    let ViewedBoard { ann, bob: one, board, .. } = &setup;
    let lost = Instant::now();
    one.send_text("41");
    one.wait_closed(Duration::from_secs(4)).await?;
    let listed = ann.ask("presence:list", json!({ "boardId": board.id })).await?;
    assert_eq!(names(&listed["users"]), ["ann online", "bob online"]);
    expect_event(ann, "user:presence", with(setup.event_data("bob"), json!({ "status": "offline" }))).await?;
    let grace = lost.elapsed();
    ensure!(
        Duration::from_millis(4_500) < grace && grace < patient(Duration::from_secs(7)),
        "the grace period was {grace:?}"
    );
    expect_event(ann, "user:left", bob(&setup)).await?;
    assert_eq!(setup.present(ann).await?, ["ann online"]);
    ann.expect_no_ephemeral(SILENCE).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_quick_reconnect_causes_no_events() -> Result<()> {
    let setup = ViewedBoard::open().await?;
    let first = setup.scene.client("bob").await?;
    setup.board.view(&first).await?;
    expect_event(&setup.ann, "user:joined", bob(&setup)).await?;
    let listed = setup.ann.ask("presence:list", json!({ "boardId": setup.board.id })).await?;
    first.drop_connection().await;
    setup.ann.expect_no_ephemeral(SILENCE).await?;
    let again = setup.scene.client("bob").await?;
    setup.board.view(&again).await?;
    assert_eq!(
        setup.ann.ask("presence:list", json!({ "boardId": setup.board.id })).await?,
        listed,
        "the list has changed"
    );
    // The next event is that he leaves: there was none about the gap.
    again.ask("view:leave", json!({})).await?;
    expect_event(&setup.ann, "user:left", bob(&setup)).await?;
    setup.ann.expect_no_ephemeral(SILENCE).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn leaving_in_the_last_tab_removes_the_user_at_once() -> Result<()> {
    let setup = ViewedBoard::open().await?;
    let tab = setup.scene.client("bob").await?;
    setup.board.view(&setup.bob).await?;
    setup.board.view(&tab).await?;
    expect_event(&setup.ann, "user:joined", bob(&setup)).await?;
    setup.bob.ask("view:leave", json!({})).await?;
    setup.ann.expect_no_ephemeral(SILENCE).await?;
    let before = Instant::now();
    tab.ask("view:leave", json!({})).await?;
    expect_event(&setup.ann, "user:left", bob(&setup)).await?;
    ensure!(before.elapsed() < patient(Duration::from_secs(1)), "it took {:?}", before.elapsed());
    assert_eq!(setup.present(&setup.ann).await?, ["ann online"]);
    // He is still connected, so he is not offline.
    setup.ann.expect_no_ephemeral(SILENCE).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_lists_show_the_same_viewers() -> Result<()> {
    let setup = ViewedBoard::open().await?;
    let ViewedBoard { ann, bob, cid, board, scene } = &setup;
    let (one, two) = (board.task(ann, "One").await?, board.task(ann, "Two").await?);
    let (on_one, on_two) = (format!("cid away {one}"), format!("bob online {two}"));
    bob.ask("view:task", json!({ "taskId": two })).await?;
    expect_event(ann, "user:joined", with(setup.event_data("bob"), json!({ "name": "Bob", "taskId": two }))).await?;
    cid.ask("presence:update", json!({ "status": "away" })).await?;
    let viewed = cid.ask("view:task", json!({ "taskId": one })).await?;
    assert_eq!(names(&viewed["viewers"]), [on_one.as_str()], "not exactly those who have the task open");
    expect_event(ann, "user:joined", with(setup.event_data("cid"), json!({ "name": "Cid", "taskId": one }))).await?;
    assert_eq!(names(&board.view(ann).await?["viewers"]), ["ann online", &on_two, &on_one]);
    assert_eq!(setup.present(bob).await?, ["ann online", &on_two, &on_one]);
    let tab = scene.client("bob").await?;
    assert_eq!(names(&tab.ask("view:task", json!({ "taskId": one })).await?["viewers"]).len(), 2);
    expect_event(ann, "user:presence", with(setup.event_data("bob"), json!({ "status": "online", "taskId": one })))
        .await?;
    expect_event(cid, "user:presence", with(setup.event_data("bob"), json!({ "status": "online", "taskId": one })))
        .await?;
    // The sender of a command does not receive its event.
    tab.expect_no_ephemeral(SILENCE).await?;
    ann.expect_no_ephemeral(Duration::from_millis(50)).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_is_online_if_one_tab_is() -> Result<()> {
    let setup = ViewedBoard::open().await?;
    let ViewedBoard { ann, bob: one, board, scene, .. } = &setup;
    let two = scene.client("bob").await?;
    board.view(one).await?;
    board.view(&two).await?;
    expect_event(ann, "user:joined", bob(&setup)).await?;
    one.ask("presence:update", json!({ "status": "away" })).await?;
    ann.expect_no_ephemeral(SILENCE).await?;
    two.ask("presence:update", json!({ "status": "away" })).await?;
    expect_event(ann, "user:presence", with(setup.event_data("bob"), json!({ "status": "away" }))).await?;
    assert_eq!(setup.present(ann).await?, ["ann online", "bob away"]);
    one.ask("presence:update", json!({ "status": "online" })).await?;
    expect_event(ann, "user:presence", with(setup.event_data("bob"), json!({ "status": "online" }))).await?;
    // The remaining tab is away.
    one.ask("view:leave", json!({})).await?;
    expect_event(ann, "user:presence", with(setup.event_data("bob"), json!({ "status": "away" }))).await?;
    ann.expect_no_ephemeral(SILENCE).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn presence_can_be_declared_without_a_view() -> Result<()> {
    let setup = ViewedBoard::open().await?;
    let ViewedBoard { ann, bob: declared, board, .. } = &setup;
    let task = board.task(ann, "Open elsewhere").await?;
    declared.ask("presence:update", json!({ "status": "online", "boardId": board.id })).await?;
    expect_event(ann, "user:joined", bob(&setup)).await?;
    declared.ask("presence:update", json!({ "status": "away", "taskId": task })).await?;
    expect_event(ann, "user:presence", with(setup.event_data("bob"), json!({ "status": "away", "taskId": task })))
        .await?;
    assert_eq!(setup.present(ann).await?, ["ann online".to_owned(), format!("bob away {task}")]);
    // That is not a view, so he receives nothing.
    board.task(ann, "Unseen").await?;
    setup.board.view(&setup.cid).await?;
    declared.expect_silence(SILENCE).await?;
    declared.expect_no_ephemeral(Duration::from_millis(50)).await?;
    ann.next_event("user:joined").await?;
    declared.ask("view:leave", json!({})).await?;
    expect_event(ann, "user:left", with(bob(&setup), json!({ "taskId": task }))).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_outsider_is_not_present_and_receives_nothing() -> Result<()> {
    let setup = ViewedBoard::open().await?;
    let eve = setup.scene.client("eve").await?;
    eve.ask("subscribe", json!({ "type": "*" })).await?;
    eve.ask("subscribe", json!({ "type": "user:*", "filters": { "userId": "bob" } })).await?;
    let task = setup.board.task(&setup.ann, "Secret").await?;
    for target in [json!({ "boardId": setup.board.id }), json!({ "taskId": task })] {
        eve.refused("presence:update", with(json!({ "status": "online" }), target.clone()), "NOT_FOUND").await?;
        eve.refused("typing:start", target.clone(), "NOT_FOUND").await?;
        eve.refused("typing:stop", target, "NOT_FOUND").await?;
    }
    eve.refused("presence:list", json!({ "boardId": setup.board.id }), "NOT_FOUND").await?;
    setup.ann.expect_no_ephemeral(SILENCE).await?;
    assert_eq!(setup.present(&setup.ann).await?, ["ann online"]);
    setup.board.view(&setup.bob).await?;
    setup.bob.ask("typing:start", json!({ "taskId": task })).await?;
    setup.bob.ask("view:leave", json!({})).await?;
    for name in ["user:joined", "typing:start", "user:left"] {
        setup.ann.next_event(name).await?;
    }
    eve.expect_no_ephemeral(SILENCE).await?;
    eve.expect_silence(Duration::from_millis(50)).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_matching_subscriptions_get_presence_and_typing() -> Result<()> {
    let setup = ViewedBoard::open().await?;
    let ViewedBoard { ann, bob, board, scene, .. } = &setup;
    let task = board.task(ann, "Open").await?;
    let mut listeners = Vec::new();
    for pattern in ["user:*", "typing:*", "task:*", "board:*"] {
        let cid = scene.client("cid").await?;
        cid.ask("subscribe", json!({ "type": pattern, "filters": { "boardId": board.id } })).await?;
        listeners.push(cid);
    }
    board.view(bob).await?;
    bob.ask("typing:start", json!({ "taskId": task })).await?;
    bob.ask("presence:update", json!({ "status": "away" })).await?;
    expect_event(&listeners[0], "user:joined", with(setup.event_data("bob"), json!({ "name": "Bob" }))).await?;
    expect_event(&listeners[0], "user:presence", with(setup.event_data("bob"), json!({ "status": "away" }))).await?;
    expect_event(&listeners[1], "typing:start", with(setup.event_data("bob"), json!({ "taskId": task }))).await?;
    for listener in &listeners {
        listener.expect_no_ephemeral(Duration::from_millis(300)).await?;
    }
    Ok(())
}
