//! Typing in the hub, with time that passes when the test says so.

use std::{sync::Arc, time::Duration};

use boardwire_services::Publisher as _;
use boardwire_subscriptions::JoinError;
use tokio_util::sync::CancellationToken;

use crate::scene::{Client, Timed};

const NOTHING: [&str; 0] = [];

/// Ada looks at the board; Bob is connected.
async fn stage() -> (Timed, Client, Client) {
    let timed = Timed::new();
    let (ada, bob) = (timed.scene.socket("ada"), timed.scene.socket("bob"));
    timed.scene.view(&ada, None).await;
    (timed, ada, bob)
}

#[tokio::test]
async fn others_are_told_who_types_and_the_typist_is_not() {
    let (timed, ada, bob) = stage().await;
    let scene = &timed.scene;
    let tab = scene.socket("bob");
    scene.view(&tab, None).await;
    ada.told();
    scene.type_on(&bob, Some("t1")).await.unwrap();
    assert_eq!(ada.told(), ["typing:start bob t1"]);
    timed.pass(1_000);
    scene.stop_typing(&bob, Some("t1"));
    assert_eq!(ada.told(), ["typing:stop bob t1"]);
    scene.stop_typing(&bob, Some("t1"));
    timed.pass(10_000);
    assert_eq!(ada.told(), NOTHING);
    assert_eq!((bob.told(), tab.told()), (Vec::new(), Vec::new()));
}

#[tokio::test]
async fn typing_ends_after_five_seconds_without_another_start() {
    let (timed, ada, bob) = stage().await;
    let scene = &timed.scene;
    scene.type_on(&bob, None).await.unwrap();
    timed.pass(4_999);
    assert_eq!(ada.told(), ["typing:start bob"]);
    scene.type_on(&bob, None).await.unwrap();
    timed.pass(4_999);
    assert_eq!(ada.told(), NOTHING, "said again, it goes on");
    timed.pass(1);
    assert_eq!(ada.told(), ["typing:stop bob"]);
    timed.pass(10_000);
    assert_eq!(ada.told(), NOTHING);
}

#[tokio::test]
async fn a_lost_connection_stops_typing() {
    let (timed, ada, bob) = stage().await;
    let scene = &timed.scene;
    scene.type_on(&bob, Some("t1")).await.unwrap();
    timed.pass(2_000);
    ada.told();
    scene.hub.disconnect(&bob.socket);
    assert_eq!(ada.told(), ["typing:stop bob t1"]);
    let again = scene.type_on(&bob, Some("t1")).await;
    assert!(matches!(again, Err(JoinError::Gone)), "{again:?}");
}

#[tokio::test]
async fn two_connections_of_a_user_are_one_typist() {
    let (timed, ada, bob) = stage().await;
    let scene = &timed.scene;
    let tab = scene.socket("bob");
    scene.type_on(&bob, Some("t1")).await.unwrap();
    scene.type_on(&tab, Some("t1")).await.unwrap();
    timed.pass(2_000);
    assert_eq!(ada.told(), ["typing:start bob t1"]);
    scene.stop_typing(&bob, Some("t1"));
    timed.pass(2_000);
    assert_eq!(ada.told(), NOTHING, "the other one still types");
    scene.stop_typing(&tab, Some("t1"));
    assert_eq!(ada.told(), ["typing:stop bob t1"]);
}

/// However fast it changes, others hear one thing a second, and in the end what is true.
#[tokio::test]
async fn rapid_changes_are_sent_once_a_second() {
    for (ends_typing, ended) in [(true, "typing:start"), (false, "typing:stop")] {
        let (timed, ada, bob) = stage().await;
        let scene = &timed.scene;
        let (mut told, mut now, mut last_at) = (Vec::new(), 0, None);
        for step in 0..800 {
            if step % 2 == 0 {
                scene.type_on(&bob, None).await.unwrap();
            } else {
                scene.stop_typing(&bob, None);
            }
            for millis in [0, 5] {
                timed.pass(millis);
                now += millis;
                for event in ada.told() {
                    assert!(last_at.is_none_or(|at| now - at >= 1_000), "{event} at {now}, after {last_at:?}");
                    last_at = Some(now);
                    told.push(event);
                }
            }
        }
        assert!((4..=5).contains(&told.len()), "in four seconds: {told:?}");
        if ends_typing {
            scene.type_on(&bob, None).await.unwrap();
        }
        timed.pass(1_000);
        told.extend(ada.told());
        assert_eq!(told.last().map(String::as_str), Some(format!("{ended} bob").as_str()), "{told:?}");
        let alternating = ["typing:start bob", "typing:stop bob"].into_iter().cycle();
        assert!(told.iter().zip(alternating).all(|(told, due)| told == due), "{told:?}");
    }
}

