//! The hub on a log in memory: order, gaps, joining, overlap, membership, limits, and what is left behind.
#![expect(clippy::unwrap_used, reason = "a test")]

mod company;
mod notifications;
mod rooms;
mod scene;
mod typing;

use boardwire_protocol::{EventKind, Seq};
use boardwire_services::Publisher as _;
use boardwire_subscriptions::{JoinError, Resume};
use scene::{Scene, filters};

#[tokio::test]
async fn events_come_in_order_however_they_are_published() {
    let scene = Scene::new();
    let ada = scene.socket("ada");
    scene.view(&ada, None).await;
    let entries = scene.commit(5, EventKind::TaskUpdated);
    for at in [2, 0, 1, 4, 3] {
        scene.publish_detached(&entries[at..=at]);
    }
    assert_eq!(ada.received(5).await, [1, 2, 3, 4, 5]);
}

#[tokio::test]
async fn an_event_that_nobody_published_is_read_from_the_log() {
    let scene = Scene::new();
    let ada = scene.socket("ada");
    scene.view(&ada, None).await;
    let entries = scene.commit(3, EventKind::TaskUpdated);
    scene.publish(&entries[2..]).await;
    assert_eq!(ada.received(3).await, [1, 2, 3]);
}

#[tokio::test]
async fn publishing_returns_when_everything_before_is_queued() {
    let scene = Scene::new();
    let ada = scene.socket("ada");
    scene.view(&ada, None).await;
    let entries = scene.commit(300, EventKind::TaskUpdated);
    scene.publish(&entries[299..]).await;
    assert_eq!(ada.taken(), (1..=300).collect::<Vec<_>>());
}

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
        assert_eq!(ada.taken(), (1..=missed + 2).collect::<Vec<_>>(), "{missed} missed");
    }
}

#[tokio::test]
async fn a_replay_of_large_events_is_sent_in_steps() {
    for missed in [10, 100, 300] {
        let scene = Scene::new();
        scene.enlarge(60_000);
        let entries = scene.commit(missed, EventKind::TaskUpdated);
        let early = scene.socket("bob");
        scene.view(&early, None).await;
        scene.publish(&entries).await;
        let ada = scene.socket("ada");
        assert_eq!(scene.view(&ada, Some(0)).await.recovered, Some(true));
        assert_eq!(ada.taken(), (1..=missed).collect::<Vec<_>>(), "{missed} missed");
        assert!(ada.largest_step() <= 1 << 20, "{} bytes at once, {missed} missed", ada.largest_step());
    }
    // One that is larger than a step is one.
    let scene = Scene::new();
    scene.enlarge(2 << 20);
    let entries = scene.commit(3, EventKind::TaskUpdated);
    scene.publish(&entries).await;
    let ada = scene.socket("ada");
    scene.view(&ada, Some(0)).await;
    assert_eq!(ada.taken(), [1, 2, 3]);
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
        let taken = socket.taken();
        let wrong = (since + 1..=800).zip(&taken).find(|(due, came)| due != *came);
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
    scene.forget_up_to(5);
    assert_eq!(scene.view(&ada, Some(4)).await.recovered, Some(false), "pruned");
    assert_eq!(scene.view(&ada, Some(5)).await.recovered, Some(true), "the oldest that is left");
    let other_life = Resume { since: Seq(10), epoch: Some("another".try_into().unwrap()) };
    let joined = scene.hub.view_board(&ada.socket, &scene.board, Some(other_life)).await.unwrap();
    assert_eq!(joined.recovered, Some(false), "another epoch");
}

#[tokio::test]
async fn overlapping_interests_deliver_an_event_once() {
    let scene = Scene::new();
    let ada = scene.socket("ada");
    scene.view(&ada, None).await;
    scene.subscribe(&ada, "task:*", filters(None, None), None).await.unwrap();
    scene.subscribe_everywhere(&ada, "*");
    let entries = scene.commit(3, EventKind::TaskUpdated);
    scene.publish(&entries).await;
    // Asked for again from the start, what was served is left out.
    scene.subscribe(&ada, "*", filters(None, None), Some(0)).await.unwrap();
    scene.view(&ada, Some(1)).await;
    assert_eq!(ada.taken(), [1, 2, 3]);
}

