//! The one way in: every command of a socket passes here, in the order in which it was sent, through the same gates.

use std::sync::Arc;

use boardwire_protocol::{Code, Command, CommandGroup, CommandKind, Decoded, ErrorBody, RequestId, success};
use boardwire_services::clock::Clock;
use boardwire_subscriptions::{Outbox as _, Socket};
use serde_json::{Value, json, value::RawValue};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use crate::{
    Gateway,
    outbox::{Handle, SocketOutbox},
    reply::{ReplyTo, error_frame},
    session,
    transport::Waiting,
};

/// One event of a client, as it came.
pub(crate) struct Incoming {
    /// The JSON array of the event's name and arguments.
    pub(crate) packet: String,
    /// Whether it came with binary data, which no command takes.
    pub(crate) binary: bool,
    pub(crate) acknowledgement: Option<i64>,
    /// Counts it among the bytes that wait, until its turn has come.
    pub(crate) _waiting: Waiting,
}

/// A connection and all that its commands need.
pub(crate) struct Pipeline {
    pub(crate) gateway: Arc<Gateway>,
    pub(crate) socket: Arc<Socket>,
    pub(crate) outbox: Arc<SocketOutbox>,
    /// Asks the connection to look at its credentials again.
    pub(crate) recheck: Arc<Notify>,
    /// Cancelled when the connection has ended.
    pub(crate) closed: CancellationToken,
}

impl Pipeline {
    /// Executes one command and answers it. When the connection has ended, nobody is there for an answer: then only changes
    /// are executed.
    pub(crate) async fn run(&self, incoming: Incoming) {
        let Incoming { packet, binary, acknowledgement, _waiting: waiting } = incoming;
        let (name, payload) = split(&packet, binary);
        drop(waiting);
        let kind = CommandKind::from_name(&name);
        if self.closed.is_cancelled() && kind.is_none_or(|kind| kind.group() != CommandGroup::Change) {
            return;
        }
        let span = tracing::info_span!("cmd", name = kind.map_or("unknown", CommandKind::name));
        self.gates(kind, payload, ReplyTo { command: name, acknowledgement }).instrument(span).await;
    }

    async fn gates(&self, kind: Option<CommandKind>, payload: Result<Value, &'static str>, reply_to: ReplyTo) {
        let request_id = payload.as_ref().ok().and_then(request_id_of);
        let outcome = match self.admit(kind).await {
            Err(error) => Err(error),
            Ok(()) => self.carry_out(kind, payload).await,
        };
        match outcome {
            Ok(reply) => reply_to.success(&self.outbox, reply),
            Err(error) => {
                tracing::debug!(code = error.code.as_str(), "refused");
                if error.code == Code::RateLimit {
                    let clock = self.gateway.gate.clock();
                    Handle(Arc::clone(&self.outbox)).push(error_frame(clock, &error, request_id.as_ref()));
                }
                reply_to.error(&self.outbox, request_id.as_ref(), &error);
            }
        }
    }

    /// The gates that come before the payload is looked at: still valid, not too often.
    async fn admit(&self, kind: Option<CommandKind>) -> Result<(), ErrorBody> {
        let passed = self.gateway.gate.admit(self.socket.caller(), kind).await?;
        if passed.renewed {
            self.gateway.gate.hub().renew(&self.socket, passed.caller);
            // What was looked at may have changed while the use was noted.
            self.recheck.notify_one();
        }
        Ok(())
    }

    /// What comes after the gates, counted.
    async fn carry_out(
        &self,
        kind: Option<CommandKind>,
        payload: Result<Value, &'static str>,
    ) -> Result<Box<RawValue>, ErrorBody> {
        let gate = &self.gateway.gate;
        let begun = gate.clock().monotonic();
        let outcome = match (kind, payload) {
            (_, Err(message)) => Err(unreadable(message)),
            (None, Ok(_)) => Err(ErrorBody::new(Code::UnknownEvent, "there is no command of this name")),
            (Some(kind), Ok(payload)) => self.execute(kind, payload).await,
        };
        gate.count(kind, begun, outcome.as_ref());
        outcome
    }

