//! Typing in the hub, on a clock that the tests control.

use std::{sync::Arc, time::Duration};

use boardwire_services::Publisher as _;
use boardwire_subscriptions::JoinError;
use tokio_util::sync::CancellationToken;

use crate::{client::Client, timed::TimedScene};

const NOTHING: [&str; 0] = [];

/// Makes a scene in which Ada views the board and Bob is connected.
async fn setup() -> (TimedScene, Client, Client) {
    let timed = TimedScene::new();
    let (ada, bob) = (timed.scene.socket("ada"), timed.scene.socket("bob"));
    timed.scene.view(&ada, None).await;
    (timed, ada, bob)
}

#[tokio::test]
async fn typing_is_announced_to_others_and_not_to_the_typist() {
    let (timed, ada, bob) = setup().await;
    let scene = &timed.scene;
    let tab = scene.socket("bob");
    scene.view(&tab, None).await;
    ada.discard_ephemeral();
    scene.start_typing(&bob, Some("t1")).await.unwrap();
    assert_eq!(ada.take_ephemeral(), ["typing:start bob t1"]);
    timed.advance_and_run(1_000);
    scene.stop_typing(&bob, Some("t1"));
    assert_eq!(ada.take_ephemeral(), ["typing:stop bob t1"]);
    scene.stop_typing(&bob, Some("t1"));
    timed.advance_and_run(10_000);
    assert_eq!(ada.take_ephemeral(), NOTHING);
    assert_eq!((bob.take_ephemeral(), tab.take_ephemeral()), (Vec::new(), Vec::new()));
}

#[tokio::test]
async fn typing_ends_after_five_seconds_without_another_start() {
    let (timed, ada, bob) = setup().await;
    let scene = &timed.scene;
    scene.start_typing(&bob, None).await.unwrap();
    timed.advance_and_run(4_999);
    assert_eq!(ada.take_ephemeral(), ["typing:start bob"]);
    scene.start_typing(&bob, None).await.unwrap();
    timed.advance_and_run(4_999);
    assert_eq!(ada.take_ephemeral(), NOTHING, "another start extends it");
    timed.advance_and_run(1);
    assert_eq!(ada.take_ephemeral(), ["typing:stop bob"]);
    timed.advance_and_run(10_000);
    assert_eq!(ada.take_ephemeral(), NOTHING);
}

#[tokio::test]
async fn a_lost_connection_stops_typing() {
    let (timed, ada, bob) = setup().await;
    let scene = &timed.scene;
    scene.start_typing(&bob, Some("t1")).await.unwrap();
    timed.advance_and_run(2_000);
    ada.discard_ephemeral();
    scene.hub.disconnect(&bob.socket);
    assert_eq!(ada.take_ephemeral(), ["typing:stop bob t1"]);
    let again = scene.start_typing(&bob, Some("t1")).await;
    assert!(matches!(again, Err(JoinError::Gone)), "{again:?}");
}

#[tokio::test]
async fn two_connections_of_a_user_are_one_typist() {
    let (timed, ada, bob) = setup().await;
    let scene = &timed.scene;
    let tab = scene.socket("bob");
    scene.start_typing(&bob, Some("t1")).await.unwrap();
    scene.start_typing(&tab, Some("t1")).await.unwrap();
    timed.advance_and_run(2_000);
    assert_eq!(ada.take_ephemeral(), ["typing:start bob t1"]);
    scene.stop_typing(&bob, Some("t1"));
    timed.advance_and_run(2_000);
    assert_eq!(ada.take_ephemeral(), NOTHING, "the other connection still types");
    scene.stop_typing(&tab, Some("t1"));
    assert_eq!(ada.take_ephemeral(), ["typing:stop bob t1"]);
}

/// Others receive at most one event a second, and the last one gives the final state.
#[tokio::test]
async fn rapid_changes_are_sent_at_most_once_a_second() {
    for (still_typing, last_event) in [(true, "typing:start"), (false, "typing:stop")] {
        let (timed, ada, bob) = setup().await;
        let scene = &timed.scene;
        let (mut events, mut now, mut last_at) = (Vec::new(), 0, None);
        for step in 0..800 {
            if step % 2 == 0 {
                scene.start_typing(&bob, None).await.unwrap();
            } else {
                scene.stop_typing(&bob, None);
            }
            for millis in [0, 5] {
                timed.advance_and_run(millis);
                now += millis;
                for event in ada.take_ephemeral() {
                    assert!(last_at.is_none_or(|at| now - at >= 1_000), "{event} at {now}, after {last_at:?}");
                    last_at = Some(now);
                    events.push(event);
                }
            }
        }
        assert!((4..=5).contains(&events.len()), "in four seconds: {events:?}");
        if still_typing {
            scene.start_typing(&bob, None).await.unwrap();
        }
        timed.advance_and_run(1_000);
        events.extend(ada.take_ephemeral());
        assert_eq!(events.last().map(String::as_str), Some(format!("{last_event} bob").as_str()), "{events:?}");
        let alternating = ["typing:start bob", "typing:stop bob"].into_iter().cycle();
        assert!(events.iter().zip(alternating).all(|(event, expected)| event == expected), "{events:?}");
    }
}