#[tokio::test]
async fn patterns_and_filters_are_honoured() {
    let scene = Scene::new();
    let (ada, bob) = (scene.socket("ada"), scene.socket("bob"));
    scene.subscribe(&ada, "board:*", filters(None, None), None).await.unwrap();
    scene.subscribe(&bob, "task:*", filters(Some("t2"), None), None).await.unwrap();
    let carl = scene.socket("ada");
    scene.subscribe(&carl, "*", filters(None, Some("bob")), None).await.unwrap();
    let mut entries = scene.commit(1, EventKind::TaskUpdated);
    entries.extend(scene.commit(1, EventKind::BoardUpdated));
    entries.extend(scene.commit_by("bob", Some("t2"), EventKind::TaskMoved));
    entries.extend(scene.commit_by("ada", Some("t3"), EventKind::TaskMoved));
    scene.publish(&entries).await;
    assert_eq!(ada.taken(), [2]);
    assert_eq!(bob.taken(), [3]);
    assert_eq!(carl.taken(), [3]);
}

#[tokio::test]
async fn a_socket_does_not_receive_what_it_caused() {
    let scene = Scene::new();
    let (ada, tab) = (scene.socket("ada"), scene.socket("ada"));
    scene.view(&ada, None).await;
    scene.view(&tab, None).await;
    let entries = scene.commit_from(&ada, EventKind::TaskUpdated);
    // Also when the event takes the way over the log.
    let later = scene.commit(1, EventKind::TaskUpdated);
    scene.publish(&later).await;
    assert_eq!(entries.len(), 1);
    assert_eq!(ada.taken(), [2]);
    assert_eq!(tab.taken(), [1, 2]);
}

#[tokio::test]
async fn a_member_who_is_removed_receives_nothing_more() {
    let scene = Scene::new();
    let (ada, bob) = (scene.socket("ada"), scene.socket("bob"));
    scene.view(&ada, None).await;
    scene.view(&bob, None).await;
    scene.subscribe_everywhere(&bob, "*");
    let mut entries = scene.commit(1, EventKind::TaskUpdated);
    entries.extend(scene.remove_member("bob"));
    entries.extend(scene.commit(1, EventKind::TaskUpdated));
    scene.publish(&entries).await;
    assert_eq!(ada.taken(), [1, 2, 3]);
    assert_eq!(bob.taken(), [1]);
    let again = scene.hub.view_board(&bob.socket, &scene.board, None).await;
    assert!(matches!(again, Err(JoinError::NoBoard)));
    let mut entries = scene.add_member("bob");
    entries.extend(scene.commit(1, EventKind::TaskUpdated));
    scene.publish(&entries).await;
    assert_eq!(bob.taken(), [4, 5], "and receives again when he is back");
}

#[tokio::test]
async fn a_member_who_is_added_again_can_recover_missed_events() {
    let scene = Scene::new();
    let bob = scene.socket("bob");
    scene.view(&bob, None).await;
    let mut entries = scene.commit(2, EventKind::TaskUpdated);
    entries.extend(scene.remove_member("bob"));
    entries.extend(scene.commit(3, EventKind::TaskUpdated));
    entries.extend(scene.add_member("bob"));
    entries.extend(scene.commit(1, EventKind::TaskUpdated));
    scene.publish(&entries).await;
    assert_eq!(bob.taken(), [1, 2, 7, 8]);
    assert_eq!(scene.view(&bob, Some(1)).await.recovered, Some(true));
    assert_eq!(bob.taken(), [3, 4, 5, 6], "and only that");
    scene.view(&bob, Some(0)).await;
    assert_eq!(bob.taken(), [0; 0], "and once");
}

#[tokio::test]
async fn a_burst_that_opens_the_channel_arrives_completely() {
    let scene = Scene::new();
    let ada = scene.socket("ada");
    scene.subscribe_everywhere(&ada, "*");
    let entries = scene.commit(3_000, EventKind::TaskMoved);
    scene.publish(&entries).await;
    assert_eq!(ada.taken().len(), 3_000);
}

