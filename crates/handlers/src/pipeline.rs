//! The one way in: every command of a socket passes here, in the order in which it was sent, through the same gates.

use std::sync::Arc;

use boardwire_protocol::{Code, Command, CommandKind, Decoded, ErrorBody, Invalid, RequestId, success};
use boardwire_services::{Fault, clock::Clock};
use boardwire_subscriptions::{Outbox as _, Socket};
use serde_json::{Value, json, value::RawValue};
use tracing::Instrument as _;

use crate::{
    Gateway,
    outbox::{Handle, SocketOutbox},
    reply::{ReplyTo, error_frame, rate_limited},
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
}

impl Pipeline {
    /// Executes one command and answers it.
    pub(crate) async fn run(&self, incoming: Incoming) {
        let Incoming { packet, binary, acknowledgement, _waiting: waiting } = incoming;
        let (name, payload) = split(&packet, binary);
        drop(waiting);
        let kind = CommandKind::from_name(&name);
        let span = tracing::info_span!("cmd", name = kind.map_or("unknown", CommandKind::name));
        self.gates(kind, payload, ReplyTo { command: name, acknowledgement }).instrument(span).await;
    }

    async fn gates(&self, kind: Option<CommandKind>, payload: Result<Value, &'static str>, reply_to: ReplyTo) {
        let request_id = payload.as_ref().ok().and_then(request_id_of);
        let outcome = match (self.admit(kind), payload) {
            (Err(error), _) => Err(error),
            (Ok(_), Err(message)) => Err(unreadable(message)),
            (Ok(None), Ok(_)) => Err(ErrorBody::new(Code::UnknownEvent, "there is no command of this name")),
            (Ok(Some(kind)), Ok(payload)) => self.execute(kind, payload).await,
        };
        match outcome {
            Ok(reply) => reply_to.success(&self.outbox, reply),
            Err(error) => {
                tracing::debug!(code = error.code.as_str(), "refused");
                if error.code == Code::RateLimit {
                    let clock = &**self.gateway.services.clock();
                    Handle(Arc::clone(&self.outbox)).push(error_frame(clock, &error, request_id.as_ref()));
                }
                reply_to.error(&self.outbox, request_id.as_ref(), &error);
            }
        }
    }

    /// The gates that come before the payload is looked at: still valid, not too often.
    fn admit(&self, kind: Option<CommandKind>) -> Result<Option<CommandKind>, ErrorBody> {
        let clock = &**self.gateway.services.clock();
        let principal = self.socket.caller().principal();
        if principal.expired_at(clock.now().0) {
            return Err(ErrorBody::new(Code::Unauthenticated, "the credentials have expired; connect again"));
        }
        let limiter = match kind {
            Some(CommandKind::ViewBoard | CommandKind::ViewTask | CommandKind::ViewLeave) => &self.gateway.activity,
            _ => &self.gateway.commands,
        };
        let allowed = limiter.check(&principal.user, 1, clock.monotonic());
        allowed.map_err(|refused| rate_limited(clock, &refused))?;
        Ok(kind)
    }

    async fn execute(&self, kind: CommandKind, payload: Value) -> Result<Box<RawValue>, ErrorBody> {
        let Decoded { command, request_id } = Decoded::from_payload(kind, payload).map_err(invalid)?;
        let caller = self.socket.caller();
        let services = &self.gateway.services;
        match command {
            Command::Change(change) => {
                let applied = services.change(caller, request_id.clone(), change, Some(self.socket.origin())).await;
                let applied = applied.map_err(|fault| self.fault(&fault))?;
                Ok(success(request_id.as_ref(), Some(applied.seq), &applied.result))
            }
            Command::Query(query) => {
                let result = services.query(caller, query).await.map_err(|fault| self.fault(&fault))?;
                Ok(success(request_id.as_ref(), None, &result))
            }
            Command::Session(command) => {
                let result = session::run(&self.gateway, &self.socket, command).await?;
                Ok(success(request_id.as_ref(), None, &result))
            }
        }
    }

    fn fault(&self, fault: &Fault) -> ErrorBody {
        fault.body(|| self.gateway.services.clock().new_id())
    }
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

fn invalid(invalid: Invalid) -> ErrorBody {
    let sentence = invalid.violations.iter().map(|violation| match violation.path.as_str() {
        "" => violation.message.clone(),
        path => format!("{path}: {}", violation.message),
    });
    let message = sentence.collect::<Vec<_>>().join("; ");
    ErrorBody::new(Code::InvalidMessage, message).with_details(json!(invalid.violations))
}

fn unreadable(message: &str) -> ErrorBody {
    ErrorBody::new(Code::InvalidMessage, message).with_details(json!([{"path": "", "message": message}]))
}

/// The name and the one argument of an event. What has no name is answered as `message`.
fn split(packet: &str, binary: bool) -> (String, Result<Value, &'static str>) {
    let nameless = |message| ("message".to_owned(), Err(message));
    let Ok(parts) = serde_json::from_str::<Vec<&RawValue>>(packet) else { return nameless("this is not a JSON array") };
    let mut parts = parts.into_iter();
    let name = parts.next().and_then(|name| serde_json::from_str::<String>(name.get()).ok());
    let Some(name) = name else { return nameless("the event has no name") };
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
        check("{}", false, "message", false);
        check(&format!(r#"["task:get",{}]"#, "[".repeat(30_000)), false, "message", false);
    }
}
