//! One connection as the hub sees it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use boardwire_protocol::{BoardId, SubscriptionId, TaskId, TeamId, UserId};
use boardwire_services::{Caller, Origin, storage::LogEntry};

use crate::{Frame, Outbox};

/// A connection's key: a random number, so that it is unique over nodes and restarts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SocketKey(pub i64);

/// Where a subscription is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// In this board's channel.
    Board(BoardId),
    /// In the hub, for all boards that the user may read.
    Everywhere,
}

/// What a socket has asked for.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    pub(crate) subscriptions: HashMap<SubscriptionId, Place>,
    pub(crate) board_view: Option<BoardId>,
    pub(crate) task_view: Option<(BoardId, TaskId)>,
    pub(crate) gone: bool,
}

/// A connection.
pub struct Socket {
    key: SocketKey,
    caller: Caller,
    outbox: Arc<dyn Outbox>,
    asked: Mutex<Asked>,
}

impl Socket {
    /// A connection of this caller; what it receives goes to `outbox`.
    pub fn new(key: SocketKey, caller: Caller, outbox: Arc<dyn Outbox>) -> Arc<Self> {
        Arc::new(Self { key, caller, outbox, asked: Mutex::default() })
    }

    /// Its key.
    #[must_use]
    pub fn key(&self) -> SocketKey {
        self.key
    }

    /// What tells its own changes from those of others.
    #[must_use]
    pub fn origin(&self) -> Origin {
        Origin(self.key.0)
    }

    /// Who is connected.
    #[must_use]
    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    /// Where its frames go.
    #[must_use]
    pub fn outbox(&self) -> &Arc<dyn Outbox> {
        &self.outbox
    }

    pub(crate) fn user(&self) -> &UserId {
        self.caller.user()
    }

    pub(crate) fn in_team(&self, team: &TeamId) -> bool {
        self.caller.teams().contains(team)
    }

    pub(crate) fn asked(&self) -> MutexGuard<'_, Asked> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a durable event into the queue, unless the socket caused it.
    pub(crate) fn deliver(&self, entry: &Arc<LogEntry>) {
        if entry.origin != Some(self.origin()) {
            self.outbox.push(Frame::Durable(Arc::clone(entry)));
        }
    }
}

impl std::fmt::Debug for Socket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Socket").field("key", &self.key).field("user", self.user()).finish_non_exhaustive()
    }
}