    async fn execute(&self, kind: CommandKind, payload: Value) -> Result<Box<RawValue>, ErrorBody> {
        let gate = &self.gateway.gate;
        let Decoded { command, request_id } = gate.decode(kind, payload)?;
        let caller = self.socket.caller();
        match command {
            Command::Change(change) => gate.change(&caller, request_id, change, Some(self.socket.origin())).await,
            Command::Query(query) => gate.query(&caller, request_id.as_ref(), query).await,
            Command::Session(command) => {
                let result = session::run(gate, &self.socket, &self.recheck, command).await?;
                Ok(success(request_id.as_ref(), None, &result))
            }
        }
    }
}

/// Refuses a command that is too large. It is answered at once, ahead of those that wait.
pub(crate) fn refuse_size(outbox: &Arc<SocketOutbox>, max: usize, packet: &str, acknowledgement: Option<i64>) {
    let (command, payload) = split(packet, false);
    let request_id = payload.ok().as_ref().and_then(request_id_of);
    let message = format!("the message has {} bytes; at most {max} are accepted", packet.len());
    let error = ErrorBody::new(Code::PayloadTooLarge, message);
    ReplyTo { command, acknowledgement }.error(outbox, request_id.as_ref(), &error);
}

/// Refuses a command for which there is no place in the queue. It is answered at once, ahead of those that wait.
pub(crate) fn refuse_overflow(outbox: &Arc<SocketOutbox>, clock: &dyn Clock, places: usize, refused: &Incoming) {
    let (command, payload) = split(&refused.packet, refused.binary);
    let request_id = payload.ok().as_ref().and_then(request_id_of);
    let message = "too many commands wait for their turn; wait for answers first";
    let error = ErrorBody {
        retry_after: Some(1.0),
        limit: u32::try_from(places).ok(),
        remaining: Some(0),
        reset: Some(clock.now().0 + 1000),
        ..ErrorBody::new(Code::RateLimit, message)
    };
    Handle(Arc::clone(outbox)).push(error_frame(clock, &error, request_id.as_ref()));
    ReplyTo { command, acknowledgement: refused.acknowledgement }.error(outbox, request_id.as_ref(), &error);
}

fn request_id_of(payload: &Value) -> Option<RequestId> {
    RequestId::try_from(payload.get("requestId")?.as_str()?).ok()
}

fn unreadable(message: &str) -> ErrorBody {
    ErrorBody::new(Code::InvalidMessage, message).with_details(json!([{"path": "", "message": message}]))
}

/// The longest name of an event that is given back in an answer, in bytes. Names of commands are shorter.
const LONGEST_NAME: usize = 100;

/// The name and the one argument of an event. What has no name, or a long one, is answered as `message`.
fn split(packet: &str, binary: bool) -> (String, Result<Value, &'static str>) {
    let nameless = |message| ("message".to_owned(), Err(message));
    let Ok(parts) = serde_json::from_str::<Vec<&RawValue>>(packet) else { return nameless("this is not a JSON array") };
    let mut parts = parts.into_iter();
    let name = parts.next().and_then(|name| serde_json::from_str::<String>(name.get()).ok());
    let Some(name) = name.filter(|name| name.len() <= LONGEST_NAME) else {
        return nameless("the event has no name that a command could have");
    };
    let payload = match (parts.next(), parts.next()) {
        _ if binary => Err("binary data is not accepted"),
        (None, _) => Ok(Value::Null),
        (Some(argument), None) => serde_json::from_str(argument.get()).map_err(|_| "the argument is not valid JSON"),
        (_, Some(_)) => Err("a command takes one JSON object, and got more than one argument"),
    };
    (name, payload)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(packet: &str, binary: bool, name: &str, readable: bool) {
        let (found, payload) = split(packet, binary);
        assert_eq!((found.as_str(), payload.is_ok()), (name, readable), "{packet}");
    }

    #[test]
    fn what_is_wrong_is_answered_under_the_name_that_can_be_read() {
        check(r#"["task:get",{"taskId":"t"}]"#, false, "task:get", true);
        check(r#"["view:leave"]"#, false, "view:leave", true);
        check(r#"["task:get",{},{}]"#, false, "task:get", false);
        check(r#"["task:get",{"taskId":"\ud800"}]"#, false, "task:get", false);
        check(r#"["task:get",{"_placeholder":true,"num":0}]"#, true, "task:get", false);
        check("[7,{}]", false, "message", false);
        check("[]", false, "message", false);
        check(&format!(r#"["{}",{{}}]"#, "x".repeat(LONGEST_NAME + 1)), false, "message", false);
        check("{}", false, "message", false);
        check(&format!(r#"["task:get",{}]"#, "[".repeat(30_000)), false, "message", false);
    }
}
