//! The channels of this node's boards, by board.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use boardwire_protocol::BoardId;
use boardwire_services::clock::Clock;

use crate::{all_boards::AllBoards, channel::Channel, counts::Counts, lock::lock};

/// How long a channel without sockets is kept, for sockets that come back.
const IDLE_TIMEOUT: Duration = Duration::from_secs(60);

/// The channels of boards that are in use on this node or were lately: by sockets, by people who are present, or by
/// events while somebody subscribes to all boards.
pub(crate) struct Channels {
    by_board: Mutex<HashMap<BoardId, Arc<Channel>>>,
    all_boards: Arc<AllBoards>,
    counts: Arc<Counts>,
    clock: Arc<dyn Clock>,
}

impl Channels {
    /// Makes an empty set, whose channels also deliver to the subscriptions to `all_boards`, and count in `counts`.
    pub(crate) fn new(all_boards: Arc<AllBoards>, counts: Arc<Counts>, clock: Arc<dyn Clock>) -> Self {
        Self { by_board: Mutex::default(), all_boards, counts, clock }
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
            Arc::new(Channel::new(board.clone(), now, Arc::clone(&self.counts), Arc::clone(&self.all_boards)))
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

    /// Removes the channels that nobody has used for [`IDLE_TIMEOUT`], except those of occupied boards.
    pub(crate) fn remove_idle(&self, now: Instant, is_occupied: impl Fn(&BoardId) -> bool) {
        lock(&self.by_board).retain(|board, channel| {
            let state = channel.lock();
            // A channel with another holder is about to be used. It cannot get a new holder while the map is locked.
            is_occupied(board)
                || !state.is_idle()
                || Arc::strong_count(channel) > 1
                || now.duration_since(state.last_used) < IDLE_TIMEOUT
        });
    }
}
