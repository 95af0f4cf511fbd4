//! Notifications in the hub, with time that passes when the test says so.

use boardwire_protocol::{Notification, NotificationKind, Timestamp};
use boardwire_services::{Publisher as _, UserEvent};

use crate::scene::{Client, Timed};

const NOTHING: [&str; 0] = [];

/// Bob is connected, and looks at nothing.
fn stage() -> (Timed, Client) {
    let timed = Timed::new();
    let bob = timed.scene.socket("bob");
    (timed, bob)
}

/// A notification of a board, or of none.
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

impl Timed {
    /// Tells a user of as many changes as there are ids.
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
    let (timed, bob) = stage();
    timed.notify("bob", ["n1"]);
    assert_eq!(bob.told(), ["notification:task n1"]);
    timed.notify("bob", ["n2"]);
    timed.pass(999);
    timed.notify("bob", ["n3"]);
    assert_eq!(bob.told(), NOTHING);
    timed.pass(1);
    assert_eq!(bob.told(), ["notifications:batch n2 n3"]);
    // A batch that was sent begins a second of its own.
    timed.notify("bob", ["n4"]);
    timed.pass(999);
    assert_eq!(bob.told(), NOTHING);
    timed.pass(1);
    assert_eq!(bob.told(), ["notifications:batch n4"]);
    timed.pass(1_000);
    timed.notify("bob", ["n5"]);
    assert_eq!(bob.told(), ["notification:task n5"], "after a quiet second the next one is a first one");
}

#[tokio::test]
async fn a_batch_has_at_most_ten_notifications() {
    let (timed, bob) = stage();
    timed.notify("bob", numbered(0..=9));
    assert_eq!(bob.told(), ["notification:task n0"], "nine wait");
    timed.notify("bob", ["n10"]);
    assert_eq!(bob.told(), [batch(1..=10)], "the tenth fills the batch");
    timed.notify("bob", numbered(11..=33));
    assert_eq!(bob.told(), [batch(11..=20), batch(21..=30)]);
    timed.pass(1_000);
    assert_eq!(bob.told(), [batch(31..=33)]);
    timed.pass(10_000);
    assert_eq!(bob.told(), NOTHING);
}

#[tokio::test]
async fn each_user_has_a_batch_that_all_connections_receive() {
    let (timed, bob) = stage();
    let (tab, ada) = (timed.scene.socket("bob"), timed.scene.socket("ada"));
    timed.notify("bob", ["n1", "n2"]);
    timed.notify("ada", ["n3"]);
    timed.notify("bob", ["n4"]);
    timed.notify("ada", ["n5"]);
    timed.pass(1_000);
    assert_eq!(bob.told(), ["notification:task n1", "notifications:batch n2 n4"]);
    assert_eq!(tab.told(), ["notification:task n1", "notifications:batch n2 n4"]);
    assert_eq!(ada.told(), ["notification:task n3", "notifications:batch n5"]);
}

#[tokio::test]
async fn waiting_notifications_are_sent_before_shutdown() {
    let (timed, bob) = stage();
    timed.notify("bob", numbered(1..=3));
    bob.told();
    timed.scene.hub.flush_notifications();
    assert_eq!(bob.told(), [batch(2..=3)]);
    timed.scene.hub.flush_notifications();
    timed.pass(5_000);
    assert_eq!(bob.told(), NOTHING);
}

#[tokio::test]
async fn nothing_is_kept_for_users_without_a_connection() {
    let (timed, bob) = stage();
    timed.scene.hub.disconnect(&bob.socket);
    timed.notify("bob", ["n1", "n2"]);
    let back = timed.scene.socket("bob");
    timed.pass(1_000);
    assert_eq!((bob.told(), back.told()), (Vec::new(), Vec::new()));
    timed.notify("bob", ["n3"]);
    assert_eq!(back.told(), ["notification:task n3"]);
}

#[tokio::test]
async fn a_removed_member_is_not_sent_waiting_notifications() {
    let (timed, bob) = stage();
    let scene = &timed.scene;
    let ada = scene.socket("ada");
    scene.view(&ada, None).await;
    timed.notify("bob", ["n1", "n2"]);
    scene.hub.send_to_users(&[UserEvent::Notified(notification("n3", "bob", Some("b2")))]);
    scene.hub.send_to_users(&[UserEvent::Notified(notification("n4", "bob", None))]);
    timed.notify("ada", ["n5", "n6"]);
    scene.publish(&scene.remove_member("bob")).await;
    timed.pass(1_000);
    assert_eq!(bob.told(), ["notification:task n1", "notifications:batch n3 n4"]);
    assert_eq!(ada.told(), ["notification:task n5", "notifications:batch n6"]);
}

/// Nobody looks at the board, so the hub has no channel of it.
#[tokio::test]
async fn a_member_removed_from_a_board_without_a_channel_is_not_sent_waiting_notifications() {
    let (timed, bob) = stage();
    let scene = &timed.scene;
    timed.notify("bob", ["n1", "n2"]);
    scene.publish(&scene.remove_member("bob")).await;
    timed.pass(1_000);
    assert_eq!(bob.told(), ["notification:task n1"]);
}

/// The change was made while Bob was a member, and is told when he has been removed.
#[tokio::test]
async fn a_former_member_is_not_notified_late() {
    let (timed, bob) = stage();
    let scene = &timed.scene;
    let ada = scene.socket("ada");
    scene.view(&ada, None).await;
    scene.publish(&scene.remove_member("bob")).await;
    timed.notify("bob", ["n1", "n2"]);
    timed.pass(1_000);
    assert_eq!(bob.told(), NOTHING);
}
