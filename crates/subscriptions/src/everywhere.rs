//! The subscriptions to all boards, and what was published on which board while there was none.

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

/// For how long a committed event may still be on its way. A channel that opens while somebody subscribes to all boards
/// begins this far back.
pub(crate) const LOOK_BACK: Duration = Duration::from_secs(2);

type Subscriber = (Arc<Socket>, Interest);

/// The subscriptions to all boards.
#[derive(Default)]
pub(crate) struct Everywhere(Mutex<Subscribers>);

/// Those of admins, who read every board, and those of other users.
#[derive(Default)]
pub(crate) struct Subscribers {
    by_user: HashMap<UserId, Vec<Subscriber>>,
    admins: Vec<Subscriber>,
    /// The last event of each board that was published within [`LOOK_BACK`] while nobody listened, and when that was. A
    /// channel that opens now does not begin before it.
    unheard: HashMap<BoardId, (Seq, Instant)>,
}

impl Everywhere {
    pub(crate) fn lock(&self) -> MutexGuard<'_, Subscribers> {
        lock(&self.0)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    /// Adds a subscription. Returns `false`, and adds nothing, if the socket's user is no admin and has `limit` of them
    /// already, over all connections.
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

    /// Moves a socket's subscriptions to or from those of admins, as its user has just become one or ceased to be one.
    pub(crate) fn follow_admin(&self, socket: &Socket) {
        let subscribers = &mut *self.lock();
        let theirs = subscribers.by_user.entry(socket.user().clone()).or_default();
        let admins = &mut subscribers.admins;
        let (from, to) = if socket.is_admin() { (theirs, admins) } else { (admins, theirs) };
        to.extend(from.extract_if(.., |(other, _)| other.key() == socket.key()));
        subscribers.by_user.retain(|_, theirs| !theirs.is_empty());
    }

    /// Returns whether nobody subscribes to all boards, and notes in that case that this event was published to nobody.
    /// Both happen under the lock under which somebody could subscribe.
    pub(crate) fn note_if_unheard(&self, entry: &LogEntry, now: Instant) -> bool {
        let mut subscribers = self.lock();
        if !subscribers.is_empty() {
            return false;
        }
        let unheard = &mut subscribers.unheard;
        // Old entries are removed before the map would grow, so its size follows what is published within LOOK_BACK.
        if unheard.len() == unheard.capacity() {
            unheard.retain(|_, (_, at)| now.duration_since(*at) < LOOK_BACK);
        }
        let (seq, at) = unheard.entry(entry.board_id.clone()).or_insert((entry.seq, now));
        (*seq, *at) = (entry.seq.max(*seq), now);
        true
    }

    /// Returns the last event of the board that was published to nobody, or 0.
    pub(crate) fn last_unheard(&self, board: &BoardId) -> Seq {
        self.lock().unheard.get(board).map_or(Seq(0), |(seq, _)| *seq)
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
