//! The hub: all sockets of this node, and a channel for each board that one of them cares about.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use boardwire_protocol::{BoardId, Seq, SubscriptionId, UserId};
use boardwire_services::{Caller, clock::Clock, storage::Log};
use tokio::{sync::Notify, time::MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use crate::{
    channel::{Channel, Everywhere},
    interest::{Interest, InterestKey},
    personal::Batches,
    presence::{Leaving, Presence},
    socket::{Place, Socket, SocketKey},
    tally::Tally,
    typing::Typing,
};

/// How long a channel without sockets is kept, for those who come back.
const IDLE: Duration = Duration::from_secs(60);
/// How often idle channels are looked for.
const SWEEP: Duration = Duration::from_secs(30);
/// How exactly graces, typing and batches end.
const TICK: Duration = Duration::from_millis(100);

/// All sockets of this node and what they have asked for.
pub struct Hub {
    pub(crate) log: Arc<dyn Log>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) max_subscriptions: usize,
    pub(crate) everywhere: Mutex<Everywhere>,
    pub(crate) suspicion: Notify,
    /// What was published a moment ago while nobody listened: a channel that opens now does not begin before it.
    pub(crate) unheard: Mutex<HashMap<BoardId, (Seq, Instant)>>,
    pub(crate) presence: Mutex<Presence>,
    pub(crate) typing: Mutex<Typing>,
    pub(crate) batches: Mutex<Batches>,
    pub(crate) counts: Arc<Counts>,
    sockets: Mutex<Sockets>,
    channels: Mutex<HashMap<BoardId, Arc<Channel>>>,
}

/// What has been published and delivered since the start.
#[derive(Default)]
pub(crate) struct Counts {
    pub(crate) events: AtomicU64,
    pub(crate) deliveries: AtomicU64,
    pub(crate) boards: Mutex<Tally<BoardId>>,
}