#[tokio::test]
async fn typing_on_another_task_ends_it_on_the_previous_one() {
    let (timed, ada, bob) = setup().await;
    let scene = &timed.scene;
    let on_first = scene.socket("ada");
    scene.view_task(&on_first, "t1").await;
    ada.discard_ephemeral();
    scene.start_typing(&bob, Some("t1")).await.unwrap();
    timed.advance_and_run(100);
    scene.start_typing(&bob, Some("t2")).await.unwrap();
    timed.advance_and_run(899);
    assert_eq!(ada.take_ephemeral(), ["typing:start bob t1"]);
    timed.advance_and_run(1);
    assert_eq!(ada.take_ephemeral(), ["typing:stop bob t1"]);
    timed.advance_and_run(999);
    assert_eq!(ada.take_ephemeral(), NOTHING);
    timed.advance_and_run(1);
    assert_eq!(ada.take_ephemeral(), ["typing:start bob t2"]);
    assert_eq!(
        on_first.take_ephemeral(),
        ["typing:start bob t1", "typing:stop bob t1"],
        "viewers of t1 must not receive typing on t2"
    );
}

#[tokio::test]
async fn moving_between_tasks_is_sent_at_most_once_a_second_with_the_final_state() {
    let (timed, ada, bob) = setup().await;
    let scene = &timed.scene;
    let mut count = 0;
    for _ in 0..200 {
        for task in ["t1", "t2"] {
            scene.start_typing(&bob, Some(task)).await.unwrap();
            timed.advance_and_run(10);
        }
    }
    let mut shown = Vec::new();
    let mut follow = |events: Vec<String>| {
        for event in events {
            let (kind, typist) = event.split_once(' ').unwrap();
            if kind == "typing:start" {
                shown.push(typist.to_owned())
            } else {
                shown.retain(|other| other != typist)
            }
            count += 1;
        }
        shown.clone()
    };
    follow(ada.take_ephemeral());
    timed.advance_and_run(1_000);
    follow(ada.take_ephemeral());
    timed.advance_and_run(1_000);
    assert_eq!(follow(ada.take_ephemeral()), ["bob t2"]);
    assert!(count <= 6, "{count} events in six seconds");
}

#[tokio::test]
async fn typing_on_another_board_ends_it_on_the_first() {
    let (timed, ada, bob) = setup().await;
    let scene = &timed.scene;
    scene.start_typing(&bob, Some("t1")).await.unwrap();
    timed.advance_and_run(1_000);
    scene.hub.start_typing(&bob.socket, &"b2".try_into().unwrap(), None).await.unwrap();
    assert_eq!(ada.take_ephemeral(), ["typing:start bob t1", "typing:stop bob t1"]);
}

#[tokio::test]
async fn a_removed_member_stops_typing() {
    let (timed, ada, bob) = setup().await;
    let scene = &timed.scene;
    scene.view(&bob, None).await;
    scene.start_typing(&bob, Some("t1")).await.unwrap();
    timed.advance_and_run(2_000);
    ada.discard_ephemeral();
    scene.publish(&scene.remove_member("bob")).await;
    assert_eq!(ada.take_ephemeral(), ["user:left bob", "typing:stop bob t1"]);
    let again = scene.start_typing(&bob, Some("t1")).await;
    assert!(matches!(again, Err(JoinError::NoBoard)), "{again:?}");
    scene.stop_typing(&bob, Some("t1"));
    timed.advance_and_run(10_000);
    assert_eq!(ada.take_ephemeral(), NOTHING);
    assert_eq!(bob.take_ephemeral(), NOTHING);
}

#[tokio::test]
async fn a_connection_that_views_the_board_later_receives_who_types() {
    let (timed, ada, bob) = setup().await;
    let scene = &timed.scene;
    scene.start_typing(&bob, Some("t1")).await.unwrap();
    assert_eq!(ada.take_ephemeral(), ["typing:start bob t1"]);
    let late = scene.socket("ada");
    scene.view(&late, None).await;
    assert_eq!(late.take_ephemeral(), ["typing:start bob t1"]);
    scene.view(&late, None).await;
    assert_eq!(late.take_ephemeral(), NOTHING, "viewing again must not repeat it");
    scene.stop_typing(&bob, Some("t1"));
    timed.advance_and_run(1_000);
    let later = scene.socket("ada");
    scene.view(&later, None).await;
    assert_eq!(later.take_ephemeral(), NOTHING);
}

#[tokio::test]
async fn typing_ends_even_while_the_log_is_down() {
    let (timed, ada, bob) = setup().await;
    let scene = &timed.scene;
    scene.start_typing(&bob, None).await.unwrap();
    assert_eq!(ada.take_ephemeral(), ["typing:start bob"]);
    scene.set_log_down(true);
    let stop = CancellationToken::new();
    let running = tokio::spawn(Arc::clone(&scene.hub).run(stop.clone()));
    scene.hub.check_log();
    let ended = async {
        while scene.failed_reads() == 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        timed.advance(5_000);
        loop {
            match ada.take_ephemeral().as_slice() {
                [] => tokio::time::sleep(Duration::from_millis(10)).await,
                events => return assert_eq!(events, ["typing:stop bob"]),
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(60), ended).await.expect("typing must end during an outage of the log");
    stop.cancel();
    running.await.unwrap();
}
