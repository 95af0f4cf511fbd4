//! The hub: all sockets of this node, and a channel for each board that one of them cares about.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use boardwire_protocol::{BoardId, Seq, SubscriptionId};
use boardwire_services::{clock::Clock, storage::Log};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::{
    channel::{Channel, Everywhere},
    interest::{Interest, InterestKey},
    socket::{Place, Socket, SocketKey},
};

/// How long a channel without sockets is kept, for those who come back.
const IDLE: Duration = Duration::from_secs(60);
/// How often idle channels are looked for.
const SWEEP: Duration = Duration::from_secs(30);

/// All sockets of this node and what they have asked for.
pub struct Hub {
    pub(crate) log: Arc<dyn Log>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) max_subscriptions: usize,
    pub(crate) everywhere: Mutex<Everywhere>,
    pub(crate) suspicion: Notify,
    /// What was published a moment ago while nobody listened: a channel that opens now does not begin before it.
    pub(crate) unheard: Mutex<HashMap<BoardId, (Seq, Instant)>>,
    sockets: Mutex<HashMap<SocketKey, Arc<Socket>>>,
    channels: Mutex<HashMap<BoardId, Arc<Channel>>>,
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
            sockets: Mutex::default(),
            channels: Mutex::default(),
        })
    }

    /// Takes in a connection. It stays until [`Hub::disconnect`].
    pub fn connect(&self, socket: &Arc<Socket>) {
        lock(&self.sockets).insert(socket.key(), Arc::clone(socket));
    }

    /// Forgets a connection and all that it asked for.
    pub fn disconnect(&self, socket: &Arc<Socket>) {
        lock(&self.sockets).remove(&socket.key());
        let subscriptions = {
            let mut asked = socket.asked();
            asked.gone = true;
            std::mem::take(&mut asked.subscriptions)
        };
        for (id, place) in subscriptions {
            self.forget(socket, &place, &InterestKey::Subscription(id));
        }
        self.view_nothing(socket);
    }

    /// Ends a subscription; `false`: the socket has none of this id.
    pub fn unsubscribe(&self, socket: &Arc<Socket>, id: &SubscriptionId) -> bool {
        let Some(place) = socket.asked().subscriptions.remove(id) else { return false };
        self.forget(socket, &place, &InterestKey::Subscription(id.clone()));
        true
    }

    fn forget(&self, socket: &Arc<Socket>, place: &Place, key: &InterestKey) {
        match place {
            Place::Board(board) => self.leave(socket, board, key),
            Place::Everywhere => {
                let mut everywhere = lock(&self.everywhere);
                everywhere.generation += 1;
                let is_another =
                    |(other, interest): &(Arc<Socket>, Interest)| other.key() != socket.key() || interest.key != *key;
                if socket.caller().is_admin() {
                    everywhere.admins.retain(is_another);
                } else if let Some(subscriptions) = everywhere.by_user.get_mut(socket.user()) {
                    subscriptions.retain(is_another);
                    if subscriptions.is_empty() {
                        everywhere.by_user.remove(socket.user());
                    }
                }
                drop(everywhere);
                for channel in self.channels() {
                    channel.lock().follow_everywhere(&self.everywhere);
                }
            }
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
        lock(&self.sockets).len()
    }

    /// How many boards have a channel.
    #[must_use]
    pub fn channel_count(&self) -> usize {
        lock(&self.channels).len()
    }

    /// All sockets at this moment.
    #[must_use]
    pub fn sockets(&self) -> Vec<Arc<Socket>> {
        lock(&self.sockets).values().cloned().collect()
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
        let channel = channels.entry(board.clone()).or_insert_with(|| Arc::new(Channel::new(board.clone(), now)));
        channel.lock().last_used = now;
        Arc::clone(channel)
    }

    pub(crate) fn close_channel(&self, channel: &Arc<Channel>) {
        let mut channels = lock(&self.channels);
        if channels.get(&channel.board).is_some_and(|known| Arc::ptr_eq(known, channel)) {
            channels.remove(&channel.board);
        }
    }

    /// The hub's own work: closes channels that nobody uses, and looks into the log after a failed commit. Ends with
    /// the token.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        let mut sweep = tokio::time::interval(SWEEP);
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.suspicion.notified() => self.verify(&stop).await,
                _ = sweep.tick() => self.close_idle(),
            }
        }
    }

    fn close_idle(&self) {
        let now = self.clock.monotonic();
        // A channel that somebody holds is about to be used. Nobody can take hold of it while the map is locked.
        lock(&self.channels).retain(|_, channel| {
            let state = channel.lock();
            !state.is_idle() || Arc::strong_count(channel) > 1 || now.duration_since(state.last_used) < IDLE
        });
    }
}
