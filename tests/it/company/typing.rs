//! Typing: others are told of it, it ends by itself, and it is told at most once a second.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use boardwire_test_support::patient;
use serde_json::json;

use super::{Stage, WINDOW, hears, with};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn others_hear_of_it_and_ones_own_tabs_do_not() -> Result<()> {
    let stage = Stage::open().await?;
    let Stage { ann, bob, cid, board, scene } = &stage;
    let (one, two) = (board.task(ann, "One").await?, board.task(ann, "Two").await?);
    let (tab, on_two) = (scene.client("bob").await?, scene.client("cid").await?);
    for viewer in [bob, &tab] {
        board.view(viewer).await?;
    }
    cid.ask("view:task", json!({ "taskId": one })).await?;
    on_two.ask("view:task", json!({ "taskId": two })).await?;
    for client in [ann, bob, &tab, cid, &on_two] {
        stage.catch_up(client).await?;
    }
    bob.ask("typing:start", json!({ "taskId": one })).await?;
    let typing = with(stage.about("bob"), json!({ "taskId": one }));
    hears(ann, "typing:start", typing.clone()).await?;
    hears(cid, "typing:start", typing.clone()).await?;
    bob.ask("typing:stop", json!({ "taskId": one })).await?;
    hears(ann, "typing:stop", typing.clone()).await?;
    hears(cid, "typing:stop", typing).await?;
    // A view of another task, and the user's own tabs.
    for client in [&on_two, bob, &tab] {
        client.expect_no_company(Duration::from_millis(300)).await?;
    }
    // On the board itself.
    bob.ask("typing:start", json!({ "boardId": board.id })).await?;
    hears(ann, "typing:start", stage.about("bob")).await?;
    cid.expect_no_company(Duration::from_millis(300)).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_ends_after_five_seconds_of_silence() -> Result<()> {
    let stage = Stage::open().await?;
    let task = stage.board.task(&stage.ann, "Typed on").await?;
    let typing = with(stage.about("bob"), json!({ "taskId": task }));
    let began = Instant::now();
    stage.bob.ask("typing:start", json!({ "taskId": task })).await?;
    hears(&stage.ann, "typing:start", typing.clone()).await?;
    hears(&stage.ann, "typing:stop", typing).await?;
    let took = began.elapsed();
    ensure!(Duration::from_millis(4_900) < took && took < patient(Duration::from_millis(6_500)), "after {took:?}");
    stage.ann.expect_no_company(WINDOW).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_client_types_no_more() -> Result<()> {
    let stage = Stage::open().await?;
    let task = stage.board.task(&stage.ann, "Typed on").await?;
    let typing = with(stage.about("bob"), json!({ "taskId": task }));
    let doomed = stage.scene.client("bob").await?;
    doomed.ask("typing:start", json!({ "taskId": task })).await?;
    hears(&stage.ann, "typing:start", typing.clone()).await?;
    let killed = Instant::now();
    doomed.drop_connection().await;
    hears(&stage.ann, "typing:stop", typing).await?;
    ensure!(killed.elapsed() < patient(Duration::from_millis(1_500)), "after {:?}", killed.elapsed());
    stage.ann.expect_no_company(WINDOW).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn moving_on_ends_the_place_before() -> Result<()> {
    let stage = Stage::open().await?;
    let Stage { ann, bob, board, .. } = &stage;
    let (one, two) = (board.task(ann, "One").await?, board.task(ann, "Two").await?);
    let on = |task: &str| with(stage.about("bob"), json!({ "taskId": task }));
    bob.ask("typing:start", json!({ "taskId": one })).await?;
    hears(ann, "typing:start", on(&one)).await?;
    bob.ask("typing:start", json!({ "taskId": two })).await?;
    hears(ann, "typing:stop", on(&one)).await?;
    hears(ann, "typing:start", on(&two)).await?;
    bob.ask("typing:stop", json!({ "taskId": two })).await?;
    hears(ann, "typing:stop", on(&two)).await?;
    ann.expect_no_company(WINDOW).await
}

/// However many changes a connection sends, another viewer gets one event a second, and the last one is the truth.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_costs_others_one_event_a_second() -> Result<()> {
    const FLOOD: Duration = Duration::from_secs(4);
    for ends_typing in [true, false] {
        let stage = Stage::open().await?;
        let Stage { ann, bob, board, .. } = &stage;
        let (begin, place) = (Instant::now(), json!({ "boardId": board.id }));
        let mut sent = 0;
        while begin.elapsed() < FLOOD || sent <= 100 {
            bob.ask("typing:start", place.clone()).await?;
            bob.ask("typing:stop", place.clone()).await?;
            sent += 2;
        }
        if ends_typing {
            bob.ask("typing:start", place.clone()).await?;
        }
        let (heard, took) = (ann.company(), begin.elapsed());
        let most = took.as_secs() as usize + 1;
        ensure!(!heard.is_empty() && heard.len() <= most, "{sent} in {took:?} cost {} events: {heard:?}", heard.len());
        // One more may be due. After that, the last event is the truth.
        let due = if ends_typing { "typing:start" } else { "typing:stop" };
        let last = match heard.last().context("nothing was heard")? {
            last if last.name == due => last.clone(),
            _ => ann.next_company().await?,
        };
        assert_eq!((last.name.as_str(), last.data()), (due, &stage.about("bob")));
        ann.expect_no_company(Duration::from_millis(1_300)).await?;
    }
    Ok(())
}

/// A client may say that it has left a place after it has arrived at the next one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_late_stop_is_about_its_own_place() -> Result<()> {
    let stage = Stage::open().await?;
    let Stage { ann, bob, board, .. } = &stage;
    let (one, two) = (board.task(ann, "One").await?, board.task(ann, "Two").await?);
    let on = |task: &str| with(stage.about("bob"), json!({ "taskId": task }));
    bob.ask("typing:start", json!({ "taskId": one })).await?;
    bob.ask("typing:start", json!({ "taskId": two })).await?;
    bob.ask("typing:stop", json!({ "taskId": one })).await?;
    hears(ann, "typing:start", on(&one)).await?;
    hears(ann, "typing:stop", on(&one)).await?;
    hears(ann, "typing:start", on(&two)).await
}
