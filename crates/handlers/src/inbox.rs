//! The inbox of a connection: what its client sends waits here for its turn, bounded by number and by bytes. What does not
//! fit is refused at once, ahead of what waits.

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

/// Commands of one connection that may wait for their turn.
const MAX_COMMANDS: usize = 1024;
/// The same in bytes.
const MAX_BYTES: usize = 1 << 20;

/// One event of a client, as it came.
pub(crate) struct Incoming {
    /// The JSON array of the event's name and arguments.
    packet: String,
    /// Whether it came with binary data, which no command takes.
    binary: bool,
    /// The id under which the client waits for an acknowledgement.
    acknowledgement: Option<i64>,
    /// Counts it among the bytes that wait, until its turn has come.
    _bytes: BytePermit,
}

impl Incoming {
    /// Takes the event out, whose bytes wait no longer: the packet, whether it came with binary data, and the id of the
    /// acknowledgement.
    pub(crate) fn into_parts(self) -> (String, bool, Option<i64>) {
        (self.packet, self.binary, self.acknowledgement)
    }
}

/// Bytes that wait in an inbox, given back when this is dropped.
struct BytePermit {
    waiting: Arc<AtomicUsize>,
    bytes: usize,
}

impl Drop for BytePermit {
    fn drop(&mut self) {
        self.waiting.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// The end of an inbox at which events come in.
pub(crate) struct Inbox {
    commands: mpsc::Sender<Incoming>,
    outbox: Arc<SocketOutbox>,
    clock: Arc<dyn Clock>,
    /// The largest packet, in bytes.
    max_payload: usize,
    /// Bytes that wait.
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
    /// Takes in an event, or refuses it.
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
