//! Notifications in the hub, on a clock that the tests control.

use boardwire_protocol::{Notification, NotificationKind, Timestamp};
use boardwire_services::{Publisher as _, UserEvent};

use crate::{client::Client, timed::TimedScene};

const NOTHING: [&str; 0] = [];

/// Makes a scene in which Bob is connected and views nothing.
fn setup() -> (TimedScene, Client) {
    let timed = TimedScene::new();
    let bob = timed.scene.socket("bob");
    (timed, bob)
}

/// Returns a notification about a board, or about none.
fn notification(id: &str, user: &str, board: Option<&str>) -> Notification {
    Notification {
        id: id.try_into().unwrap(),
        kind: if board.is_some() { NotificationKind::Task } else { NotificationKind::System },
        user_id: user.try_into().unwrap(),
        board_id: board.map(|board| board.try_into().unwrap()),
        task_id: None,
        actor: None,
        text: "News".to_owned(),
        read_at: None,
        created_at: Timestamp(0),
    }
}

impl TimedScene {
    /// Sends a user a notification with each of these ids.
    fn notify<S: AsRef<str>>(&self, user: &str, ids: impl IntoIterator<Item = S>) {
        for id in ids {
            self.scene.hub.send_to_users(&[UserEvent::Notified(notification(id.as_ref(), user, Some("b1")))]);
        }
    }
}

fn numbered(numbers: impl IntoIterator<Item = u32>) -> Vec<String> {
    numbers.into_iter().map(|number| format!("n{number}")).collect()
}

fn batch(numbers: impl IntoIterator<Item = u32>) -> String {
    format!("notifications:batch {}", numbered(numbers).join(" "))
}

#[tokio::test]
async fn the_first_notification_is_sent_at_once_and_those_within_a_second_in_a_batch() {
    let (timed, bob) = setup();
    timed.notify("bob", ["n1"]);
    assert_eq!(bob.take_ephemeral(), ["notification:task n1"]);
    timed.notify("bob", ["n2"]);
    timed.advance_and_run(999);
    timed.notify("bob", ["n3"]);
    assert_eq!(bob.take_ephemeral(), NOTHING);
    timed.advance_and_run(1);
    assert_eq!(bob.take_ephemeral(), ["notifications:batch n2 n3"]);
    // Sending a batch starts another second of waiting.
    timed.notify("bob", ["n4"]);
    timed.advance_and_run(999);
    assert_eq!(bob.take_ephemeral(), NOTHING);
    timed.advance_and_run(1);
    assert_eq!(bob.take_ephemeral(), ["notifications:batch n4"]);
    timed.advance_and_run(1_000);
    timed.notify("bob", ["n5"]);
    assert_eq!(
        bob.take_ephemeral(),
        ["notification:task n5"],
        "after a second without notifications the next one is sent at once"
    );
}

#[tokio::test]
async fn a_batch_has_at_most_ten_notifications() {
    let (timed, bob) = setup();
    timed.notify("bob", numbered(0..=9));
    assert_eq!(bob.take_ephemeral(), ["notification:task n0"], "the other nine wait");
    timed.notify("bob", ["n10"]);
    assert_eq!(bob.take_ephemeral(), [batch(1..=10)], "the tenth fills the batch");
    timed.notify("bob", numbered(11..=33));
    assert_eq!(bob.take_ephemeral(), [batch(11..=20), batch(21..=30)]);
    timed.advance_and_run(1_000);
    assert_eq!(bob.take_ephemeral(), [batch(31..=33)]);
    timed.advance_and_run(10_000);
    assert_eq!(bob.take_ephemeral(), NOTHING);
}

#[tokio::test]
async fn all_connections_of_a_user_receive_the_batch_of_that_user() {
    let (timed, bob) = setup();
    let (tab, ada) = (timed.scene.socket("bob"), timed.scene.socket("ada"));
    timed.notify("bob", ["n1", "n2"]);
    timed.notify("ada", ["n3"]);
    timed.notify("bob", ["n4"]);
    timed.notify("ada", ["n5"]);
    timed.advance_and_run(1_000);
    assert_eq!(bob.take_ephemeral(), ["notification:task n1", "notifications:batch n2 n4"]);
    assert_eq!(tab.take_ephemeral(), ["notification:task n1", "notifications:batch n2 n4"]);
    assert_eq!(ada.take_ephemeral(), ["notification:task n3", "notifications:batch n5"]);
}

#[tokio::test]
async fn waiting_notifications_are_sent_before_shutdown() {
    let (timed, bob) = setup();
    timed.notify("bob", numbered(1..=3));
    bob.discard_ephemeral();
    timed.scene.hub.flush_notifications();
    assert_eq!(bob.take_ephemeral(), [batch(2..=3)]);
    timed.scene.hub.flush_notifications();
    timed.advance_and_run(5_000);
    assert_eq!(bob.take_ephemeral(), NOTHING);
}

#[tokio::test]
async fn notifications_of_users_without_a_connection_are_dropped() {
    let (timed, bob) = setup();
    timed.scene.hub.disconnect(&bob.socket);
    timed.notify("bob", ["n1", "n2"]);
    let back = timed.scene.socket("bob");
    timed.advance_and_run(1_000);
    assert_eq!((bob.take_ephemeral(), back.take_ephemeral()), (Vec::new(), Vec::new()));
    timed.notify("bob", ["n3"]);
    assert_eq!(back.take_ephemeral(), ["notification:task n3"]);
}

#[tokio::test]
async fn a_removed_member_is_not_sent_waiting_notifications() {
    let (timed, bob) = setup();
    let scene = &timed.scene;
    let ada = scene.socket("ada");
    scene.view(&ada, None).await;
    timed.notify("bob", ["n1", "n2"]);
    scene.hub.send_to_users(&[UserEvent::Notified(notification("n3", "bob", Some("b2")))]);
    scene.hub.send_to_users(&[UserEvent::Notified(notification("n4", "bob", None))]);
    timed.notify("ada", ["n5", "n6"]);
    scene.publish(&scene.remove_member("bob")).await;
    timed.advance_and_run(1_000);
    assert_eq!(bob.take_ephemeral(), ["notification:task n1", "notifications:batch n3 n4"]);
    assert_eq!(ada.take_ephemeral(), ["notification:task n5", "notifications:batch n6"]);
}

/// Nobody views the board, so the hub has no channel for it.
#[tokio::test]
async fn a_member_removed_from_a_board_without_a_channel_is_not_sent_waiting_notifications() {
    let (timed, bob) = setup();
    let scene = &timed.scene;
    timed.notify("bob", ["n1", "n2"]);
    scene.publish(&scene.remove_member("bob")).await;
    timed.advance_and_run(1_000);
    assert_eq!(bob.take_ephemeral(), ["notification:task n1"]);
}

/// The change was made while Bob was a member, but the hub is notified of it after his removal.
#[tokio::test]
async fn a_notification_that_arrives_after_the_removal_of_its_user_is_dropped() {
    let (timed, bob) = setup();
    let scene = &timed.scene;
    let ada = scene.socket("ada");
    scene.view(&ada, None).await;
    scene.publish(&scene.remove_member("bob")).await;
    timed.notify("bob", ["n1", "n2"]);
    timed.advance_and_run(1_000);
    assert_eq!(bob.take_ephemeral(), NOTHING);
}
