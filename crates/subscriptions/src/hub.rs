//! The hub: all sockets of this node, and the channels of the boards that they use.

use std::sync::{Arc, atomic::Ordering};

use boardwire_protocol::{BoardId, UserId};
use boardwire_services::{clock::Clock, storage::Log};
use tokio::sync::Notify;

use crate::{
    all_boards::AllBoards, channels::Channels, counts::Counts, ephemeral::EphemeralSender, interest::InterestKey,
    lock::lock, notifications::Notifications, presence::Presence, socket::Socket, sockets::Sockets, typing::Typing,
};

/// All sockets of this node, and everything that they have asked for.
pub struct Hub {
    pub(crate) log: Arc<dyn Log>,
    pub(crate) clock: Arc<dyn Clock>,
    /// The most subscriptions of one socket.
    pub(crate) max_subscriptions: usize,
    /// Notified when a channel may lack an event that is in the log.
    pub(crate) check_requested: Notify,
    pub(crate) sockets: Arc<Sockets>,
    pub(crate) channels: Arc<Channels>,
    pub(crate) all_boards: Arc<AllBoards>,
    pub(crate) ephemeral: EphemeralSender,
    pub(crate) presence: Presence,
    pub(crate) typing: Typing,
    pub(crate) notifications: Notifications,
    pub(crate) counts: Arc<Counts>,
}

impl Hub {
    /// Makes a hub that delivers the events of `log`. Each socket may have `max_subscriptions`.
    #[must_use]
    pub fn new(log: Arc<dyn Log>, clock: Arc<dyn Clock>, max_subscriptions: usize) -> Arc<Self> {
        let (sockets, all_boards, counts) = (Arc::<Sockets>::default(), Arc::default(), Arc::default());
        let channels = Arc::new(Channels::new(Arc::clone(&all_boards), Arc::clone(&counts), Arc::clone(&clock)));
        let ephemeral = EphemeralSender::new(Arc::clone(&sockets), Arc::clone(&channels), Arc::clone(&clock));
        Arc::new(Self {
            presence: Presence::new(ephemeral.clone(), Arc::clone(&clock)),
            typing: Typing::new(ephemeral.clone(), Arc::clone(&clock)),
            notifications: Notifications::new(ephemeral.clone(), Arc::clone(&clock)),
            log,
            clock,
            max_subscriptions,
            check_requested: Notify::new(),
            sockets,
            channels,
            all_boards,
            ephemeral,
            counts,
        })
    }

    /// Ends the presence and typing of a user on a board that the user may not read any more, and drops the waiting
    /// notifications about it.
    pub(crate) fn evict(&self, board: &BoardId, user: &UserId) {
        self.presence.evict(board, user);
        self.typing.evict(board, user);
        self.notifications.evict(board, user);
    }

    /// Ends an interest of a socket in a board.
    pub(crate) fn leave(&self, socket: &Socket, board: &BoardId, key: &InterestKey) {
        if let Some(channel) = self.channels.get(board) {
            let mut state = channel.lock();
            state.remove(socket.key(), key);
            state.last_used = self.clock.monotonic();
        }
    }

    /// Sends all waiting notifications now, before the server stops.
    pub fn flush_notifications(&self) {
        self.notifications.flush();
    }

    /// Returns how many sockets are connected.
    #[must_use]
    pub fn socket_count(&self) -> usize {
        self.sockets.len()
    }

    /// Returns how many durable events this node has committed since the hub was made.
    #[must_use]
    pub fn event_count(&self) -> u64 {
        self.counts.events.load(Ordering::Relaxed)
    }

    /// Returns how often a durable event was put into a connection's queue as it happened; replays are not counted.
    #[must_use]
    pub fn delivery_count(&self) -> u64 {
        self.counts.deliveries.load(Ordering::Relaxed)
    }

    /// Returns the boards with the most durable events within the last minute, at most `limit` of them, each with
    /// the number of its events.
    #[must_use]
    pub fn busiest_boards(&self, limit: usize) -> Vec<(BoardId, u64)> {
        lock(&self.counts.boards).busiest(limit, self.clock.monotonic())
    }

    /// Returns how many boards have a channel.
    #[must_use]
    pub fn channel_count(&self) -> usize {
        self.channels.len()
    }

    /// Returns all sockets at this moment.
    #[must_use]
    pub fn sockets(&self) -> Vec<Arc<Socket>> {
        self.sockets.all()
    }

    /// Returns the sockets of a user at this moment.
    #[must_use]
    pub fn sockets_of(&self, user: &UserId) -> Vec<Arc<Socket>> {
        self.sockets.of(user)
    }
}
