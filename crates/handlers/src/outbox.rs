//! The bounded queue of one connection, and the flusher that empties all queues: frames queued for a connection within
//! a few milliseconds are sent in one write, which costs a third of separate writes.

use std::{
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, atomic::AtomicBool, atomic::Ordering},
    time::Duration,
};

use async_trait::async_trait;
use boardwire_subscriptions::{Frame, Outbox};
use tokio::{
    sync::Notify,
    time::{Instant, sleep, timeout},
};
use tokio_util::sync::CancellationToken;

use crate::queue::{Outgoing, Queue};

/// How long a client may receive less than [`MIN_PROGRESS_BYTES`] while more waits for it.
const STALL_TIMEOUT: Duration = Duration::from_secs(5);
const MIN_PROGRESS_BYTES: u64 = 4096;
/// The reason given when such a connection is ended.
const STOPPED_READING: &str = "it stopped reading";
/// Frames queued within this time are sent together.
const COALESCE: Duration = Duration::from_millis(3);
/// The longest such time. Under load, the flusher rests twice as long as its last round took, up to this limit: fewer,
/// larger writes save a busy server the most, and users do not notice the difference.
const MAX_COALESCE: Duration = Duration::from_millis(20);

/// The result of handing something to a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sent {
    Yes,
    Full,
    Closed,
}

/// How a connection is ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// The client is told to leave once its queue is empty, and does not reconnect by itself.
    Dismiss,
    /// The transport is cut: the client reconnects by itself, and resumes.
    HangUp,
}

/// The library's side of a connection.
pub(crate) trait Wire: Send + Sync + 'static {
    /// Hands over one frame or answer, without waiting.
    fn send(&self, outgoing: &Outgoing) -> Sent;

    /// Returns how many bytes have been sent to the client so far.
    fn bytes_sent(&self) -> u64;

    /// Tells the client to leave; returns `false` if there is no room for that now.
    fn dismiss(&self) -> bool;

    /// Cuts the connection, so that its client reconnects by itself.
    fn hang_up(&self);
}

#[derive(Default)]
struct State {
    queue: Queue,
    /// Since when nothing more could be handed over, and how many bytes had been sent by then.
    stalled: Option<(Instant, u64)>,
    ending: Option<End>,
}

/// The queue of one connection.
pub(crate) struct SocketOutbox {
    wire: Box<dyn Wire>,
    state: Mutex<State>,
    /// Whether the flusher has it on its list.
    listed: AtomicBool,
    drained: Notify,
    closed: CancellationToken,
    /// Why the connection was given up.
    given_up: OnceLock<&'static str>,
    flusher: Arc<Flusher>,
}

impl SocketOutbox {
    /// Creates a queue in front of `wire`. `closed` is cancelled when the connection has ended, and ends the queue.
    pub(crate) fn new(wire: impl Wire, closed: CancellationToken, flusher: Arc<Flusher>) -> Arc<Self> {
        Arc::new(Self {
            wire: Box::new(wire),
            state: Mutex::default(),
            listed: AtomicBool::new(false),
            drained: Notify::new(),
            closed,
            given_up: OnceLock::new(),
            flusher,
        })
    }

    /// Queues an answer and flushes the queue at once, because a client is waiting for the answer.
    pub(crate) fn answer(self: &Arc<Self>, outgoing: Outgoing) {
        self.enqueue(outgoing);
        self.flush();
    }

    /// Replaces the queued frames and answers with this event, and tells the client to leave.
    pub(crate) fn dismiss(self: &Arc<Self>, last_event: Option<Frame>) {
        {
            let mut state = self.lock();
            state.queue.clear();
            if let Some(last_event) = last_event {
                state.queue.put(Outgoing::Event(last_event));
            }
            state.ending.get_or_insert(End::Dismiss);
        }
        self.flush();
    }

    /// Gives up the connection: the hub forgets it at once, and the transport is cut.
    fn give_up(&self, state: &mut State, reason: &'static str) {
        let _ = self.given_up.set(reason);
        tracing::info!(reason, "cutting off a slow client");
        state.queue.clear();
        state.ending = Some(End::HangUp);
        self.closed.cancel();
        self.wire.hang_up();
    }

    /// Returns whether the connection has ended.
    pub(crate) fn is_closed(&self) -> bool {
        self.closed.is_cancelled()
    }