#[tokio::test]
async fn waiting_until_queued_includes_subscriptions_to_all_boards() {
    let scene = Scene::new();
    let ada = scene.socket("ada");
    scene.subscribe_everywhere(&ada, "*");
    scene.commit(5, EventKind::TaskMoved);
    scene.hub.wait_until_queued(&scene.board, Seq(5)).await;
    assert_eq!(ada.taken(), [1, 2, 3, 4, 5]);
}

#[tokio::test]
async fn a_member_who_is_removed_during_a_replay_receives_nothing_more() {
    let scene = Scene::new();
    let entries = scene.commit(1_000, EventKind::TaskUpdated);
    scene.publish(&entries).await;
    let ada = scene.socket("ada");
    scene.view(&ada, None).await;
    let bob = scene.socket("bob");
    let removing = scene.clone();
    bob.before_page(2, async move {
        let entries = removing.remove_member("bob");
        removing.publish(&entries).await;
    });
    let resume = Resume { since: Seq(0), epoch: None };
    let joined = scene.hub.view_board(&bob.socket, &scene.board, Some(resume)).await;
    assert!(matches!(joined, Err(JoinError::NoBoard)), "{joined:?}");
    let taken = bob.taken();
    assert!(taken.len() < 1_000 && taken == (1..=taken.len() as u64).collect::<Vec<_>>(), "{}", taken.len());
}

#[tokio::test]
async fn a_subscription_to_all_boards_follows_memberships() {
    let scene = Scene::new();
    let carl = scene.socket("carl");
    scene.subscribe_everywhere(&carl, "task:*");
    let mut entries = scene.commit(1, EventKind::TaskUpdated);
    scene.publish(&entries).await;
    assert_eq!(carl.taken(), [0; 0]);
    entries = scene.add_member("carl");
    entries.extend(scene.commit(2, EventKind::TaskUpdated));
    scene.publish(&entries).await;
    assert_eq!(carl.taken(), [3, 4]);
}

#[tokio::test]
async fn a_subscription_to_all_boards_starts_with_later_events() {
    let scene = Scene::new();
    let unheard = scene.commit(3, EventKind::TaskUpdated);
    scene.publish(&unheard).await;
    let ada = scene.socket("ada");
    scene.subscribe_everywhere(&ada, "*");
    let entries = scene.commit(2, EventKind::TaskUpdated);
    // Out of order, and the first to come opens the channel.
    scene.publish_detached(&entries[1..]);
    scene.publish_detached(&entries[..1]);
    assert_eq!(ada.received(2).await, [4, 5]);
}

#[tokio::test]
async fn a_view_replaces_the_previous_one_and_leaves_subscriptions_alone() {
    let scene = Scene::new();
    let ada = scene.socket("ada");
    scene.subscribe(&ada, "task:*", filters(None, None), None).await.unwrap();
    scene.view(&ada, None).await;
    assert_eq!(scene.hub.viewers(&scene.board, None).len(), 1);
    scene.hub.view_nothing(&ada.socket);
    assert!(scene.hub.viewers(&scene.board, None).is_empty());
    let mut entries = scene.commit(1, EventKind::TaskUpdated);
    entries.extend(scene.commit(1, EventKind::BoardUpdated));
    scene.publish(&entries).await;
    assert_eq!(ada.taken(), [1]);
}

#[tokio::test]
async fn subscriptions_are_limited_and_end() {
    let scene = Scene::new();
    let ada = scene.socket("ada");
    let mut ids = Vec::new();
    for _ in 0..4 {
        ids.push(scene.subscribe(&ada, "*", filters(None, None), None).await.unwrap());
    }
    let refused = scene.subscribe(&ada, "*", filters(None, None), None).await;
    assert!(matches!(refused, Err(JoinError::Limit(4))));
    for id in &ids {
        assert!(scene.hub.unsubscribe(&ada.socket, id));
        assert!(!scene.hub.unsubscribe(&ada.socket, id), "it has ended already");
    }
    let entries = scene.commit(1, EventKind::TaskUpdated);
    scene.publish(&entries).await;
    assert_eq!(ada.taken(), [0; 0]);
}

