//! The users whose team boards are to be brought up to date.

use std::{
    collections::BTreeSet,
    sync::{Mutex, MutexGuard, PoisonError},
};

use boardwire_protocol::UserId;
use tokio::sync::Notify;

/// The users whose team boards are to be brought up to date, each at most once.
#[derive(Default)]
pub(crate) struct TeamBoards {
    users: Mutex<BTreeSet<UserId>>,
    added: Notify,
}

impl TeamBoards {
    fn lock(&self) -> MutexGuard<'_, BTreeSet<UserId>> {
        self.users.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn add(&self, users: BTreeSet<UserId>) {
        self.lock().extend(users);
        self.added.notify_one();
    }

    /// Takes all users that there are. Those who are left in the batch go back when it is dropped, whatever ended it.
    pub(crate) fn take(&self) -> Batch<'_> {
        Batch { boards: self, users: std::mem::take(&mut *self.lock()) }
    }

    /// Waits until users have been added.
    pub(crate) async fn added(&self) {
        self.added.notified().await;
    }
}

/// Users who are being worked on.
pub(crate) struct Batch<'a> {
    boards: &'a TeamBoards,
    pub(crate) users: BTreeSet<UserId>,
}

impl Drop for Batch<'_> {
    fn drop(&mut self) {
        self.boards.lock().append(&mut self.users);
    }
}
