//! Typing: the others receive an event, it ends by itself, and there is at most one event a second.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use boardwire_test_support::patient;
use serde_json::json;

use super::{SILENCE, ViewedBoard, expect_event, with};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_users_receive_typing_and_own_tabs_do_not() -> Result<()> {
    let setup = ViewedBoard::open().await?;
    let ViewedBoard { ann, bob, cid, board, scene } = &setup;
    let (one, two) = (board.task(ann, "One").await?, board.task(ann, "Two").await?);
    let (tab, on_two) = (scene.client("bob").await?, scene.client("cid").await?);
    for viewer in [bob, &tab] {
        board.view(viewer).await?;
    }
    cid.ask("view:task", json!({ "taskId": one })).await?;
    on_two.ask("view:task", json!({ "taskId": two })).await?;
    for client in [ann, bob, &tab, cid, &on_two] {
        setup.catch_up(client).await?;
    }
    bob.ask("typing:start", json!({ "taskId": one })).await?;
    let typing = with(setup.event_data("bob"), json!({ "taskId": one }));
    expect_event(ann, "typing:start", typing.clone()).await?;
    expect_event(cid, "typing:start", typing.clone()).await?;
    bob.ask("typing:stop", json!({ "taskId": one })).await?;
    expect_event(ann, "typing:stop", typing.clone()).await?;
    expect_event(cid, "typing:stop", typing).await?;
    // A viewer of another task and the user's own tabs receive nothing.
    for client in [&on_two, bob, &tab] {
        client.expect_no_ephemeral(Duration::from_millis(300)).await?;
    }
    // On the board itself.
    bob.ask("typing:start", json!({ "boardId": board.id })).await?;
    expect_event(ann, "typing:start", setup.event_data("bob")).await?;
    cid.expect_no_ephemeral(Duration::from_millis(300)).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn typing_ends_after_five_seconds_of_silence() -> Result<()> {
    let setup = ViewedBoard::open().await?;
    let task = setup.board.task(&setup.ann, "Typed on").await?;
    let typing = with(setup.event_data("bob"), json!({ "taskId": task }));
    let began = Instant::now();
    setup.bob.ask("typing:start", json!({ "taskId": task })).await?;
    expect_event(&setup.ann, "typing:start", typing.clone()).await?;
    expect_event(&setup.ann, "typing:stop", typing).await?;
    let took = began.elapsed();
    ensure!(Duration::from_millis(4_900) < took && took < patient(Duration::from_millis(6_500)), "after {took:?}");
    setup.ann.expect_no_ephemeral(SILENCE).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_client_stops_typing() -> Result<()> {
    let setup = ViewedBoard::open().await?;
    let task = setup.board.task(&setup.ann, "Typed on").await?;
    let typing = with(setup.event_data("bob"), json!({ "taskId": task }));
    let doomed = setup.scene.client("bob").await?;
    doomed.ask("typing:start", json!({ "taskId": task })).await?;
    expect_event(&setup.ann, "typing:start", typing.clone()).await?;
    let killed = Instant::now();
    doomed.drop_connection().await;
    expect_event(&setup.ann, "typing:stop", typing).await?;
    ensure!(killed.elapsed() < patient(Duration::from_millis(1_500)), "after {:?}", killed.elapsed());
    setup.ann.expect_no_ephemeral(SILENCE).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn starting_elsewhere_ends_the_typing_before() -> Result<()> {
    let setup = ViewedBoard::open().await?;
    let ViewedBoard { ann, bob, board, .. } = &setup;
    let (one, two) = (board.task(ann, "One").await?, board.task(ann, "Two").await?);
    let on = |task: &str| with(setup.event_data("bob"), json!({ "taskId": task }));
    bob.ask("typing:start", json!({ "taskId": one })).await?;
    expect_event(ann, "typing:start", on(&one)).await?;
    bob.ask("typing:start", json!({ "taskId": two })).await?;
    expect_event(ann, "typing:stop", on(&one)).await?;
    expect_event(ann, "typing:start", on(&two)).await?;
    bob.ask("typing:stop", json!({ "taskId": two })).await?;
    expect_event(ann, "typing:stop", on(&two)).await?;
    ann.expect_no_ephemeral(SILENCE).await
}

/// However many changes a connection sends, another viewer gets one event a second, and the last one shows the final
/// state.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_reaches_others_as_one_event_a_second() -> Result<()> {
    const FLOOD: Duration = Duration::from_secs(4);
    for still_typing in [true, false] {
        let setup = ViewedBoard::open().await?;
        let ViewedBoard { ann, bob, board, .. } = &setup;
        let (begin, on_board) = (Instant::now(), json!({ "boardId": board.id }));
        let mut sent = 0;
        while begin.elapsed() < FLOOD || sent <= 100 {
            bob.ask("typing:start", on_board.clone()).await?;
            bob.ask("typing:stop", on_board.clone()).await?;
            sent += 2;
        }
        if still_typing {
            bob.ask("typing:start", on_board.clone()).await?;
        }
        let (received, took) = (ann.ephemeral_events(), begin.elapsed());
        let most = took.as_secs() as usize + 1;
        ensure!(
            !received.is_empty() && received.len() <= most,
            "{sent} in {took:?} cost {} events: {received:?}",
            received.len()
        );
        // One more may be due. After that, the last event shows the final state.
        let due = if still_typing { "typing:start" } else { "typing:stop" };
        let last = match received.last().context("nothing was received")? {
            last if last.name == due => last.clone(),
            _ => ann.next_ephemeral().await?,
        };
        assert_eq!((last.name.as_str(), last.data()), (due, &setup.event_data("bob")));
        ann.expect_no_ephemeral(Duration::from_millis(1_300)).await?;
    }
    Ok(())
}

/// A client may send the stop for one task after the start for the next.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_late_stop_ends_only_the_typing_it_names() -> Result<()> {
    let setup = ViewedBoard::open().await?;
    let ViewedBoard { ann, bob, board, .. } = &setup;
    let (one, two) = (board.task(ann, "One").await?, board.task(ann, "Two").await?);
    let on = |task: &str| with(setup.event_data("bob"), json!({ "taskId": task }));
    bob.ask("typing:start", json!({ "taskId": one })).await?;
    bob.ask("typing:start", json!({ "taskId": two })).await?;
    bob.ask("typing:stop", json!({ "taskId": one })).await?;
    expect_event(ann, "typing:start", on(&one)).await?;
    expect_event(ann, "typing:stop", on(&one)).await?;
    expect_event(ann, "typing:start", on(&two)).await
}
