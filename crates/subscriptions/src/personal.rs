//! What single users are told, on all of their connections: notifications, in batches when many come at once.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use boardwire_protocol::{BoardId, Ephemeral, Notification, NotificationKind, UserId, data};
use boardwire_services::Personal;

use crate::{About, Frame, Hub, Socket, hub::lock};

/// What comes within this time after a notification is sent together.
const WINDOW: Duration = Duration::from_millis(1000);
/// Notifications in one batch.
const BATCH: usize = 10;

/// One user's notifications that wait.
struct Batch {
    waiting: Vec<Notification>,
    until: Instant,
}

/// The notifications that wait, by user. Bounded: a batch leaves when it is full, and users without a connection have
/// none.
#[derive(Default)]
pub(crate) struct Batches {
    users: HashMap<UserId, Batch>,
}

impl Hub {
    pub(crate) fn tell_one(&self, personal: &Personal) {
        match personal {
            Personal::Notified(notification) => self.notify(notification),
            Personal::Read { user, data, origin } => {
                let frame =
                    Frame::ephemeral(&*self.clock, &Ephemeral::NotificationRead(data.clone()), About::default());
                self.to_user(user, &frame, |socket| socket.reads() && Some(socket.origin()) != *origin);
            }
        }
    }

    fn notify(&self, notification: &Notification) {
        let user = &notification.user_id;
        if !self.is_connected(user) {
            return;
        }
        let now = self.clock.monotonic();
        let mut batches = lock(&self.batches);
        if self.is_outsider(notification) {
            return;
        }
        let Some(batch) = batches.users.get_mut(user) else {
            batches.users.insert(user.clone(), Batch { waiting: Vec::new(), until: now + WINDOW });
            return self.send_notification(notification);
        };
        batch.waiting.push(notification.clone());
        if batch.waiting.len() >= BATCH {
            let batch = std::mem::take(&mut batch.waiting);
            self.send_batch(user, batch);
        }
    }

    /// Was the user removed from the notification's board since it was made? To be asked with the batches locked; only a
    /// board with a channel tells.
    fn is_outsider(&self, notification: &Notification) -> bool {
        let channel = notification.board_id.as_ref().and_then(|board| self.channel(board));
        let channel = channel.filter(|channel| channel.opened.initialized());
        channel.is_some_and(|channel| !self.may_read(&channel, &notification.user_id))
    }

    fn send_notification(&self, notification: &Notification) {
        let data = data::Notified { notification: notification.clone() };
        let event = match notification.kind {
            NotificationKind::Task => Ephemeral::NotificationTask(data),
            NotificationKind::Mention => Ephemeral::NotificationMention(data),
            NotificationKind::System => Ephemeral::NotificationSystem(data),
        };
        let about = About { board: notification.board_id.as_ref(), actor: notification.actor.as_ref() };
        let frame = Frame::ephemeral(&*self.clock, &event, about);
        self.to_user(&notification.user_id, &frame, Socket::reads);
    }

    fn send_batch(&self, user: &UserId, notifications: Vec<Notification>) {
        let event = Ephemeral::NotificationsBatch(data::NotificationsBatch { notifications });
        let frame = Frame::ephemeral(&*self.clock, &event, About::default());
        self.to_user(user, &frame, Socket::reads);
    }

    /// Sends the batches whose time has come: at `now`, or all of them.
    pub(crate) fn end_batches(&self, now: Option<Instant>) {
        lock(&self.batches).users.retain(|user, batch| {
            if now.is_some_and(|now| batch.until > now) {
                return true;
            }
            if batch.waiting.is_empty() {
                return false;
            }
            self.send_batch(user, std::mem::take(&mut batch.waiting));
            batch.until = self.clock.monotonic() + WINDOW;
            true
        });
    }

    /// Takes back what has not been sent yet to somebody who may not read the board any more.
    pub(crate) fn evict_notifications(&self, board: &BoardId, user: &UserId) {
        if let Some(batch) = lock(&self.batches).users.get_mut(user) {
            batch.waiting.retain(|notification| notification.board_id.as_ref() != Some(board));
        }
    }

    /// Sends the notifications that wait, ahead of their time: before the server stops.
    pub fn flush_notifications(&self) {
        self.end_batches(None);
    }
}
