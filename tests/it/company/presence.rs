//! Presence: each user is listed once over all tabs, and nobody who may not read the board.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use boardwire_test_support::patient;
use serde_json::{Value, json};

use super::{Stage, WINDOW, hears, names, with};

/// Returns Bob as presence events on the board show him.
fn bob(stage: &Stage) -> Value {
    with(stage.about("bob"), json!({ "name": "Bob" }))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_tabs_on_two_browsers_are_one_user() -> Result<()> {
    let stage = Stage::open().await?;
    let (one, two) = (&stage.bob, stage.scene.client("bob").await?);
    let three = stage.scene.client("bob").await?;
    let viewers = stage.board.view(one).await?;
    assert_eq!(names(&viewers["viewers"]), ["ann online", "bob online"]);
    hears(&stage.ann, "user:joined", bob(&stage)).await?;
    for tab in [&two, &three] {
        let viewers = stage.board.view(tab).await?;
        assert_eq!(names(&viewers["viewers"]), ["ann online", "bob online"]);
    }
    stage.ann.expect_no_company(WINDOW).await?;

    // One tab is killed: he is still there.
    two.drop_connection().await;
    stage.ann.expect_no_company(Duration::from_millis(700)).await?;
    assert_eq!(stage.present(&stage.ann).await?, ["ann online", "bob online"]);

    // The others are closed: he is there for 5 seconds more.
    three.disconnect().await?;
    let Stage { ann, bob: one, board, .. } = &stage;
    let lost = Instant::now();
    one.send_text("41");
    one.wait_closed(Duration::from_secs(4)).await?;
    let listed = ann.ask("presence:list", json!({ "boardId": board.id })).await?;
    assert_eq!(names(&listed["users"]), ["ann online", "bob online"]);
    hears(ann, "user:presence", with(stage.about("bob"), json!({ "status": "offline" }))).await?;
    let grace = lost.elapsed();
    ensure!(Duration::from_millis(4_500) < grace && grace < patient(Duration::from_secs(7)), "the grace was {grace:?}");
    hears(ann, "user:left", bob(&stage)).await?;
    assert_eq!(stage.present(ann).await?, ["ann online"]);
    ann.expect_no_company(WINDOW).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_comes_back_soon_was_never_away() -> Result<()> {
    let stage = Stage::open().await?;
    let first = stage.scene.client("bob").await?;
    stage.board.view(&first).await?;
    hears(&stage.ann, "user:joined", bob(&stage)).await?;
    let listed = stage.ann.ask("presence:list", json!({ "boardId": stage.board.id })).await?;
    first.drop_connection().await;
    stage.ann.expect_no_company(WINDOW).await?;
    let again = stage.scene.client("bob").await?;
    stage.board.view(&again).await?;
    assert_eq!(stage.ann.ask("presence:list", json!({ "boardId": stage.board.id })).await?, listed, "`since` included");
    // The next event is that he leaves: nothing was told of the gap.
    again.ask("view:leave", json!({})).await?;
    hears(&stage.ann, "user:left", bob(&stage)).await?;
    stage.ann.expect_no_company(WINDOW).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_tab_that_leaves_takes_the_user_away_at_once() -> Result<()> {
    let stage = Stage::open().await?;
    let tab = stage.scene.client("bob").await?;
    stage.board.view(&stage.bob).await?;
    stage.board.view(&tab).await?;
    hears(&stage.ann, "user:joined", bob(&stage)).await?;
    stage.bob.ask("view:leave", json!({})).await?;
    stage.ann.expect_no_company(WINDOW).await?;
    let before = Instant::now();
    tab.ask("view:leave", json!({})).await?;
    hears(&stage.ann, "user:left", bob(&stage)).await?;
    ensure!(before.elapsed() < patient(Duration::from_secs(1)), "it took {:?}", before.elapsed());
    assert_eq!(stage.present(&stage.ann).await?, ["ann online"]);
    // He is still connected, so he is not offline.
    stage.ann.expect_no_company(WINDOW).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lists_agree_on_who_is_where_and_how() -> Result<()> {
    let stage = Stage::open().await?;
    let Stage { ann, bob, cid, board, scene } = &stage;
    let (one, two) = (board.task(ann, "One").await?, board.task(ann, "Two").await?);
    let (on_one, on_two) = (format!("cid away {one}"), format!("bob online {two}"));
    bob.ask("view:task", json!({ "taskId": two })).await?;
    hears(ann, "user:joined", with(stage.about("bob"), json!({ "name": "Bob", "taskId": two }))).await?;
    cid.ask("presence:update", json!({ "status": "away" })).await?;
    let viewed = cid.ask("view:task", json!({ "taskId": one })).await?;
    assert_eq!(names(&viewed["viewers"]), [on_one.as_str()], "those who have the task open");
    hears(ann, "user:joined", with(stage.about("cid"), json!({ "name": "Cid", "taskId": one }))).await?;
    assert_eq!(names(&board.view(ann).await?["viewers"]), ["ann online", &on_two, &on_one]);
    assert_eq!(stage.present(bob).await?, ["ann online", &on_two, &on_one]);
    let tab = scene.client("bob").await?;
    assert_eq!(names(&tab.ask("view:task", json!({ "taskId": one })).await?["viewers"]).len(), 2);
    hears(ann, "user:presence", with(stage.about("bob"), json!({ "status": "online", "taskId": one }))).await?;
    hears(cid, "user:presence", with(stage.about("bob"), json!({ "status": "online", "taskId": one }))).await?;
    // The sender of a command is not told of its effect.
    tab.expect_no_company(WINDOW).await?;
    ann.expect_no_company(Duration::from_millis(50)).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_is_online_where_one_tab_is() -> Result<()> {
    let stage = Stage::open().await?;
    let Stage { ann, bob: one, board, scene, .. } = &stage;
    let two = scene.client("bob").await?;
    board.view(one).await?;
    board.view(&two).await?;
    hears(ann, "user:joined", bob(&stage)).await?;
    one.ask("presence:update", json!({ "status": "away" })).await?;
    ann.expect_no_company(WINDOW).await?;
    two.ask("presence:update", json!({ "status": "away" })).await?;
    hears(ann, "user:presence", with(stage.about("bob"), json!({ "status": "away" }))).await?;
    assert_eq!(stage.present(ann).await?, ["ann online", "bob away"]);
    one.ask("presence:update", json!({ "status": "online" })).await?;
    hears(ann, "user:presence", with(stage.about("bob"), json!({ "status": "online" }))).await?;
    // The remaining tab is away.
    one.ask("view:leave", json!({})).await?;
    hears(ann, "user:presence", with(stage.about("bob"), json!({ "status": "away" }))).await?;
    ann.expect_no_company(WINDOW).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_may_be_there_without_looking() -> Result<()> {
    let stage = Stage::open().await?;
    let Stage { ann, bob: declared, board, .. } = &stage;
    let task = board.task(ann, "Open elsewhere").await?;
    declared.ask("presence:update", json!({ "status": "online", "boardId": board.id })).await?;
    hears(ann, "user:joined", bob(&stage)).await?;
    declared.ask("presence:update", json!({ "status": "away", "taskId": task })).await?;
    hears(ann, "user:presence", with(stage.about("bob"), json!({ "status": "away", "taskId": task }))).await?;
    assert_eq!(stage.present(ann).await?, ["ann online".to_owned(), format!("bob away {task}")]);
    // That is not a view: he receives nothing.
    board.task(ann, "Unseen").await?;
    stage.board.view(&stage.cid).await?;
    declared.expect_silence(WINDOW).await?;
    declared.expect_no_company(Duration::from_millis(50)).await?;
    ann.next_event("user:joined").await?;
    declared.ask("view:leave", json!({})).await?;
    hears(ann, "user:left", with(bob(&stage), json!({ "taskId": task }))).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_outsider_is_nowhere_and_learns_nothing() -> Result<()> {
    let stage = Stage::open().await?;
    let eve = stage.scene.client("eve").await?;
    eve.ask("subscribe", json!({ "type": "*" })).await?;
    eve.ask("subscribe", json!({ "type": "user:*", "filters": { "userId": "bob" } })).await?;
    let task = stage.board.task(&stage.ann, "Secret").await?;
    for place in [json!({ "boardId": stage.board.id }), json!({ "taskId": task })] {
        eve.refused("presence:update", with(json!({ "status": "online" }), place.clone()), "NOT_FOUND").await?;
        eve.refused("typing:start", place.clone(), "NOT_FOUND").await?;
        eve.refused("typing:stop", place, "NOT_FOUND").await?;
    }
    eve.refused("presence:list", json!({ "boardId": stage.board.id }), "NOT_FOUND").await?;
    stage.ann.expect_no_company(WINDOW).await?;
    assert_eq!(stage.present(&stage.ann).await?, ["ann online"]);
    stage.board.view(&stage.bob).await?;
    stage.bob.ask("typing:start", json!({ "taskId": task })).await?;
    stage.bob.ask("view:leave", json!({})).await?;
    for name in ["user:joined", "typing:start", "user:left"] {
        stage.ann.next_event(name).await?;
    }
    eve.expect_no_company(WINDOW).await?;
    eve.expect_silence(Duration::from_millis(50)).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn subscriptions_to_company_get_it_and_others_do_not() -> Result<()> {
    let stage = Stage::open().await?;
    let Stage { ann, bob, board, scene, .. } = &stage;
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
    hears(&listeners[0], "user:joined", with(stage.about("bob"), json!({ "name": "Bob" }))).await?;
    hears(&listeners[0], "user:presence", with(stage.about("bob"), json!({ "status": "away" }))).await?;
    hears(&listeners[1], "typing:start", with(stage.about("bob"), json!({ "taskId": task }))).await?;
    for listener in &listeners {
        listener.expect_no_company(Duration::from_millis(300)).await?;
    }
    Ok(())
}
