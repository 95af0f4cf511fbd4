//! Listeners receive events without a Socket.IO connection: for a stream of events over HTTP, for instance, or for an
//! agent's subscription. To the hub, a listener is a connection like any other.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use boardwire_metrics::TransportKind;
use boardwire_protocol::BoardId;
use boardwire_services::Caller;
use boardwire_subscriptions::{Frame, Outbox, Socket};
use tokio::sync::Notify;
use tokio_util::task::AbortOnDropHandle;

use crate::{ConnectionGuard, ConnectionPermit, Gate};

/// The most frames that may wait for one listener, and the most bytes. Beyond that it ends, and its client resumes.
const MAX_WAITING: usize = 8192;
const MAX_BYTES: usize = 8 << 20;
/// A replay continues when no more frames and bytes than this wait.
const LOW_WATER: usize = 256;
const LOW_WATER_BYTES: usize = 256 * 1024;

/// What a listener receives.
#[derive(Debug)]
pub enum ListenerEvent {
    /// An event.
    Frame(Frame),
    /// Events of this board are missing from here on: the caller lost access to it, or they were deleted from the log
    /// before they could be delivered. Later ones may follow.
    Lost(BoardId),
    /// The listener's credentials have ended, for this reason.
    Unauthenticated(&'static str),
    /// The listener did not keep up. What it missed is in the log.
    Overrun,
    /// The server is closing.
    Closing,
}

impl ListenerEvent {
    /// Returns its size in the queue, in bytes.
    fn size(&self) -> usize {
        match self {
            Self::Frame(frame) => frame.size(),
            _ => 0,
        }
    }
}

/// A listener; the hub delivers to it as to a connection.
pub struct Listener {
    guard: Arc<ConnectionGuard>,
    transport: TransportKind,
    queue: Arc<Queue>,
    _watching: AbortOnDropHandle<()>,
    _permit: ConnectionPermit,
}

#[derive(Default)]
struct Queue {
    state: Mutex<QueueState>,
    /// Notified when an event has been queued.
    queued: Notify,
    /// Notified when an event has been taken out.
    taken: Notify,
}

#[derive(Default)]
struct QueueState {
    events: VecDeque<ListenerEvent>,
    bytes: usize,
    /// Why the listener receives nothing more.
    ended: Option<&'static str>,
    overrun: bool,
    /// Whether the listener has been dropped.
    gone: bool,
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, QueueState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, event: ListenerEvent) {
        let mut state = self.lock();
        let size = event.size();
        let too_large = state.bytes > 0 && state.bytes + size > MAX_BYTES;
        if too_large || state.events.len() >= MAX_WAITING {
            state.overrun = true;
            state.events.clear();
        }
        if !state.overrun {
            state.bytes += size;
            state.events.push_back(event);
        }
        self.queued.notify_one();
    }
}

/// The hub's side of the queue.
struct ListenerOutbox(Arc<Queue>);

#[async_trait]
impl Outbox for ListenerOutbox {
    fn push(&self, frame: Frame) {
        self.0.put(ListenerEvent::Frame(frame));
    }

    fn lost(&self, board: &BoardId) {
        self.0.put(ListenerEvent::Lost(board.clone()));
    }

    async fn ready(&self) -> bool {
        loop {
            let taken = self.0.taken.notified();
            {
                let state = self.0.lock();
                if state.gone || state.overrun {
                    return false;
                }
                if state.events.len() <= LOW_WATER && state.bytes <= LOW_WATER_BYTES {
                    return true;
                }
            }
            taken.await;
        }
    }
}

impl Gate {
    /// Creates a listener, which receives what its connection subscribes to.
    #[must_use]
    pub fn listen(self: &Arc<Self>, caller: Caller, permit: ConnectionPermit, transport: TransportKind) -> Listener {
        let queue = Arc::new(Queue::default());
        let socket = Socket::new(self.new_key(), caller, Arc::new(ListenerOutbox(Arc::clone(&queue))));
        let guard = Arc::new(self.watch(socket, Arc::default(), transport));
        let watching = {
            let (guard, queue) = (Arc::clone(&guard), Arc::clone(&queue));
            tokio::spawn(async move {
                let reason = guard.credentials_end().await;
                queue.lock().ended = Some(reason);
                queue.queued.notify_one();
            })
        };
        Listener { guard, transport, queue, _watching: AbortOnDropHandle::new(watching), _permit: permit }
    }
}

impl Listener {
    /// Returns the listener as a connection, to subscribe with.
    #[must_use]
    pub fn socket(&self) -> &Arc<Socket> {
        self.guard.socket()
    }

    /// Waits for the next event. It may be cancelled and called again; nothing is lost.
    pub async fn next(&self) -> ListenerEvent {
        loop {
            if let Some(event) = self.at_hand() {
                return event;
            }
            tokio::select! {
                () = self.queue.queued.notified() => {}
                () = self.guard.gate.closing().cancelled() => return ListenerEvent::Closing,
            }
        }
    }

    /// Returns the next event if one is queued.
    #[must_use]
    pub fn at_hand(&self) -> Option<ListenerEvent> {
        let mut state = self.queue.lock();
        if let Some(reason) = state.ended {
            return Some(ListenerEvent::Unauthenticated(reason));
        }
        if state.overrun {
            return Some(ListenerEvent::Overrun);
        }
        let event = state.events.pop_front()?;
        state.bytes -= event.size();
        drop(state);
        self.queue.taken.notify_one();
        Some(event)
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let overrun = {
            let mut state = self.queue.lock();
            state.gone = true;
            state.overrun
        };
        if overrun {
            self.guard.gate.metrics.record_slow_consumer(self.socket().user(), self.transport, "it reads too slowly");
        }
        self.queue.taken.notify_one();
    }
}