/// During each page others commit more than the channel keeps when nobody replays.
#[tokio::test]
async fn a_replay_catches_up_with_fast_writers() {
    const WRITERS_STOP: u64 = 50;
    let (scene, held_up) = (Scene::new(), 400);
    scene.commit(1_000, EventKind::TaskUpdated);
    let bob = scene.socket("bob");
    let writing = scene.clone();
    bob.at_each_page(move |page| {
        let scene = writing.clone();
        async move {
            if page < WRITERS_STOP {
                let entries = scene.commit(held_up, EventKind::TaskUpdated);
                scene.publish(&entries).await;
            }
        }
    });
    let joined = scene.view(&bob, Some(0)).await;
    assert!(bob.pages() < 10, "it came to the present only when the writers had stopped: {} pages", bob.pages());
    assert_eq!(joined.seq.0, 1_000 + bob.pages() * held_up);
    assert_eq!(bob.taken(), (1..=joined.seq.0).collect::<Vec<_>>());
}

#[tokio::test]
async fn the_connections_of_a_user_share_a_limit_that_is_reported_to_each() {
    let scene = Scene::new();
    // Each connection may have 4, all of a user's together 8 times as many without a board.
    let sockets: Vec<_> = (0..9).map(|_| scene.socket("ada")).collect();
    for socket in &sockets[..8] {
        for _ in 0..4 {
            scene.subscribe_everywhere(socket, "*");
        }
    }
    let subscription = Scene::subscription("*", filters(None, None));
    let refused = scene.hub.subscribe_everywhere(&sockets[8].socket, subscription).unwrap_err();
    assert!(matches!(refused, JoinError::UsersLimit(32)), "{refused}");
    assert!(refused.to_string().contains("32"), "{refused}");
}

#[tokio::test]
async fn a_connection_leaves_nothing_behind() {
    let scene = Scene::new();
    let ada = scene.socket("ada");
    scene.view(&ada, None).await;
    scene.subscribe(&ada, "*", filters(None, None), None).await.unwrap();
    scene.subscribe_everywhere(&ada, "*");
    scene.hub.disconnect(&ada.socket);
    assert_eq!(scene.hub.socket_count(), 0);
    assert!(matches!(scene.hub.view_board(&ada.socket, &scene.board, None).await, Err(JoinError::Gone)));
    let entries = scene.commit(1, EventKind::TaskUpdated);
    scene.publish(&entries).await;
    assert_eq!(ada.taken(), [0; 0]);
    assert!(scene::is_forgotten(ada), "somebody still holds the connection");
}

#[tokio::test]
async fn a_log_that_is_unavailable_delays_events_and_loses_none() {
    let scene = Scene::new();
    let ada = scene.socket("ada");
    scene.view(&ada, None).await;
    let entries = scene.commit(3, EventKind::TaskUpdated);
    scene.break_log(true);
    scene.publish_detached(&entries[2..]);
    tokio::time::timeout(std::time::Duration::from_millis(600), ada.received(1)).await.unwrap_err();
    scene.break_log(false);
    assert_eq!(ada.received(3).await, [1, 2, 3]);
}

#[tokio::test]
async fn events_pruned_before_delivery_do_not_stop_later_ones() {
    let scene = Scene::new();
    let (ada, bob) = (scene.socket("ada"), scene.socket("bob"));
    scene.view(&ada, None).await;
    scene.commit(300, EventKind::TaskUpdated);
    // Who came in while nothing was delivered is known by the head of the log.
    scene.add_member("bob");
    scene.commit(300, EventKind::TaskUpdated);
    scene.forget_up_to(310);
    let last = scene.commit(1, EventKind::TaskUpdated);
    scene.publish(&last).await;
    assert_eq!(ada.taken(), (311..=602).collect::<Vec<_>>());
    scene.view(&bob, None).await;
    let more = scene.commit(1, EventKind::TaskUpdated);
    scene.publish(&more).await;
    assert_eq!((ada.taken(), bob.taken()), (vec![603], vec![603]));
}
