//! Subscriptions and views: patterns, filters, overlap and limits.

use boardwire_protocol::EventKind;
use boardwire_subscriptions::JoinError;

use crate::scene::{Scene, filters};

#[tokio::test]
async fn overlapping_interests_deliver_an_event_once() {
    let scene = Scene::new();
    let ada = scene.socket("ada");
    scene.view(&ada, None).await;
    scene.subscribe(&ada, "task:*", filters(None, None), None).await.unwrap();
    scene.subscribe_everywhere(&ada, "*");
    let entries = scene.commit(3, EventKind::TaskUpdated);
    scene.publish(&entries).await;
    // Resuming from the start leaves out what was delivered already.
    scene.subscribe(&ada, "*", filters(None, None), Some(0)).await.unwrap();
    scene.view(&ada, Some(1)).await;
    assert_eq!(ada.take_seqs(), [1, 2, 3]);
}

#[tokio::test]
async fn patterns_and_filters_select_events() {
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
    assert_eq!(ada.take_seqs(), [2]);
    assert_eq!(bob.take_seqs(), [3]);
    assert_eq!(carl.take_seqs(), [3]);
}

#[tokio::test]
async fn a_subscription_to_all_boards_starts_with_later_events() {
    let scene = Scene::new();
    let before = scene.commit(3, EventKind::TaskUpdated);
    scene.publish(&before).await;
    let ada = scene.socket("ada");
    scene.subscribe_everywhere(&ada, "*");
    let entries = scene.commit(2, EventKind::TaskUpdated);
    // Out of order: the first to be published opens the channel.
    scene.publish_detached(&entries[1..]);
    scene.publish_detached(&entries[..1]);
    assert_eq!(ada.wait_for_seqs(2).await, [4, 5]);
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
    assert_eq!(ada.take_seqs(), [1]);
}

#[tokio::test]
async fn a_socket_has_a_limited_number_of_subscriptions_and_can_end_them() {
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
    assert_eq!(ada.take_seqs(), [0; 0]);
}

#[tokio::test]
async fn the_connections_of_a_user_share_a_limit_that_is_reported_to_each() {
    let scene = Scene::new();
    // A connection may have 4 subscriptions; all connections of a user together 8 times as many to all boards.
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
