//! The channels of this node's boards, by board.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use boardwire_protocol::BoardId;
use boardwire_services::clock::Clock;

use crate::{channel::Channel, counts::Counts, everywhere::Everywhere, lock::lock};

/// How long a channel without sockets is kept, for those who come back.
const IDLE: Duration = Duration::from_secs(60);

/// A channel for each board that a socket of this node has asked for lately.
pub(crate) struct Channels {
    by_board: Mutex<HashMap<BoardId, Arc<Channel>>>,
    everywhere: Arc<Everywhere>,
    counts: Arc<Counts>,
    clock: Arc<dyn Clock>,
}

impl Channels {
    /// Makes an empty set, whose channels serve `everywhere` and count in `counts`.
    pub(crate) fn new(everywhere: Arc<Everywhere>, counts: Arc<Counts>, clock: Arc<dyn Clock>) -> Self {
        Self { by_board: Mutex::default(), everywhere, counts, clock }
    }

    pub(crate) fn len(&self) -> usize {
        lock(&self.by_board).len()
    }

    pub(crate) fn get(&self, board: &BoardId) -> Option<Arc<Channel>> {
        lock(&self.by_board).get(board).cloned()
    }

    pub(crate) fn all(&self) -> Vec<Arc<Channel>> {
        lock(&self.by_board).values().cloned().collect()
    }

    /// Returns the board's channel; a new one is not open yet.
    pub(crate) fn get_or_new(&self, board: &BoardId) -> Arc<Channel> {
        let now = self.clock.monotonic();
        let mut channels = lock(&self.by_board);
        let channel = channels.entry(board.clone()).or_insert_with(|| {
            Arc::new(Channel::new(board.clone(), now, Arc::clone(&self.counts), Arc::clone(&self.everywhere)))
        });
        channel.lock().last_used = now;
        Arc::clone(channel)
    }

    /// Removes this channel, unless another one has taken its place.
    pub(crate) fn remove(&self, channel: &Arc<Channel>) {
        let mut channels = lock(&self.by_board);
        if channels.get(&channel.board).is_some_and(|known| Arc::ptr_eq(known, channel)) {
            channels.remove(&channel.board);
        }
    }

    /// Removes the channels that nobody has used for [`IDLE`], except those of boards that are `kept`.
    pub(crate) fn remove_idle(&self, now: Instant, kept: impl Fn(&BoardId) -> bool) {
        lock(&self.by_board).retain(|board, channel| {
            let state = channel.lock();
            // Whoever holds a channel is about to use it. Nobody can get hold of one while the map is locked.
            kept(board)
                || !state.is_idle()
                || Arc::strong_count(channel) > 1
                || now.duration_since(state.last_used) < IDLE
        });
    }
}
