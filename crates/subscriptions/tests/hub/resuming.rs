//! Resuming from a certain event: without gaps or repeats, in steps, and amid changes.

use boardwire_protocol::{EventKind, Seq};
use boardwire_subscriptions::Resume;

use crate::scene::Scene;

#[tokio::test]
async fn a_socket_resumes_without_gaps_or_repeats() {
    for missed in [0, 1, 255, 256, 257, 700] {
        let scene = Scene::new();
        let entries = scene.commit(missed, EventKind::TaskUpdated);
        let early = scene.socket("bob");
        scene.view(&early, None).await;
        scene.publish(&entries).await;
        let ada = scene.socket("ada");
        let joined = scene.view(&ada, Some(0)).await;
        assert_eq!((joined.seq, joined.recovered), (Seq(missed), Some(true)));
        let live = scene.commit(2, EventKind::TaskUpdated);
        scene.publish(&live).await;
        assert_eq!(ada.take_seqs(), (1..=missed + 2).collect::<Vec<_>>(), "{missed} missed");
    }
}

#[tokio::test]
async fn a_replay_of_large_events_is_sent_in_steps() {
    for missed in [10, 100, 300] {
        let scene = Scene::new();
        scene.pad_events(60_000);
        let entries = scene.commit(missed, EventKind::TaskUpdated);
        let early = scene.socket("bob");
        scene.view(&early, None).await;
        scene.publish(&entries).await;
        let ada = scene.socket("ada");
        assert_eq!(scene.view(&ada, Some(0)).await.recovered, Some(true));
        assert_eq!(ada.take_seqs(), (1..=missed).collect::<Vec<_>>(), "{missed} missed");
        assert!(ada.largest_step() <= 1 << 20, "{} bytes in one step, {missed} missed", ada.largest_step());
    }
    // An event that is larger than a step is a step by itself.
    let scene = Scene::new();
    scene.pad_events(2 << 20);
    let entries = scene.commit(3, EventKind::TaskUpdated);
    scene.publish(&entries).await;
    let ada = scene.socket("ada");
    scene.view(&ada, Some(0)).await;
    assert_eq!(ada.take_seqs(), [1, 2, 3]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn resuming_during_changes_neither_loses_nor_repeats_events() {
    let scene = Scene::new();
    let first = scene.commit(400, EventKind::TaskUpdated);
    scene.publish(&first).await;
    let writing = {
        let scene = scene.clone();
        tokio::spawn(async move {
            for _ in 0..400 {
                let entries = scene.commit(1, EventKind::TaskUpdated);
                scene.publish(&entries).await;
                tokio::task::yield_now().await;
            }
        })
    };
    let mut sockets = Vec::new();
    for since in [0, 10, 399, 400, 50] {
        let socket = scene.socket("ada");
        assert_eq!(scene.view(&socket, Some(since)).await.recovered, Some(true));
        sockets.push((since, socket));
        tokio::task::yield_now().await;
    }
    writing.await.unwrap();
    for (since, socket) in sockets {
        let taken = socket.take_seqs();
        let wrong = (since + 1..=800).zip(&taken).find(|(expected, seq)| expected != *seq);
        assert_eq!((wrong, taken.len() as u64), (None, 800 - since), "since {since}");
    }
}

#[tokio::test]
async fn a_resume_that_cannot_recover_everything_says_so() {
    let scene = Scene::new();
    let entries = scene.commit(10, EventKind::TaskUpdated);
    scene.publish(&entries).await;
    let ada = scene.socket("ada");
    assert_eq!(scene.view(&ada, Some(11)).await.recovered, Some(false), "from the future");
    scene.prune_up_to(5);
    assert_eq!(scene.view(&ada, Some(4)).await.recovered, Some(false), "pruned");
    assert_eq!(scene.view(&ada, Some(5)).await.recovered, Some(true), "the oldest event left is the next one");
    let other_epoch = Resume { since: Seq(10), epoch: Some("another".try_into().unwrap()) };
    let joined = scene.hub.view_board(&ada.socket, &scene.board, Some(other_epoch)).await.unwrap();
    assert_eq!(joined.recovered, Some(false), "another epoch");
}

/// During each page others commit more events than a channel keeps without a replay.
#[tokio::test]
async fn a_replay_catches_up_with_fast_writers() {
    const WRITERS_STOP: u64 = 50;
    let (scene, per_page) = (Scene::new(), 400);
    scene.commit(1_000, EventKind::TaskUpdated);
    let bob = scene.socket("bob");
    let writing = scene.clone();
    bob.at_every_page(move |page| {
        let scene = writing.clone();
        async move {
            if page < WRITERS_STOP {
                let entries = scene.commit(per_page, EventKind::TaskUpdated);
                scene.publish(&entries).await;
            }
        }
    });
    let joined = scene.view(&bob, Some(0)).await;
    assert!(bob.pages() < 10, "it caught up only after the writers had stopped: {} pages", bob.pages());
    assert_eq!(joined.seq.0, 1_000 + bob.pages() * per_page);
    assert_eq!(bob.take_seqs(), (1..=joined.seq.0).collect::<Vec<_>>());
}
