//! The channel of one board: the only path by which its durable events reach this node's sockets. It delivers them in
//! the order of their `seq`, without a gap. Events that come early wait; repeated ones are dropped.
//!
//! Everything here happens under one lock and without waiting; reading the log is left to `publish` and `join`.

mod selection;
mod state;

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, MutexGuard},
    time::Instant,
};

use boardwire_protocol::{BoardId, Seq, UserId};
use boardwire_services::storage::{Head, LogEntry};
use tokio::sync::{OnceCell, watch};

use crate::{all_boards::AllBoards, counts::Counts, lock::lock};

pub(crate) use state::State;

/// How many events may wait for those before them. Further events are dropped, and read from the log when their turn
/// comes.
const MAX_PENDING: usize = 1024;

pub(crate) struct Channel {
    pub(crate) board: BoardId,
    state: Mutex<State>,
    /// The head of the log when the channel opened.
    pub(crate) opened: OnceCell<Seq>,
    /// Held while the log is read, so that only one task reads it at a time.
    pub(crate) reading: tokio::sync::Mutex<()>,
    /// The last event delivered.
    progress: watch::Sender<Seq>,
}

impl Channel {
    pub(crate) fn new(board: BoardId, now: Instant, counts: Arc<Counts>, all_boards: Arc<AllBoards>) -> Self {
        Self {
            board,
            state: Mutex::new(State::new(now, counts, all_boards)),
            opened: OnceCell::new(),
            reading: tokio::sync::Mutex::new(()),
            progress: watch::Sender::new(Seq(0)),
        }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// Returns a receiver of the last event delivered.
    pub(crate) fn watch(&self) -> watch::Receiver<Seq> {
        self.progress.subscribe()
    }

    /// Opens the channel. Delivery begins with the event after `floor`, or with the earliest event that has been
    /// offered already, whichever comes first.
    pub(crate) fn open(&self, head: Head, floor: Seq) {
        let mut state = self.lock();
        let offered = state.pending.keys().next().map(|first| Seq(first.0.saturating_sub(1)));
        let floor = offered.map_or(floor, |offered| floor.min(offered));
        state.epoch = Some(head.epoch);
        state.delivered = floor;
        state.members_at = head.seq;
        state.members = head.members.into_iter().collect();
        self.progress.send_replace(floor);
    }

    /// Accepts a committed event, and delivers all events whose turn has come. Returns the users whose membership
    /// these events changed.
    #[must_use]
    pub(crate) fn offer(&self, entry: &Arc<LogEntry>) -> Vec<UserId> {
        let mut state = self.lock();
        if self.opened.initialized() && entry.seq <= state.delivered {
            return Vec::new();
        }
        if state.pending.len() < MAX_PENDING || entry.seq == state.delivered.next() {
            state.pending.insert(entry.seq, Arc::clone(entry));
        }
        if self.opened.initialized() {
            self.advance(&mut state);
        }
        std::mem::take(&mut state.changed_members)
    }

    /// Delivers the events that were offered before the channel was open. Returns the users whose membership these
    /// events changed.
    #[must_use]
    pub(crate) fn release(&self) -> Vec<UserId> {
        let mut state = self.lock();
        self.advance(&mut state);
        std::mem::take(&mut state.changed_members)
    }

    /// Continues after `seq`, without the events up to it, which are no longer in the log. Memberships are taken from
    /// the head. Returns the users whose membership differs from before.
    #[must_use]
    pub(crate) fn skip_to(&self, seq: Seq, head: Head) -> Vec<UserId> {
        let mut state = self.lock();
        if seq <= state.delivered {
            return Vec::new();
        }
        let members: HashSet<_> = head.members.into_iter().collect();
        let changed: Vec<_> = state.members.symmetric_difference(&members).cloned().collect();
        state.members = members;
        state.members_at = head.seq;
        for user in changed {
            state.record_membership(user, seq.next());
        }
        state.recent.clear();
        state.delivered = seq;
        self.progress.send_replace(seq);
        std::mem::take(&mut state.changed_members)
    }

    /// Keeps more recent events than usual until the returned value is dropped.
    pub(crate) fn begin_replay(&self) -> Replay<'_> {
        self.lock().recent.begin_replay();
        Replay(self)
    }

    fn advance(&self, state: &mut State) {
        let before = state.delivered;
        while let Some(next) = state.pending.first_entry() {
            if *next.key() <= state.delivered {
                next.remove();
            } else if *next.key() == state.delivered.next() {
                let entry = next.remove();
                state.deliver(entry);
            } else {
                break;
            }
        }
        if state.delivered != before {
            self.progress.send_replace(state.delivered);
        }
    }
}

/// A replay in progress: [`Channel::begin_replay`].
pub(crate) struct Replay<'c>(&'c Channel);

impl Drop for Replay<'_> {
    fn drop(&mut self) {
        self.0.lock().recent.end_replay();
    }
}
