//! The events that a client sends: each waits here, is parsed, and is answered. Waiting events are bounded by number
//! and by bytes; an event that does not fit is refused at once, ahead of those that wait.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use boardwire_protocol::{Code, CommandKind, Ephemeral, ErrorBody, RequestId, Violation, data, failure};
use boardwire_services::clock::Clock;
use boardwire_subscriptions::{About, Frame, Outbox as _};
use serde_json::{Value, value::RawValue};
use tokio::sync::mpsc::{self, error::TrySendError};

use crate::{
    outbox::{SharedOutbox, SocketOutbox},
    queue::Outgoing,
};

/// The most events of one connection that may wait.
const MAX_EVENTS: usize = 1024;
/// The most bytes of such events.
const MAX_BYTES: usize = 1 << 20;
/// The longest event name that is repeated in an answer, in bytes. Names of commands are shorter.
const MAX_NAME_BYTES: usize = 100;

/// The sending end of an inbox.
pub(crate) struct Inbox {
    events: mpsc::Sender<Incoming>,
    outbox: Arc<SocketOutbox>,
    clock: Arc<dyn Clock>,
    /// The largest packet, in bytes.
    max_payload: usize,
    /// The bytes of the events that wait.
    waiting: Arc<AtomicUsize>,
}

/// One event from a client, as received.
pub(crate) struct Incoming {
    /// The JSON array of the event's name and arguments.
    packet: String,
    /// Whether it came with binary data, which no command takes.
    binary: bool,
    /// The id under which the client waits for an acknowledgement.
    acknowledgement: Option<i64>,
    /// Counts its bytes as waiting until it is parsed.
    _bytes: BytePermit,
}

/// An event that has been parsed.
pub(crate) struct ParsedEvent {
    /// The command that it names, if there is such a command.
    pub(crate) kind: Option<CommandKind>,
    /// Its only argument, or what is wrong with the event.
    pub(crate) payload: Result<Value, Violation>,
    pub(crate) reply_to: ReplyTo,
}

/// Where the answer to an event goes: to the client's callback, or else into an event named `<command>:success` or
/// `<command>:error`. The JSON object is the same in both.
pub(crate) struct ReplyTo {
    /// The name of the event.
    command: String,
    /// The client's id of the request, if it could be read.
    request_id: Option<RequestId>,
    /// The id of the callback.
    acknowledgement: Option<i64>,
}

/// Bytes that wait in an inbox; they are given back when this is dropped.
struct BytePermit {
    waiting: Arc<AtomicUsize>,
    bytes: usize,
}

/// Opens an inbox; refusals go to `outbox`. Returns both ends.
pub(crate) fn open(
    outbox: Arc<SocketOutbox>,
    clock: Arc<dyn Clock>,
    max_payload: usize,
) -> (Inbox, mpsc::Receiver<Incoming>) {
    let (events, incoming) = mpsc::channel(MAX_EVENTS);
    (Inbox { events, outbox, clock, max_payload, waiting: Arc::default() }, incoming)
}

impl Inbox {
    /// Queues an event, or refuses it.
    pub(crate) fn receive(&self, packet: String, binary: bool, acknowledgement: Option<i64>) {
        let bytes = packet.len();
        if bytes > self.max_payload {
            let event = ParsedEvent::parse(&packet, false, acknowledgement);
            return self.refuse(event, &self.too_large(bytes));
        }
        let total = self.waiting.fetch_add(bytes, Ordering::Relaxed) + bytes;
        let permit = BytePermit { waiting: Arc::clone(&self.waiting), bytes };
        let incoming = Incoming { packet, binary, acknowledgement, _bytes: permit };
        if total > MAX_BYTES {
            return self.refuse(incoming.parse(), &self.too_many());
        }
        if let Err(TrySendError::Full(incoming)) = self.events.try_send(incoming) {
            self.refuse(incoming.parse(), &self.too_many());
        }
    }

    fn refuse(&self, event: ParsedEvent, error: &ErrorBody) {
        event.reply_to.error(&self.outbox, &*self.clock, error);
    }

    fn too_large(&self, bytes: usize) -> ErrorBody {
        let message = format!("the message has {bytes} bytes; at most {} are accepted", self.max_payload);
        ErrorBody::new(Code::PayloadTooLarge, message)
    }

    fn too_many(&self) -> ErrorBody {
        ErrorBody {
            retry_after: Some(1.0),
            limit: u32::try_from(MAX_EVENTS).ok(),
            remaining: Some(0),
            reset: Some(self.clock.now().0 + 1000),
            ..ErrorBody::new(Code::RateLimit, "too many commands wait for their turn; wait for answers first")
        }
    }
}

