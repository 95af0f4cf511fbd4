//! A connection as the hub sees it.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock},
};

use boardwire_protocol::{BoardId, SubscriptionId, TaskId, TeamId, UserId, ViewerStatus};
use boardwire_services::{Caller, Origin, storage::LogEntry};

use crate::{
    frame::{Frame, Outbox},
    lock::lock,
};

/// The key of a connection: a random number, so that it is unique over nodes and restarts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SocketKey(pub i64);

/// The boards of a subscription.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Scope {
    /// This one. Its channel holds the subscription.
    Board(BoardId),
    /// All that the user may read. The hub holds the subscription.
    AllBoards,
}

/// The status with which a user is present on a board, and the task that is open.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Spot {
    pub(crate) status: ViewerStatus,
    pub(crate) task: Option<TaskId>,
}

/// Everything that a socket has asked for, and where it is registered.
#[derive(Debug, Default)]
pub(crate) struct SocketState {
    pub(crate) subscriptions: HashMap<SubscriptionId, Scope>,
    pub(crate) board_view: Option<BoardId>,
    pub(crate) task_view: Option<(BoardId, TaskId)>,
    /// The status that it has declared.
    pub(crate) status: ViewerStatus,
    /// Where it has declared its user to be.
    pub(crate) declared: Option<(BoardId, Option<TaskId>)>,
    /// The boards on which it is registered as present.
    pub(crate) present: HashSet<BoardId>,
    /// The board on which it types.
    pub(crate) typing: Option<BoardId>,
    /// Whether the connection has ended.
    pub(crate) gone: bool,
}

impl SocketState {
    /// Returns where the socket is present, and the boards on which it is registered as such.
    pub(crate) fn spots(&self) -> (HashMap<BoardId, Spot>, HashSet<BoardId>) {
        let mut spots: HashMap<BoardId, Spot> = HashMap::new();
        let viewed = self.board_view.as_ref().map(|board| (board, None));
        let opened = self.task_view.as_ref().map(|(board, task)| (board, Some(task)));
        let declared = self.declared.as_ref().map(|(board, task)| (board, task.as_ref()));
        for (board, task) in [viewed, declared, opened].into_iter().flatten().filter(|_| !self.gone) {
            let spot = spots.entry(board.clone()).or_default();
            spot.status = self.status;
            spot.task = task.cloned().or(spot.task.take());
        }
        (spots, self.present.clone())
    }
}

/// A connection.
pub struct Socket {
    key: SocketKey,
    user: UserId,
    caller: RwLock<Caller>,
    outbox: Arc<dyn Outbox>,
    state: Mutex<SocketState>,
}

impl Socket {
    /// Makes a connection of this caller. Its frames are put into `outbox`.
    pub fn new(key: SocketKey, caller: Caller, outbox: Arc<dyn Outbox>) -> Arc<Self> {
        Arc::new(Self {
            key,
            user: caller.user().clone(),
            caller: RwLock::new(caller),
            outbox,
            state: Mutex::default(),
        })
    }

    /// Returns the key.
    #[must_use]
    pub fn key(&self) -> SocketKey {
        self.key
    }

    /// Returns the origin of the changes that it makes. It does not receive their events.
    #[must_use]
    pub fn origin(&self) -> Origin {
        Origin(self.key.0)
    }

    /// Returns the caller, as of the last renewal of the credentials.
    #[must_use]
    pub fn caller(&self) -> Caller {
        self.caller.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn set_caller(&self, caller: Caller) {
        *self.caller.write().unwrap_or_else(PoisonError::into_inner) = caller;
    }

    pub(crate) fn is_admin(&self) -> bool {
        self.caller.read().unwrap_or_else(PoisonError::into_inner).is_admin()
    }

    /// Returns the queue of its frames.
    #[must_use]
    pub fn outbox(&self) -> &Arc<dyn Outbox> {
        &self.outbox
    }

    /// Returns whether its credentials have the permission to read.
    pub(crate) fn reads(&self) -> bool {
        self.caller.read().unwrap_or_else(PoisonError::into_inner).reads()
    }

    /// Returns the user, which never changes.
    #[must_use]
    pub fn user(&self) -> &UserId {
        &self.user
    }

    pub(crate) fn in_team(&self, team: &TeamId) -> bool {
        self.caller().teams().contains(team)
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, SocketState> {
        lock(&self.state)
    }

    /// Puts a durable event into the queue and returns `true`, unless the socket caused the event.
    pub(crate) fn deliver(&self, entry: &Arc<LogEntry>) -> bool {
        let from_others = entry.origin != Some(self.origin());
        if from_others {
            self.outbox.push(Frame::Durable(Arc::clone(entry)));
        }
        from_others
    }
}

impl std::fmt::Debug for Socket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Socket").field("key", &self.key).field("user", self.user()).finish_non_exhaustive()
    }
}
