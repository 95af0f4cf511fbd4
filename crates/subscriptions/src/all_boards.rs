//! The subscriptions to all boards, and the last event published on each board while there was no such subscription.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard},
    time::{Duration, Instant},
};

use boardwire_protocol::{BoardId, Seq, UserId};
use boardwire_services::storage::LogEntry;

use crate::{
    interest::{Interest, InterestKey},
    lock::lock,
    socket::Socket,
};

/// How long after its commit an event may still be published. A channel that opens while somebody subscribes to all
/// boards begins this far back.
pub(crate) const LOOK_BACK: Duration = Duration::from_secs(2);

type Subscriber = (Arc<Socket>, Interest);

/// The subscriptions to all boards.
#[derive(Default)]
pub(crate) struct AllBoards(Mutex<Subscribers>);

/// The subscriptions of admins, who read every board, and those of other users.
#[derive(Default)]
pub(crate) struct Subscribers {
    by_user: HashMap<UserId, Vec<Subscriber>>,
    admins: Vec<Subscriber>,
    /// The last event of each board that was published within [`LOOK_BACK`] while nobody subscribed, and when that was.
    /// A channel that opens now begins after it.
    undelivered: HashMap<BoardId, (Seq, Instant)>,
}

impl AllBoards {
    pub(crate) fn lock(&self) -> MutexGuard<'_, Subscribers> {
        lock(&self.0)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    /// Adds a subscription. Returns `false`, and adds nothing, if the socket's user is not an admin and already has
    /// `limit` of them, over all connections.
    pub(crate) fn add(&self, socket: &Arc<Socket>, interest: &Interest, limit: usize) -> bool {
        let mut subscribers = self.lock();
        let theirs = if socket.is_admin() {
            &mut subscribers.admins
        } else {
            let theirs = subscribers.by_user.entry(socket.user().clone()).or_default();
            if theirs.len() >= limit {
                return false;
            }
            theirs
        };
        theirs.push((Arc::clone(socket), interest.clone()));
        true
    }

    /// Removes a socket's subscriptions: the one with this key, or all of them.
    pub(crate) fn remove(&self, socket: &Socket, key: Option<&InterestKey>) {
        let subscribers = &mut *self.lock();
        let is_another =
            |(other, interest): &Subscriber| other.key() != socket.key() || key.is_some_and(|key| interest.key != *key);
        if socket.is_admin() {
            subscribers.admins.retain(is_another);
        } else if let Some(theirs) = subscribers.by_user.get_mut(socket.user()) {
            theirs.retain(is_another);
            if theirs.is_empty() {
                subscribers.by_user.remove(socket.user());
            }
        }
    }

    /// Moves a socket's subscriptions to or from those of admins, after its user has become or ceased to be one.
    pub(crate) fn move_between_admins(&self, socket: &Socket) {
        let subscribers = &mut *self.lock();
        let theirs = subscribers.by_user.entry(socket.user().clone()).or_default();
        let admins = &mut subscribers.admins;
        let (from, to) = if socket.is_admin() { (theirs, admins) } else { (admins, theirs) };
        to.extend(from.extract_if(.., |(other, _)| other.key() == socket.key()));
        subscribers.by_user.retain(|_, theirs| !theirs.is_empty());
    }

    /// Returns whether nobody subscribes to all boards, and in that case notes that this event was delivered to nobody.
    /// Nobody can subscribe in between.
    pub(crate) fn note_if_without_subscribers(&self, entry: &LogEntry, now: Instant) -> bool {
        let mut subscribers = self.lock();
        if !subscribers.is_empty() {
            return false;
        }
        let undelivered = &mut subscribers.undelivered;
        // Old entries are removed before the map would grow, so it grows only with the boards that have events within
        // LOOK_BACK.
        if undelivered.len() == undelivered.capacity() {
            undelivered.retain(|_, (_, at)| now.duration_since(*at) < LOOK_BACK);
        }
        let (seq, at) = undelivered.entry(entry.board_id.clone()).or_insert((entry.seq, now));
        (*seq, *at) = (entry.seq.max(*seq), now);
        true
    }

    /// Returns the last event of the board that was delivered to nobody, or 0.
    pub(crate) fn last_undelivered(&self, board: &BoardId) -> Seq {
        self.lock().undelivered.get(board).map_or(Seq(0), |(seq, _)| *seq)
    }
}

impl Subscribers {
    fn is_empty(&self) -> bool {
        self.by_user.is_empty() && self.admins.is_empty()
    }

    /// Returns the subscriptions of those who may read a board with these members.
    pub(crate) fn of_readers(&self, members: &HashSet<UserId>) -> impl Iterator<Item = &Subscriber> {
        members.iter().filter_map(|user| self.by_user.get(user)).flatten().chain(&self.admins)
    }
}
