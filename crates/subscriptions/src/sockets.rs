//! The connections of this node, by key and by user.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use boardwire_protocol::UserId;

use crate::{
    lock::lock,
    socket::{Socket, SocketKey},
};

/// All connections of this node.
#[derive(Default)]
pub(crate) struct Sockets(Mutex<Index>);

#[derive(Default)]
struct Index {
    by_key: HashMap<SocketKey, Arc<Socket>>,
    by_user: HashMap<UserId, Vec<Arc<Socket>>>,
}

impl Sockets {
    pub(crate) fn add(&self, socket: &Arc<Socket>) {
        let mut index = lock(&self.0);
        index.by_key.insert(socket.key(), Arc::clone(socket));
        index.by_user.entry(socket.user().clone()).or_default().push(Arc::clone(socket));
    }

    pub(crate) fn remove(&self, socket: &Socket) {
        let mut index = lock(&self.0);
        index.by_key.remove(&socket.key());
        if let Some(theirs) = index.by_user.get_mut(socket.user()) {
            theirs.retain(|other| other.key() != socket.key());
            if theirs.is_empty() {
                index.by_user.remove(socket.user());
            }
        }
    }

    pub(crate) fn len(&self) -> usize {
        lock(&self.0).by_key.len()
    }

    /// Returns the connections of all users.
    pub(crate) fn all(&self) -> Vec<Arc<Socket>> {
        lock(&self.0).by_key.values().cloned().collect()
    }

    /// Returns the connections of one user.
    pub(crate) fn of(&self, user: &UserId) -> Vec<Arc<Socket>> {
        lock(&self.0).by_user.get(user).cloned().unwrap_or_default()
    }

    /// Returns whether the user has a connection.
    pub(crate) fn has(&self, user: &UserId) -> bool {
        lock(&self.0).by_user.contains_key(user)
    }
}
