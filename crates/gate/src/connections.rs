//! The connections of all doors, by user: how each got here and since when, and how to reach it from outside.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use boardwire_protocol::{Timestamp, UserId};
use boardwire_subscriptions::{Socket, SocketKey};
use serde::Serialize;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// The door by which a connection came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Via {
    /// Socket.IO.
    Socket,
    /// A stream of events over HTTP.
    Stream,
    /// An agent that waits, or has subscribed to something.
    Mcp,
}

impl Via {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Socket, Self::Stream, Self::Mcp];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Socket => "socket",
            Self::Stream => "stream",
            Self::Mcp => "mcp",
        }
    }
}

/// One connection as the gate knows it.
#[derive(Clone)]
pub(crate) struct Connection {
    pub(crate) via: Via,
    pub(crate) since: Timestamp,
    /// Asks it to look at its credentials again.
    pub(crate) recheck: Arc<Notify>,
    /// Cancelled when an operator ends it.
    pub(crate) ended: CancellationToken,
}

#[derive(Default)]
pub(crate) struct Connections {
    by_user: Mutex<HashMap<UserId, HashMap<SocketKey, Connection>>>,
}

impl Connections {
    pub(crate) fn lock(&self) -> MutexGuard<'_, HashMap<UserId, HashMap<SocketKey, Connection>>> {
        self.by_user.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn add(&self, socket: &Socket, connection: Connection) {
        self.lock().entry(socket.user().clone()).or_default().insert(socket.key(), connection);
    }

    pub(crate) fn remove(&self, socket: &Socket) {
        let mut by_user = self.lock();
        if let Some(theirs) = by_user.get_mut(socket.user()) {
            theirs.remove(&socket.key());
            if theirs.is_empty() {
                by_user.remove(socket.user());
            }
        }
    }

    /// Asks all of a user's to look at their credentials again.
    pub(crate) fn recheck(&self, user: &UserId) {
        for connection in self.lock().get(user).into_iter().flat_map(HashMap::values) {
            connection.recheck.notify_one();
        }
    }

    /// Ends all of a user's; says how many there were.
    pub(crate) fn end(&self, user: &UserId) -> usize {
        let by_user = self.lock();
        let theirs = by_user.get(user).into_iter().flat_map(HashMap::values);
        theirs.inspect(|connection| connection.ended.cancel()).count()
    }
}
