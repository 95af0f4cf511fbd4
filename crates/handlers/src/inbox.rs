//! The inbox of a connection: commands wait here for their turn, bounded by number and by bytes. A command that does
//! not fit is refused at once, ahead of those that wait.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use boardwire_protocol::{Code, ErrorBody};
use boardwire_services::clock::Clock;
use boardwire_subscriptions::Outbox as _;
use tokio::sync::mpsc::{self, error::TrySendError};

use crate::{
    outbox::{SharedOutbox, SocketOutbox},
    packet,
    reply::{ReplyTo, error_frame},
};

/// The most commands of one connection that may wait for their turn.
const MAX_COMMANDS: usize = 1024;
/// The most bytes of such commands.
const MAX_BYTES: usize = 1 << 20;

/// One event from a client, as received.
pub(crate) struct Incoming {
    /// The JSON array of the event's name and arguments.
    packet: String,
    /// Whether it came with binary data, which no command takes.
    binary: bool,
    /// The id under which the client waits for an acknowledgement.
    acknowledgement: Option<i64>,
    /// Counts its bytes as waiting until its turn has come.
    _bytes: BytePermit,
}

impl Incoming {
    /// Takes the event out, so that its bytes no longer count as waiting. Returns the packet, whether it came with
    /// binary data, and the id of the acknowledgement.
    pub(crate) fn into_parts(self) -> (String, bool, Option<i64>) {
        (self.packet, self.binary, self.acknowledgement)
    }
}

/// Bytes that wait in an inbox; they are given back when this is dropped.
struct BytePermit {
    waiting: Arc<AtomicUsize>,
    bytes: usize,
}

impl Drop for BytePermit {
    fn drop(&mut self) {
        self.waiting.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// The end of an inbox that receives events.
pub(crate) struct Inbox {
    commands: mpsc::Sender<Incoming>,
    outbox: Arc<SocketOutbox>,
    clock: Arc<dyn Clock>,
    /// The largest packet, in bytes.
    max_payload: usize,
    /// The bytes that wait.
    waiting: Arc<AtomicUsize>,
}

/// Opens an inbox; refusals go to `outbox`. Returns both ends.
pub(crate) fn open(
    outbox: Arc<SocketOutbox>,
    clock: Arc<dyn Clock>,
    max_payload: usize,
) -> (Inbox, mpsc::Receiver<Incoming>) {
    let (commands, incoming) = mpsc::channel(MAX_COMMANDS);
    (Inbox { commands, outbox, clock, max_payload, waiting: Arc::default() }, incoming)
}

impl Inbox {
    /// Queues an event, or refuses it.
    pub(crate) fn receive(&self, packet: String, binary: bool, acknowledgement: Option<i64>) {
        let bytes = packet.len();
        if bytes > self.max_payload {
            return self.refuse_size(&packet, acknowledgement);
        }
        let total = self.waiting.fetch_add(bytes, Ordering::Relaxed) + bytes;
        let permit = BytePermit { waiting: Arc::clone(&self.waiting), bytes };
        let incoming = Incoming { packet, binary, acknowledgement, _bytes: permit };
        if total > MAX_BYTES {
            return self.refuse_overflow(&incoming);
        }
        if let Err(TrySendError::Full(incoming)) = self.commands.try_send(incoming) {
            self.refuse_overflow(&incoming);
        }
    }

    /// Refuses a command that is too large.
    fn refuse_size(&self, packet: &str, acknowledgement: Option<i64>) {
        let (command, payload) = packet::split(packet, false);
        let request_id = payload.ok().as_ref().and_then(packet::request_id);
        let message = format!("the message has {} bytes; at most {} are accepted", packet.len(), self.max_payload);
        let error = ErrorBody::new(Code::PayloadTooLarge, message);
        ReplyTo { command, acknowledgement }.error(&self.outbox, request_id.as_ref(), &error);
    }

    /// Refuses a command for which there is no room.
    fn refuse_overflow(&self, refused: &Incoming) {
        let (command, payload) = packet::split(&refused.packet, refused.binary);
        let request_id = payload.ok().as_ref().and_then(packet::request_id);
        let message = "too many commands wait for their turn; wait for answers first";
        let error = ErrorBody {
            retry_after: Some(1.0),
            limit: u32::try_from(MAX_COMMANDS).ok(),
            remaining: Some(0),
            reset: Some(self.clock.now().0 + 1000),
            ..ErrorBody::new(Code::RateLimit, message)
        };
        SharedOutbox(Arc::clone(&self.outbox)).push(error_frame(&*self.clock, &error, request_id.as_ref()));
        ReplyTo { command, acknowledgement: refused.acknowledgement }.error(&self.outbox, request_id.as_ref(), &error);
    }
}