#[tokio::test]
async fn typing_on_another_task_ends_it_on_the_previous_one() {
    let (timed, ada, bob) = stage().await;
    let scene = &timed.scene;
    let on_first = scene.socket("ada");
    scene.view_task(&on_first, "t1").await;
    ada.told();
    scene.type_on(&bob, Some("t1")).await.unwrap();
    timed.pass(100);
    scene.type_on(&bob, Some("t2")).await.unwrap();
    timed.pass(899);
    assert_eq!(ada.told(), ["typing:start bob t1"]);
    timed.pass(1);
    assert_eq!(ada.told(), ["typing:stop bob t1"]);
    timed.pass(999);
    assert_eq!(ada.told(), NOTHING);
    timed.pass(1);
    assert_eq!(ada.told(), ["typing:start bob t2"]);
    assert_eq!(on_first.told(), ["typing:start bob t1", "typing:stop bob t1"], "the view of a task is about that task");
}

#[tokio::test]
async fn moving_back_and_forth_is_sent_once_a_second_with_the_final_state() {
    let (timed, ada, bob) = stage().await;
    let scene = &timed.scene;
    let mut told = 0;
    for _ in 0..200 {
        for task in ["t1", "t2"] {
            scene.type_on(&bob, Some(task)).await.unwrap();
            timed.pass(10);
        }
    }
    let mut shown = Vec::new();
    let mut follow = |events: Vec<String>| {
        for event in events {
            let (what, place) = event.split_once(' ').unwrap();
            if what == "typing:start" {
                shown.push(place.to_owned())
            } else {
                shown.retain(|known| known != place)
            }
            told += 1;
        }
        shown.clone()
    };
    follow(ada.told());
    timed.pass(1_000);
    follow(ada.told());
    timed.pass(1_000);
    assert_eq!(follow(ada.told()), ["bob t2"]);
    assert!(told <= 6, "{told} events in six seconds");
}

#[tokio::test]
async fn typing_on_another_board_ends_it_on_the_first() {
    let (timed, ada, bob) = stage().await;
    let scene = &timed.scene;
    scene.type_on(&bob, Some("t1")).await.unwrap();
    timed.pass(1_000);
    scene.hub.start_typing(&bob.socket, &"b2".try_into().unwrap(), None).await.unwrap();
    assert_eq!(ada.told(), ["typing:start bob t1", "typing:stop bob t1"]);
}

#[tokio::test]
async fn a_removed_member_stops_typing() {
    let (timed, ada, bob) = stage().await;
    let scene = &timed.scene;
    scene.view(&bob, None).await;
    scene.type_on(&bob, Some("t1")).await.unwrap();
    timed.pass(2_000);
    ada.told();
    scene.publish(&scene.remove_member("bob")).await;
    assert_eq!(ada.told(), ["user:left bob", "typing:stop bob t1"]);
    let again = scene.type_on(&bob, Some("t1")).await;
    assert!(matches!(again, Err(JoinError::NoBoard)), "{again:?}");
    scene.stop_typing(&bob, Some("t1"));
    timed.pass(10_000);
    assert_eq!(ada.told(), NOTHING);
    assert_eq!(bob.told(), NOTHING);
}

#[tokio::test]
async fn a_user_who_joins_later_is_told_who_types() {
    let (timed, ada, bob) = stage().await;
    let scene = &timed.scene;
    scene.type_on(&bob, Some("t1")).await.unwrap();
    assert_eq!(ada.told(), ["typing:start bob t1"]);
    let late = scene.socket("ada");
    scene.view(&late, None).await;
    assert_eq!(late.told(), ["typing:start bob t1"]);
    scene.view(&late, None).await;
    assert_eq!(late.told(), NOTHING, "told once");
    scene.stop_typing(&bob, Some("t1"));
    timed.pass(1_000);
    let later = scene.socket("ada");
    scene.view(&later, None).await;
    assert_eq!(later.told(), NOTHING);
}

#[tokio::test]
async fn typing_ends_even_while_the_log_does_not_answer() {
    let (timed, ada, bob) = stage().await;
    let scene = &timed.scene;
    scene.type_on(&bob, None).await.unwrap();
    assert_eq!(ada.told(), ["typing:start bob"]);
    scene.break_log(true);
    let stop = CancellationToken::new();
    let running = tokio::spawn(Arc::clone(&scene.hub).run(stop.clone()));
    scene.hub.check_log();
    let ended = async {
        while scene.refused() == 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        timed.advance(5_000);
        loop {
            match ada.told().as_slice() {
                [] => tokio::time::sleep(Duration::from_millis(10)).await,
                told => return assert_eq!(told, ["typing:stop bob"]),
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(60), ended).await.expect("time stands still during an outage");
    stop.cancel();
    running.await.unwrap();
}