    /// Returns why the connection was given up, if a slow client was the reason that it ended.
    pub(crate) fn given_up(&self) -> Option<&'static str> {
        self.note_backlog(&self.lock());
        self.given_up.get().copied()
    }

    /// Notes that the client was slow if a long backlog is left when the transport ends, perhaps by its own timeout.
    fn note_backlog(&self, state: &State) {
        if !state.queue.is_low() {
            let _ = self.given_up.set(STOPPED_READING);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn enqueue(&self, outgoing: Outgoing) {
        let mut state = self.lock();
        if state.ending.is_some() {
            return;
        }
        if state.queue.is_full(&outgoing) {
            return self.give_up(&mut state, "it reads too slowly");
        }
        state.queue.put(outgoing);
    }

    /// Hands over as much as the connection accepts.
    pub(crate) fn flush(self: &Arc<Self>) {
        let mut state = self.lock();
        let mut full = false;
        while let Some(next) = state.queue.front() {
            match self.wire.send(next) {
                Sent::Yes => {
                    state.queue.take();
                    state.stalled = None;
                }
                Sent::Full => {
                    full = true;
                    break;
                }
                Sent::Closed => {
                    self.note_backlog(&state);
                    state.queue.clear();
                    state.ending = Some(End::HangUp);
                    self.closed.cancel();
                }
            }
        }
        if state.ending == Some(End::Dismiss) && state.queue.is_empty() {
            full = !self.wire.dismiss();
        }
        if full {
            let sent = self.wire.bytes_sent();
            let (since, before) = *state.stalled.get_or_insert_with(|| (Instant::now(), sent));
            if since.elapsed() > STALL_TIMEOUT {
                // Sending a large frame takes time, so slow progress is allowed.
                state.stalled = None;
                if sent.saturating_sub(before) < MIN_PROGRESS_BYTES {
                    full = false;
                    self.give_up(&mut state, STOPPED_READING);
                }
            }
        }
        let low = state.queue.is_low();
        drop(state);
        if full {
            self.flusher.list(self);
        }
        if low {
            self.drained.notify_waiters();
        }
    }
}

#[async_trait]
impl Outbox for SharedOutbox {
    fn push(&self, frame: Frame) {
        self.0.enqueue(Outgoing::Event(frame));
        self.0.flusher.list(&self.0);
    }

    async fn ready(&self) -> bool {
        loop {
            let drained = self.0.drained.notified();
            {
                let state = self.0.lock();
                if state.ending.is_some() {
                    return false;
                }
                if state.queue.is_low() {
                    return !self.0.closed.is_cancelled();
                }
            }
            tokio::select! {
                _ = timeout(STALL_TIMEOUT, drained) => {}
                () = self.0.closed.cancelled() => return false,
            }
        }
    }
}

/// A connection's queue, in the form that the hub uses.
pub(crate) struct SharedOutbox(pub(crate) Arc<SocketOutbox>);

/// Empties the queues.
#[derive(Default)]
pub(crate) struct Flusher {
    listed: Mutex<Vec<Arc<SocketOutbox>>>,
    wake: Notify,
}

/// The queues of one round. When this is dropped, those that were not flushed go back to the list: an interrupted round
/// leaves no queue marked as listed that is not in the list.
struct Due<'a> {
    flusher: &'a Flusher,
    outboxes: std::vec::IntoIter<Arc<SocketOutbox>>,
}

impl Drop for Due<'_> {
    fn drop(&mut self) {
        if self.outboxes.len() > 0 {
            self.flusher.lock().extend(self.outboxes.by_ref());
            self.flusher.wake.notify_one();
        }
    }
}

impl Flusher {
    fn lock(&self) -> MutexGuard<'_, Vec<Arc<SocketOutbox>>> {
        self.listed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a queue that has something to send on the list. A queue is listed at most once, which bounds the list.
    fn list(&self, outbox: &Arc<SocketOutbox>) {
        if outbox.listed.swap(true, Ordering::AcqRel) {
            return;
        }
        let mut listed = self.lock();
        listed.push(Arc::clone(outbox));
        if listed.len() == 1 {
            self.wake.notify_one();
        }
    }

    /// Runs until the token is cancelled. The first frame is sent at once; frames queued right after it wait for the
    /// next round.
    pub(crate) async fn run(self: Arc<Self>, stop: CancellationToken) {
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.wake.notified() => {}
            }
            let begun = Instant::now();
            let mut due = Due { flusher: &self, outboxes: std::mem::take(&mut *self.lock()).into_iter() };
            for outbox in due.outboxes.by_ref() {
                outbox.listed.store(false, Ordering::Release);
                outbox.flush();
            }
            drop(due);
            sleep((begun.elapsed() * 2).clamp(COALESCE, MAX_COALESCE)).await;
        }
    }
}

#[cfg(test)]
mod tests;
