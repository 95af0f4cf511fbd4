//! Delivery of durable events: in order and complete, whatever the log and the publishers do.

use boardwire_protocol::{EventKind, Seq};
use boardwire_services::Publisher as _;
use boardwire_subscriptions::JoinError;

use crate::{
    client::is_dropped,
    scene::{Scene, filters},
};

#[tokio::test]
async fn events_come_in_order_however_they_are_published() {
    let scene = Scene::new();
    let ada = scene.socket("ada");
    scene.view(&ada, None).await;
    let entries = scene.commit(5, EventKind::TaskUpdated);
    for at in [2, 0, 1, 4, 3] {
        scene.publish_detached(&entries[at..=at]);
    }
    assert_eq!(ada.wait_for_seqs(5).await, [1, 2, 3, 4, 5]);
}

#[tokio::test]
async fn an_event_that_nobody_published_is_read_from_the_log() {
    let scene = Scene::new();
    let ada = scene.socket("ada");
    scene.view(&ada, None).await;
    let entries = scene.commit(3, EventKind::TaskUpdated);
    scene.publish(&entries[2..]).await;
    assert_eq!(ada.wait_for_seqs(3).await, [1, 2, 3]);
}

#[tokio::test]
async fn publishing_returns_when_everything_before_is_queued() {
    let scene = Scene::new();
    let ada = scene.socket("ada");
    scene.view(&ada, None).await;
    let entries = scene.commit(300, EventKind::TaskUpdated);
    scene.publish(&entries[299..]).await;
    assert_eq!(ada.take_seqs(), (1..=300).collect::<Vec<_>>());
}

#[tokio::test]
async fn waiting_until_queued_includes_subscriptions_to_all_boards() {
    let scene = Scene::new();
    let ada = scene.socket("ada");
    scene.subscribe_everywhere(&ada, "*");
    scene.commit(5, EventKind::TaskMoved);
    scene.hub.wait_until_queued(&scene.board, Seq(5)).await;
    assert_eq!(ada.take_seqs(), [1, 2, 3, 4, 5]);
}

#[tokio::test]
async fn a_burst_that_opens_the_channel_arrives_completely() {
    let scene = Scene::new();
    let ada = scene.socket("ada");
    scene.subscribe_everywhere(&ada, "*");
    let entries = scene.commit(3_000, EventKind::TaskMoved);
    scene.publish(&entries).await;
    assert_eq!(ada.take_seqs().len(), 3_000);
}

#[tokio::test]
async fn a_socket_does_not_receive_events_that_it_caused() {
    let scene = Scene::new();
    let (ada, tab) = (scene.socket("ada"), scene.socket("ada"));
    scene.view(&ada, None).await;
    scene.view(&tab, None).await;
    let entries = scene.commit_from(&ada, EventKind::TaskUpdated);
    // The event is not published, so it is read from the log.
    let later = scene.commit(1, EventKind::TaskUpdated);
    scene.publish(&later).await;
    assert_eq!(entries.len(), 1);
    assert_eq!(ada.take_seqs(), [2]);
    assert_eq!(tab.take_seqs(), [1, 2]);
}

#[tokio::test]
async fn an_unavailable_log_delays_events_and_loses_none() {
    let scene = Scene::new();
    let ada = scene.socket("ada");
    scene.view(&ada, None).await;
    let entries = scene.commit(3, EventKind::TaskUpdated);
    scene.set_log_down(true);
    scene.publish_detached(&entries[2..]);
    tokio::time::timeout(std::time::Duration::from_millis(600), ada.wait_for_seqs(1)).await.unwrap_err();
    scene.set_log_down(false);
    assert_eq!(ada.wait_for_seqs(3).await, [1, 2, 3]);
}

#[tokio::test]
async fn events_pruned_before_delivery_do_not_stop_later_ones() {
    let scene = Scene::new();
    let (ada, bob) = (scene.socket("ada"), scene.socket("bob"));
    scene.view(&ada, None).await;
    scene.commit(300, EventKind::TaskUpdated);
    // The event that added bob is pruned before it is delivered; the head of the log still names bob.
    scene.add_member("bob");
    scene.commit(300, EventKind::TaskUpdated);
    scene.prune_up_to(310);
    let last = scene.commit(1, EventKind::TaskUpdated);
    scene.publish(&last).await;
    assert_eq!(ada.take_seqs(), (311..=602).collect::<Vec<_>>());
    scene.view(&bob, None).await;
    let more = scene.commit(1, EventKind::TaskUpdated);
    scene.publish(&more).await;
    assert_eq!((ada.take_seqs(), bob.take_seqs()), (vec![603], vec![603]));
}

#[tokio::test]
async fn a_connection_that_ends_is_dropped_with_all_it_asked_for() {
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
    assert_eq!(ada.take_seqs(), [0; 0]);
    assert!(is_dropped(ada), "the hub still holds the connection");
}
