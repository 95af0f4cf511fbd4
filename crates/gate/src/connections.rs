//! The connections of all doors, by user: how and since when each is connected, and how to recheck or
//! end it from outside.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use boardwire_metrics::{ConnectedUser, TransportKind};
use boardwire_protocol::{Timestamp, UserId};
use boardwire_subscriptions::{Socket, SocketKey};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// One connection, as the gate sees it.
#[derive(Clone)]
pub(crate) struct Connection {
    pub(crate) transport: TransportKind,
    pub(crate) since: Timestamp,
    /// Asks it to check its credentials again.
    pub(crate) recheck: Arc<Notify>,
    /// Cancelled when an operator ends it.
    pub(crate) ended: CancellationToken,
}

#[derive(Default)]
pub(crate) struct Connections {
    by_user: Mutex<HashMap<UserId, HashMap<SocketKey, Connection>>>,
}

impl Connections {
    fn lock(&self) -> MutexGuard<'_, HashMap<UserId, HashMap<SocketKey, Connection>>> {
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

    /// Asks all of a user's connections to check their credentials again.
    pub(crate) fn recheck(&self, user: &UserId) {
        for connection in self.lock().get(user).into_iter().flat_map(HashMap::values) {
            connection.recheck.notify_one();
        }
    }

    /// Ends all of a user's connections; returns how many there were.
    pub(crate) fn end(&self, user: &UserId) -> usize {
        let by_user = self.lock();
        let theirs = by_user.get(user).into_iter().flat_map(HashMap::values);
        theirs.inspect(|connection| connection.ended.cancel()).count()
    }

    /// Returns how many connections of each kind there are.
    pub(crate) fn by_transport(&self) -> BTreeMap<TransportKind, usize> {
        let mut counts: BTreeMap<_, _> = TransportKind::ALL.into_iter().map(|transport| (transport, 0)).collect();
        for connection in self.lock().values().flat_map(HashMap::values) {
            *counts.entry(connection.transport).or_default() += 1;
        }
        counts
    }

    /// Returns the users who are connected.
    pub(crate) fn users(&self) -> Vec<ConnectedUser> {
        let by_user = self.lock();
        let users = by_user.iter().map(|(id, theirs)| {
            let mut connections = BTreeMap::new();
            theirs.values().for_each(|one| *connections.entry(one.transport).or_default() += 1);
            let since = theirs.values().map(|one| one.since).min();
            ConnectedUser { id: id.clone(), connections, since }
        });
        users.collect()
    }
}
