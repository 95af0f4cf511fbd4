//! Notifications: sent to all connections of their user, in batches when several come within a second.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use boardwire_protocol::{BoardId, Ephemeral, Notification, NotificationKind, UserId, data};
use boardwire_services::clock::Clock;

use crate::{ephemeral::EphemeralSender, frame::About, sequenced::Sequenced};

/// Notifications that come within this time after one was sent are sent together.
const WINDOW: Duration = Duration::from_millis(1000);
/// The most notifications in one batch.
const MAX_BATCH: usize = 10;

/// The waiting notifications. Bounded: a batch is sent when it is full, and users without a connection have none.
pub(crate) struct Notifications {
    batches: Sequenced<Batches, Sent>,
    sender: EphemeralSender,
    clock: Arc<dyn Clock>,
}

/// The batches, by user.
type Batches = HashMap<UserId, Batch>;

/// The waiting notifications of one user.
struct Batch {
    waiting: Vec<Notification>,
    /// When they will be sent.
    due: Instant,
}

/// The content of one event.
enum Sent {
    One(Box<Notification>),
    Batch(UserId, Vec<Notification>),
}

impl Notifications {
    pub(crate) fn new(sender: EphemeralSender, clock: Arc<dyn Clock>) -> Self {
        let to_user = sender.clone();
        Self { batches: Sequenced::new(move |sent| send(&to_user, sent)), sender, clock }
    }

    /// Sends a notification to its user: now, if none was sent within the last second, or else in a batch. Drops it if
    /// the user has no connection, or was removed from the notification's board since it was made.
    pub(crate) fn add(&self, notification: &Notification) {
        let user = &notification.user_id;
        if !self.sender.is_connected(user) {
            return;
        }
        let now = self.clock.monotonic();
        self.batches.change(|batches, events| {
            // Checked under the lock: if the user is removed later, `evict` finds the notification in the batch.
            if notification.board_id.as_ref().is_some_and(|board| self.sender.is_outsider(board, user)) {
                return;
            }
            let Some(batch) = batches.get_mut(user) else {
                batches.insert(user.clone(), Batch { waiting: Vec::new(), due: now + WINDOW });
                events.push_back(Sent::One(Box::new(notification.clone())));
                return;
            };
            batch.waiting.push(notification.clone());
            if batch.waiting.len() >= MAX_BATCH {
                events.push_back(Sent::Batch(user.clone(), std::mem::take(&mut batch.waiting)));
            }
        });
    }

    /// Sends the batches that are due at `now`.
    pub(crate) fn send_due(&self, now: Instant) {
        self.send_batches(|batch| batch.due <= now);
    }

    /// Sends all waiting notifications.
    pub(crate) fn flush(&self) {
        self.send_batches(|_| true);
    }

    fn send_batches(&self, is_due: impl Fn(&Batch) -> bool) {
        let due = self.clock.monotonic() + WINDOW;
        self.batches.change(|batches, events| {
            batches.retain(|user, batch| {
                if !is_due(batch) {
                    return true;
                }
                if batch.waiting.is_empty() {
                    return false;
                }
                events.push_back(Sent::Batch(user.clone(), std::mem::take(&mut batch.waiting)));
                batch.due = due;
                true
            });
        });
    }

    /// Drops the waiting notifications about a board for a user who may not read it any more.
    pub(crate) fn evict(&self, board: &BoardId, user: &UserId) {
        self.batches.change(|batches, _| {
            if let Some(batch) = batches.get_mut(user) {
                batch.waiting.retain(|notification| notification.board_id.as_ref() != Some(board));
            }
        });
    }
}

/// Sends notifications, except those about boards from which their user has been removed since they were queued.
fn send(sender: &EphemeralSender, sent: Sent) {
    let may_be_sent = |notification: &Notification| {
        let board = notification.board_id.as_ref();
        !board.is_some_and(|board| sender.is_outsider(board, &notification.user_id))
    };
    match sent {
        Sent::One(notification) => {
            if !may_be_sent(&notification) {
                return;
            }
            let (user, kind) = (notification.user_id.clone(), notification.kind);
            let (board, actor) = (notification.board_id.clone(), notification.actor.clone());
            let data = data::Notified { notification: *notification };
            let event = match kind {
                NotificationKind::Task => Ephemeral::NotificationTask(data),
                NotificationKind::Mention => Ephemeral::NotificationMention(data),
                NotificationKind::System => Ephemeral::NotificationSystem(data),
            };
            sender.send_to_user(&user, &event, About { board: board.as_ref(), actor: actor.as_ref() }, None);
        }
        Sent::Batch(user, mut notifications) => {
            notifications.retain(may_be_sent);
            if notifications.is_empty() {
                return;
            }
            let event = Ephemeral::NotificationsBatch(data::NotificationsBatch { notifications });
            sender.send_to_user(&user, &event, About::default(), None);
        }
    }
}