impl Drop for BytePermit {
    fn drop(&mut self) {
        self.waiting.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

impl Incoming {
    /// Parses the event. From then on, its bytes do not count as waiting.
    pub(crate) fn parse(self) -> ParsedEvent {
        ParsedEvent::parse(&self.packet, self.binary, self.acknowledgement)
    }
}

impl ParsedEvent {
    /// Parses a packet. An event without a name, or with a long one, is answered as `message`.
    fn parse(packet: &str, binary: bool, acknowledgement: Option<i64>) -> Self {
        let (command, payload) = match serde_json::from_str::<Vec<&RawValue>>(packet) {
            Ok(parts) => Self::split(&parts, binary),
            Err(_) => (None, Err("this is not a JSON array")),
        };
        let command = command.unwrap_or_else(|| "message".to_owned());
        let request_id = payload.as_ref().ok().and_then(request_id);
        let kind = CommandKind::from_name(&command);
        let payload = payload.map_err(|message| Violation::new("", message));
        Self { kind, payload, reply_to: ReplyTo { command, request_id, acknowledgement } }
    }

    /// Returns the name and the only argument.
    fn split(parts: &[&RawValue], binary: bool) -> (Option<String>, Result<Value, &'static str>) {
        let name = parts.first().and_then(|name| serde_json::from_str::<String>(name.get()).ok());
        let Some(name) = name.filter(|name| name.len() <= MAX_NAME_BYTES) else {
            return (None, Err("the event has no name that a command could have"));
        };
        let payload = match &parts[1..] {
            _ if binary => Err("binary data is not accepted"),
            [] => Ok(Value::Null),
            [argument] => serde_json::from_str(argument.get()).map_err(|_| "the argument is not valid JSON"),
            _ => Err("a command takes one JSON object, and got more than one argument"),
        };
        (Some(name), payload)
    }
}

fn request_id(payload: &Value) -> Option<RequestId> {
    RequestId::try_from(payload.get("requestId")?.as_str()?).ok()
}

impl ReplyTo {
    /// Answers with the reply to a command.
    pub(crate) fn success(self, outbox: &Arc<SocketOutbox>, reply: Box<RawValue>) {
        self.send(outbox, "success", reply);
    }

    /// Answers with an error. An exceeded limit is also reported by an `error` event, before the answer.
    pub(crate) fn error(self, outbox: &Arc<SocketOutbox>, clock: &dyn Clock, error: &ErrorBody) {
        let request_id = self.request_id.as_ref();
        if error.code == Code::RateLimit {
            SharedOutbox(Arc::clone(outbox)).push(error_event(clock, error, request_id));
        }
        let reply = failure(request_id, error);
        self.send(outbox, "error", reply);
    }

    fn send(self, outbox: &Arc<SocketOutbox>, outcome: &str, reply: Box<RawValue>) {
        outbox.answer(match self.acknowledgement {
            Some(id) => Outgoing::Acknowledgement(id, reply),
            None => Outgoing::Answer(format!("{}:{outcome}", self.command), reply),
        });
    }
}

/// Returns the `error` event for an error.
pub(crate) fn error_event(clock: &dyn Clock, error: &ErrorBody, request_id: Option<&RequestId>) -> Frame {
    let event = Ephemeral::Error(data::ErrorEvent {
        code: error.code,
        message: error.message.clone(),
        timestamp: clock.now(),
        request_id: request_id.cloned(),
        retry_after: error.retry_after,
        limit: error.limit,
        remaining: error.remaining,
        reset: error.reset,
    });
    Frame::ephemeral(clock, &event, About::default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(packet: &str, binary: bool, name: &str, readable: bool) {
        let event = ParsedEvent::parse(packet, binary, None);
        assert_eq!((event.reply_to.command.as_str(), event.payload.is_ok()), (name, readable), "{packet}");
    }

    #[test]
    fn an_error_is_answered_under_the_events_name_if_it_can_be_read() {
        check(r#"["task:get",{"taskId":"t"}]"#, false, "task:get", true);
        check(r#"["view:leave"]"#, false, "view:leave", true);
        check(r#"["task:get",{},{}]"#, false, "task:get", false);
        check(r#"["task:get",{"taskId":"\ud800"}]"#, false, "task:get", false);
        check(r#"["task:get",{"_placeholder":true,"num":0}]"#, true, "task:get", false);
        check("[7,{}]", false, "message", false);
        check("[]", false, "message", false);
        check(&format!(r#"["{}",{{}}]"#, "x".repeat(MAX_NAME_BYTES + 1)), false, "message", false);
        check("{}", false, "message", false);
        check(&format!(r#"["task:get",{}]"#, "[".repeat(30_000)), false, "message", false);
    }
}