/// The connections, by key and by user.
#[derive(Default)]
struct Sockets {
    by_key: HashMap<SocketKey, Arc<Socket>>,
    by_user: HashMap<UserId, Vec<Arc<Socket>>>,
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Hub {
    /// A hub on top of the boards' logs. `max_subscriptions` is the most that one socket may have.
    #[must_use]
    pub fn new(log: Arc<dyn Log>, clock: Arc<dyn Clock>, max_subscriptions: usize) -> Arc<Self> {
        Arc::new(Self {
            log,
            clock,
            max_subscriptions,
            everywhere: Mutex::default(),
            suspicion: Notify::new(),
            unheard: Mutex::default(),
            presence: Mutex::default(),
            typing: Mutex::default(),
            batches: Mutex::default(),
            counts: Arc::default(),
            sockets: Mutex::default(),
            channels: Mutex::default(),
        })
    }

    /// Takes in a connection. It stays until [`Hub::disconnect`].
    pub fn connect(&self, socket: &Arc<Socket>) {
        let mut sockets = lock(&self.sockets);
        sockets.by_key.insert(socket.key(), Arc::clone(socket));
        sockets.by_user.entry(socket.user().clone()).or_default().push(Arc::clone(socket));
    }

    /// Forgets a connection and all that it asked for.
    pub fn disconnect(&self, socket: &Arc<Socket>) {
        {
            let mut sockets = lock(&self.sockets);
            sockets.by_key.remove(&socket.key());
            if let Some(theirs) = sockets.by_user.get_mut(socket.user()) {
                theirs.retain(|other| other.key() != socket.key());
                if theirs.is_empty() {
                    sockets.by_user.remove(socket.user());
                }
            }
        }
        let subscriptions = {
            let mut asked = socket.asked();
            asked.gone = true;
            std::mem::take(&mut asked.subscriptions)
        };
        let mut everywhere = false;
        for (id, place) in subscriptions {
            match place {
                Place::Board(board) => self.leave(socket, &board, &InterestKey::Subscription(id)),
                Place::Everywhere => everywhere = true,
            }
        }
        if everywhere {
            self.leave_everywhere(socket, None);
        }
        self.leave_views(socket);
        self.leave_typing(socket);
        self.refresh(socket, Leaving::AfterGrace);
    }

    /// Takes over what the credentials of a connection allow now. The user is the same.
    pub fn renew(&self, socket: &Arc<Socket>, caller: Caller) {
        let before = (socket.is_admin(), socket.reads());
        socket.set_caller(caller);
        if (socket.is_admin(), socket.reads()) == before {
            return;
        }
        if socket.is_admin() != before.0 {
            let everywhere = &mut *lock(&self.everywhere);
            let theirs = everywhere.by_user.entry(socket.user().clone()).or_default();
            let (from, to) = if before.0 { (&mut everywhere.admins, theirs) } else { (theirs, &mut everywhere.admins) };
            to.extend(from.extract_if(.., |(other, _)| other.key() == socket.key()));
            everywhere.by_user.retain(|_, subscriptions| !subscriptions.is_empty());
        }
        for channel in self.channels() {
            channel.lock().forget_everywhere();
        }
        if !socket.reads() {
            self.leave_typing(socket);
        }
        self.refresh(socket, Leaving::AtOnce);
    }

    /// What follows when memberships of a board changed: who is no member any more is not there and does not type; who
    /// is one again is where the connection still looks.
    pub(crate) fn follow_members(&self, channel: &Channel, changed: &[UserId]) {
        for user in changed {
            let lost = !self.may_read(channel, user);
            if lost {
                self.evict(&channel.board, user);
            }
            for socket in self.sockets_of(user) {
                if lost {
                    socket.outbox().lost(&channel.board);
                }
                self.refresh(&socket, Leaving::AtOnce);
            }
        }
    }

    /// May this user read the board, as a member or over a connection that reads everything?
    pub(crate) fn may_read(&self, channel: &Channel, user: &UserId) -> bool {
        let sockets = self.sockets_of(user);
        let state = channel.lock();
        state.is_member(user) || sockets.iter().any(|socket| state.may_read(socket))
    }

    pub(crate) fn evict(&self, board: &BoardId, user: &UserId) {
        self.evict_presence(board, user);
        self.evict_typing(board, user);
        self.evict_notifications(board, user);
    }

    /// Ends a subscription; `false`: the socket has none of this id.
    pub fn unsubscribe(&self, socket: &Arc<Socket>, id: &SubscriptionId) -> bool {
        let Some(place) = socket.asked().subscriptions.remove(id) else { return false };
        let key = InterestKey::Subscription(id.clone());
        match place {
            Place::Board(board) => self.leave(socket, &board, &key),
            Place::Everywhere => self.leave_everywhere(socket, Some(&key)),
        }
        true
    }

    /// Drops a socket's subscriptions to all boards: this one, or all of them.
    fn leave_everywhere(&self, socket: &Arc<Socket>, key: Option<&InterestKey>) {
        {
            let everywhere = &mut *lock(&self.everywhere);
            let is_another = |(other, interest): &(Arc<Socket>, Interest)| {
                other.key() != socket.key() || key.is_some_and(|key| interest.key != *key)
            };
            if socket.is_admin() {
                everywhere.admins.retain(is_another);
            } else if let Some(subscriptions) = everywhere.by_user.get_mut(socket.user()) {
                subscriptions.retain(is_another);
                if subscriptions.is_empty() {
                    everywhere.by_user.remove(socket.user());
                }
            }
        }
        for channel in self.channels() {
            channel.lock().drop_everywhere(socket.key(), key);
        }
    }

    pub(crate) fn leave(&self, socket: &Arc<Socket>, board: &BoardId, key: &InterestKey) {
        if let Some(channel) = self.channel(board) {
            let mut state = channel.lock();
            state.remove(socket.key(), key);
            state.last_used = self.clock.monotonic();
        }
    }

    /// How many sockets are connected.
    #[must_use]
    pub fn socket_count(&self) -> usize {
        lock(&self.sockets).by_key.len()
    }

    /// How many events of boards this node has committed since the start.
    #[must_use]
    pub fn event_count(&self) -> u64 {
        self.counts.events.load(Ordering::Relaxed)
    }

    /// How often one of them was put into a connection's queue as it happened; replays are not counted.
    #[must_use]
    pub fn delivery_count(&self) -> u64 {
        self.counts.deliveries.load(Ordering::Relaxed)
    }

    /// The boards with most events within the last minute, at most so many, each with how many there were.
    #[must_use]
    pub fn busiest_boards(&self, most: usize) -> Vec<(BoardId, u64)> {
        lock(&self.counts.boards).busiest(most, self.clock.monotonic())
    }

    /// How many boards have a channel.
    #[must_use]
    pub fn channel_count(&self) -> usize {
        lock(&self.channels).len()
    }

    /// All sockets at this moment.
    #[must_use]
    pub fn sockets(&self) -> Vec<Arc<Socket>> {
        lock(&self.sockets).by_key.values().cloned().collect()
    }

    /// The sockets of a user at this moment.
    #[must_use]
    pub fn sockets_of(&self, user: &UserId) -> Vec<Arc<Socket>> {
        lock(&self.sockets).by_user.get(user).cloned().unwrap_or_default()
    }

    pub(crate) fn is_connected(&self, user: &UserId) -> bool {
        lock(&self.sockets).by_user.contains_key(user)
    }

    pub(crate) fn channel(&self, board: &BoardId) -> Option<Arc<Channel>> {
        lock(&self.channels).get(board).cloned()
    }

    pub(crate) fn channels(&self) -> Vec<Arc<Channel>> {
        lock(&self.channels).values().cloned().collect()
    }

    pub(crate) fn channel_or_new(&self, board: &BoardId) -> Arc<Channel> {
        let now = self.clock.monotonic();
        let mut channels = lock(&self.channels);
        let channel = channels
            .entry(board.clone())
            .or_insert_with(|| Arc::new(Channel::new(board.clone(), now, Arc::clone(&self.counts))));
        channel.lock().last_used = now;
        Arc::clone(channel)
    }

    pub(crate) fn close_channel(&self, channel: &Arc<Channel>) {
        let mut channels = lock(&self.channels);
        if channels.get(&channel.board).is_some_and(|known| Arc::ptr_eq(known, channel)) {
            channels.remove(&channel.board);
        }
    }

    /// The hub's own work: ends what ends by itself, closes channels that nobody uses, and looks into the log after a
    /// failed commit. Ends with the token.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        // What ends by itself does not wait for the log, which may not answer for as long as an outage lasts.
        tokio::select! {
            () = stop.cancelled() => {}
            () = self.keep_time() => {}
            () = self.verify_when_suspected() => {}
        }
    }

    async fn verify_when_suspected(&self) {
        loop {
            self.suspicion.notified().await;
            self.verify().await;
        }
    }

    async fn keep_time(&self) {
        let mut sweep = tokio::time::interval(SWEEP);
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = sweep.tick() => self.close_idle(),
                _ = tick.tick() => self.end_what_is_due(),
            }
        }
    }

    /// Ends what ends by itself and is due now: graces, typing that was not renewed, and batches of notifications.
    /// [`Hub::run`] calls it ten times a second.
    pub fn end_what_is_due(&self) {
        let now = self.clock.monotonic();
        self.end_graces(now);
        self.end_silences(now);
        self.end_batches(Some(now));
    }

    fn close_idle(&self) {
        let now = self.clock.monotonic();
        let presence = lock(&self.presence);
        // A channel that somebody holds is about to be used. Nobody can take hold of it while the map is locked.
        lock(&self.channels).retain(|board, channel| {
            let state = channel.lock();
            !presence.is_empty_on(board)
                || !state.is_idle()
                || Arc::strong_count(channel) > 1
                || now.duration_since(state.last_used) < IDLE
        });
    }
}
