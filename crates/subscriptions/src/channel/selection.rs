//! Which sockets get the events of one kind.

use std::sync::Arc;

use boardwire_protocol::EventKind;

use crate::{interest::Interest, socket::Socket};

/// The sockets that get the events of one kind, each once. Looked up for each event; made anew for the first one after
/// somebody joins or leaves.
#[derive(Default)]
pub(super) struct Selection {
    /// Sockets that want every event of the kind.
    plain: Vec<Arc<Socket>>,
    /// Sockets that want some of them, with the interests that say which.
    filtered: Vec<(Arc<Socket>, Vec<Interest>)>,
}

impl Selection {
    /// Adds a socket if one of its interests wants events of this kind.
    pub(super) fn add(&mut self, kind: EventKind, socket: &Arc<Socket>, interests: &[Interest]) {
        let mut wanted = interests.iter().filter(|interest| interest.kinds.contains(kind)).peekable();
        if wanted.peek().is_none() {
            return;
        }
        if wanted.clone().any(Interest::is_plain) {
            self.plain.push(Arc::clone(socket));
        } else {
            self.filtered.push((Arc::clone(socket), wanted.cloned().collect()));
        }
    }

    /// Returns the sockets that want an event: those without a filter, and those with an interest that `matches`.
    pub(super) fn matching(&self, matches: impl Fn(&Interest) -> bool) -> impl Iterator<Item = &Arc<Socket>> {
        let filtered = self.filtered.iter().filter(move |(_, interests)| interests.iter().any(&matches));
        self.plain.iter().chain(filtered.map(|(socket, _)| socket))
    }
}
