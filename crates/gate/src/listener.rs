//! Somebody who hears events without being a Socket.IO connection: a stream of events over HTTP, an agent's
//! subscription. To the hub it is a connection like any other.

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

use crate::{Gate, Seat, Watched};

/// Frames that may wait for one listener, by number and by bytes. When there are more, it ends; its client resumes.
const MAX_WAITING: usize = 8192;
const MAX_BYTES: usize = 8 << 20;
/// A replay goes on when no more than this many wait.
const LOW_WATER: usize = 256;
const LOW_WATER_BYTES: usize = 256 * 1024;

/// What a listener hears next.
#[derive(Debug)]
pub enum Heard {
    /// An event.
    Frame(Frame),
    /// This board can't be read any more: from here on its events are left out, also when it can be read again.
    Lost(BoardId),
    /// Its credentials have ended, and why.
    Unauthenticated(&'static str),
    /// It did not keep up. What it missed is in the log.
    Overrun,
    /// The server closes.
    Closing,
}

impl Heard {
    /// What it holds, in bytes.
    fn size(&self) -> usize {
        match self {
            Self::Frame(frame) => frame.size(),
            _ => 0,
        }
    }
}

/// Somebody who listens.
pub struct Listener {
    watched: Arc<Watched>,
    transport: TransportKind,
    queue: Arc<Queue>,
    _watching: AbortOnDropHandle<()>,
    _seat: Seat,
}

#[derive(Default)]
struct Queue {
    waiting: Mutex<Waiting>,
    came: Notify,
    taken: Notify,
}

#[derive(Default)]
struct Waiting {
    heard: VecDeque<Heard>,
    bytes: usize,
    /// Why it hears nothing any more.
    ended: Option<&'static str>,
    overrun: bool,
    gone: bool,
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, heard: Heard) {
        let mut waiting = self.lock();
        let size = heard.size();
        let too_many = waiting.bytes > 0 && waiting.bytes + size > MAX_BYTES;
        if too_many || waiting.heard.len() >= MAX_WAITING {
            waiting.overrun = true;
            waiting.heard.clear();
        }
        if !waiting.overrun {
            waiting.bytes += size;
            waiting.heard.push_back(heard);
        }
        self.came.notify_one();
    }
}

/// The hub's side of the queue.
struct Handle(Arc<Queue>);

#[async_trait]
impl Outbox for Handle {
    fn push(&self, frame: Frame) {
        self.0.put(Heard::Frame(frame));
    }

    fn lost(&self, board: &BoardId) {
        self.0.put(Heard::Lost(board.clone()));
    }

    async fn ready(&self) -> bool {
        loop {
            let taken = self.0.taken.notified();
            {
                let waiting = self.0.lock();
                if waiting.gone || waiting.overrun {
                    return false;
                }
                if waiting.heard.len() <= LOW_WATER && waiting.bytes <= LOW_WATER_BYTES {
                    return true;
                }
            }
            taken.await;
        }
    }
}

impl Gate {
    /// Begins to listen, for whatever its connection subscribes to.
    #[must_use]
    pub fn listen(self: &Arc<Self>, caller: Caller, seat: Seat, transport: TransportKind) -> Listener {
        let queue = Arc::new(Queue::default());
        let socket = Socket::new(self.new_key(), caller, Arc::new(Handle(Arc::clone(&queue))));
        let watched = Arc::new(self.watch(socket, Arc::default(), transport));
        let watching = {
            let (watched, queue) = (Arc::clone(&watched), Arc::clone(&queue));
            tokio::spawn(async move {
                let reason = watched.credentials_end().await;
                queue.lock().ended = Some(reason);
                queue.came.notify_one();
            })
        };
        Listener { watched, transport, queue, _watching: AbortOnDropHandle::new(watching), _seat: seat }
    }
}

impl Listener {
    /// Itself as a connection, to subscribe with.
    #[must_use]
    pub fn socket(&self) -> &Arc<Socket> {
        self.watched.socket()
    }

    /// What comes next. May be called again after it was abandoned; nothing is lost by that.
    pub async fn next(&self) -> Heard {
        loop {
            if let Some(heard) = self.at_hand() {
                return heard;
            }
            tokio::select! {
                () = self.queue.came.notified() => {}
                () = self.watched.gate.closing().cancelled() => return Heard::Closing,
            }
        }
    }

    /// What has come already.
    #[must_use]
    pub fn at_hand(&self) -> Option<Heard> {
        let mut waiting = self.queue.lock();
        if let Some(reason) = waiting.ended {
            return Some(Heard::Unauthenticated(reason));
        }
        if waiting.overrun {
            return Some(Heard::Overrun);
        }
        let heard = waiting.heard.pop_front()?;
        waiting.bytes -= heard.size();
        drop(waiting);
        self.queue.taken.notify_one();
        Some(heard)
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let overrun = {
            let mut waiting = self.queue.lock();
            waiting.gone = true;
            waiting.overrun
        };
        if overrun {
            self.watched.gate.metrics.record_slow_consumer(self.socket().user(), self.transport, "it reads too slowly");
        }
        self.queue.taken.notify_one();
    }
}
