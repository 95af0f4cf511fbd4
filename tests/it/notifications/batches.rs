//! Batches: the first notification is sent at once, and those that follow within a second together.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use boardwire_test_support::{Kind, patient, when_quick};
use serde_json::{Value, json};

use super::{MemberBoard, SILENCE, listed, notified};

/// Returns the numbers at the end of the titles in a list.
fn numbers<'a>(list: impl IntoIterator<Item = &'a Value>) -> Vec<usize> {
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>().parse().ok();
    list.into_iter().filter_map(|one| one["text"].as_str().and_then(digits)).collect()
}

/// Assigns a new task to a user, with its number in the title.
async fn assign(setup: &MemberBoard, user: &str, number: usize) -> Result<()> {
    let create = json!({ "boardId": setup.board.id, "title": format!("Task {number}"), "assignee": user });
    setup.ann.ask("task:create", create).await.map(drop)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_notification_is_sent_at_once_and_the_rest_within_a_second() -> Result<()> {
    let setup = MemberBoard::open(Kind::Sqlite).await?;
    let began = Instant::now();
    for n in 0..3 {
        assign(&setup, "bob", n).await?;
    }
    let made = began.elapsed();
    let first = setup.bob.next_ephemeral().await?;
    let (at_once, single) = (began.elapsed(), &first.data()["notification"]);
    assert_eq!((first.name.as_str(), numbers([single])), ("notification:task", vec![0]));
    let rest = setup.bob.next_ephemeral().await?;
    let took = began.elapsed();
    assert_eq!(rest.name, "notifications:batch");
    assert_eq!(numbers(rest.data()["notifications"].as_array().into_iter().flatten()), [1, 2]);
    ensure!(at_once < made + patient(Duration::from_millis(300)), "the first took {at_once:?}");
    ensure!(took < made + patient(Duration::from_millis(1_400)), "the rest took {took:?}");
    setup.bob.expect_no_ephemeral(SILENCE).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_notifications_come_in_tens_each_once_and_in_order() -> Result<()> {
    const MANY: usize = 47;
    let setup = MemberBoard::open(Kind::Sqlite).await?;
    let tab = setup.scene.client("bob").await?;
    for n in 0..MANY {
        assign(&setup, "bob", n).await?;
        if n % 2 == 0 {
            assign(&setup, "cid", n).await?;
        }
    }
    let in_order: Vec<usize> = (0..MANY).collect();
    let even: Vec<usize> = (0..MANY).step_by(2).collect();
    let mut first = None;
    for (client, user, due) in [(&setup.bob, "bob", &in_order), (&tab, "bob", &in_order), (&setup.cid, "cid", &even)] {
        let came = notified(client, due.len()).await?;
        assert_eq!(numbers(came.iter().map(|(_, one)| one)), *due);
        ensure!(came.iter().all(|(_, one)| one["user_id"] == user), "notifications of another user: {came:?}");
        let singles = came.iter().filter(|(name, _)| name == "notification:task").count();
        ensure!(came[0].0 == "notification:task" && singles < 4, "{singles} came one by one");
        if user == "bob" {
            assert_eq!(*first.get_or_insert_with(|| came.clone()), came, "the tabs received different notifications");
        }
        client.expect_no_ephemeral(Duration::from_millis(300)).await?;
    }
    let (list, unread) = listed(&setup.bob, json!({ "limit": 100 })).await?;
    assert_eq!((list.len(), unread), (MANY, MANY as u64));
    Ok(())
}

/// A batch is sent one second after its first notification; the test's steps must take less.
const BEFORE_THE_BATCH: Duration = Duration::from_millis(900);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn waiting_notifications_are_sent_before_the_server_ends() -> Result<()> {
    when_quick("notifications that wait when the server ends", async || {
        let mut setup = MemberBoard::open(Kind::Sqlite).await?;
        let began = Instant::now();
        for n in 0..3 {
            assign(&setup, "bob", n).await?;
        }
        setup.scene.server.ask_to_drain()?;
        let asked = began.elapsed();
        setup.bob.next_event("server:closing").await?;
        if asked > BEFORE_THE_BATCH {
            return Ok(None);
        }
        // Events arrive in order on a connection: the batch came before the end was announced.
        let came: Vec<Value> = setup.bob.ephemeral_events().iter().map(|event| event.data().clone()).collect();
        assert_eq!(numbers([&came[0]["notification"]]), [0], "{came:?}");
        assert_eq!(numbers(came[1]["notifications"].as_array().into_iter().flatten()), [1, 2], "{came:?}");
        assert_eq!(came.len(), 2, "{came:?}");
        ensure!(setup.scene.server.terminate().await?.success(), "the server failed");
        Ok(Some(()))
    })
    .await
}

/// The right to read is checked again when a waiting notification is sent.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn waiting_notifications_are_not_sent_after_a_removal() -> Result<()> {
    when_quick("notifications that wait at a removal", async || {
        let setup = MemberBoard::open(Kind::Sqlite).await?;
        setup.board.view(&setup.ann).await?;
        let began = Instant::now();
        assign(&setup, "bob", 0).await?;
        assign(&setup, "bob", 1).await?;
        assign(&setup, "cid", 2).await?;
        assign(&setup, "cid", 3).await?;
        setup.ann.ask("board:member:remove", json!({ "boardId": setup.board.id, "userId": "bob" })).await?;
        if began.elapsed() > BEFORE_THE_BATCH {
            return Ok(None);
        }
        assert_eq!(numbers(notified(&setup.cid, 2).await?.iter().map(|(_, one)| one)), [2, 3]);
        assert_eq!(numbers(notified(&setup.bob, 1).await?.iter().map(|(_, one)| one)), [0]);
        setup.bob.expect_no_ephemeral(SILENCE).await?;
        Ok(Some(()))
    })
    .await
}
