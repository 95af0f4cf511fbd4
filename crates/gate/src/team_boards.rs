//! The users whose team boards must be updated.

use std::{
    collections::BTreeSet,
    sync::{Mutex, MutexGuard, PoisonError},
};

use boardwire_protocol::UserId;
use tokio::sync::Notify;

/// The users whose team boards must be updated, each at most once.
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

    /// Takes all users out. Those still in the batch when it is dropped are put back.
    pub(crate) fn take(&self) -> Batch<'_> {
        Batch { boards: self, users: std::mem::take(&mut *self.lock()) }
    }

    /// Waits until users have been added.
    pub(crate) async fn added(&self) {
        self.added.notified().await;
    }
}

/// The users who are being handled.
pub(crate) struct Batch<'a> {
    boards: &'a TeamBoards,
    pub(crate) users: BTreeSet<UserId>,
}

impl Drop for Batch<'_> {
    fn drop(&mut self) {
        self.boards.lock().append(&mut self.users);
    }
}
