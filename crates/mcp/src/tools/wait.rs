//! The tool that waits for changes of a board. It returns those after `since` or, if there are none, waits for the
//! first.

use std::{sync::Arc, time::Duration};

use boardwire_gate::{Charge, FollowError, FollowRequest, Followed, Follower, Gate, ListenerEvent};
use boardwire_metrics::TransportKind;
use boardwire_protocol::{Code, CommandGroup, Epoch, ErrorBody, Seq};
use boardwire_subscriptions::{Frame, Joined};
use rmcp::{
    ErrorData, RoleServer,
    model::{CallToolResult, JsonObject, ProgressNotificationParam},
    service::RequestContext,
};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep_until, timeout_at};

use super::answer::answer;
use crate::{front::CallerContext, problem::invalid, shape::Shape};

pub(crate) const NAME: &str = "wait_for_changes";
pub(crate) const DESCRIPTION: &str = "Returns what happened on a board after seq since: at once if there is something, else as soon as something happens, or \
     timedOut after timeoutSeconds. Call it again with the seq and epoch that it returned: nothing is missed, nothing comes \
     twice. recovered false: the log does not reach back that far; read get_board and go on from its seq.";

/// Events within this time after the first are part of the same answer.
const GATHER_TIME: Duration = Duration::from_millis(50);
const PROGRESS_EVERY: Duration = Duration::from_secs(5);
const DEFAULT_TIMEOUT: u64 = 25;
const MAX_TIMEOUT: u64 = 55;
const DEFAULT_LIMIT: u64 = 100;
const MAX_LIMIT: u64 = 500;

/// Returns the schema of the arguments.
pub(crate) fn arguments() -> JsonObject {
    let id = |description: &str| json!({"type": "string", "minLength": 1, "maxLength": 64, "description": description});
    let properties = json!({
        "boardId": id("The board."),
        "since": {"type": "integer", "minimum": 0, "description": "The seq of the last event that you know: from get_board, or from the last call."},
        "epoch": id("The epoch that since belongs to."),
        "type": {
            "type": "string", "minLength": 1, "maxLength": 64, "pattern": "^[a-z:*]+$", "default": "*",
            "description": "Only events whose name matches; * stands for any run of characters: task:*.",
        },
        "taskId": id("Only events that concern this task."),
        "timeoutSeconds": {"type": "integer", "minimum": 1, "maximum": MAX_TIMEOUT, "default": DEFAULT_TIMEOUT, "description": "How long to wait."},
        "limit": {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT, "description": "At most this many events."},
    });
    [("properties".to_owned(), properties), ("required".to_owned(), json!(["boardId", "since"]))].into_iter().collect()
}

/// The changes to wait for.
struct WaitRequest {
    request: FollowRequest,
    since: Seq,
    timeout: Duration,
    limit: usize,
}

impl WaitRequest {
    fn read(mut arguments: JsonObject) -> Result<Self, ErrorBody> {
        let timeout = number(&mut arguments, "timeoutSeconds", DEFAULT_TIMEOUT, MAX_TIMEOUT)?;
        let limit = number(&mut arguments, "limit", DEFAULT_LIMIT, MAX_LIMIT)?;
        // The remaining arguments are the fields of `subscribe`.
        let mut filters = JsonObject::new();
        filters.extend(arguments.remove("boardId").map(|board| ("boardId".to_owned(), board)));
        filters.extend(arguments.remove("taskId").map(|task| ("taskId".to_owned(), task)));
        arguments.entry("type").or_insert_with(|| "*".into());
        arguments.insert("filters".to_owned(), filters.into());
        let request = FollowRequest::from_fields(arguments, "boardId")?;
        let since = request.resume.as_ref().ok_or_else(|| invalid("since", "is missing"))?.since;
        Ok(Self { request, since, timeout: Duration::from_secs(timeout), limit: limit as usize })
    }
}

fn number(arguments: &mut JsonObject, name: &str, default: u64, max: u64) -> Result<u64, ErrorBody> {
    match arguments.remove(name) {
        None | Some(Value::Null) => Ok(default),
        Some(value) => {
            let number = value.as_u64().filter(|number| (1..=max).contains(number));
            number.ok_or_else(|| invalid(name, &format!("a number from 1 to {max}")))
        }
    }
}

/// Waits for changes. Ends when the request is cancelled or the credentials end.
pub(super) async fn call(
    gate: &Arc<Gate>,
    caller_context: CallerContext,
    arguments: JsonObject,
    shape: Result<Shape, ErrorBody>,
    context: &RequestContext<RoleServer>,
) -> Result<CallToolResult, ErrorData> {
    let waited = tokio::select! {
        waited = wait(gate, caller_context, arguments, &shape, context) => waited,
        () = context.ct.cancelled() => return Err(ErrorData::internal_error("the request was cancelled", None)),
    };
    let shape = shape.unwrap_or_default();
    Ok(match waited {
        Ok(waited) => CallToolResult::structured(waited.into_answer(&shape)),
        Err(error) => answer(Err(error), &shape),
    })
}

async fn wait(
    gate: &Arc<Gate>,
    CallerContext { caller, address }: CallerContext,
    arguments: JsonObject,
    shape: &Result<Shape, ErrorBody>,
    context: &RequestContext<RoleServer>,
) -> Result<Waited, ErrorBody> {
    let caller = gate.admit(caller, Charge::Request(CommandGroup::Query)).await?.into_caller();
    shape.as_ref().map_err(Clone::clone)?;
    let WaitRequest { request, since, timeout, limit } = WaitRequest::read(arguments)?;
    let deadline = Instant::now() + timeout;
    let followed = gate.follow(caller, address, TransportKind::Mcp, request).await;
    let mut follower = followed.map_err(|error| match error {
        FollowError::Refused(error) => error,
        FollowError::TooManyConnections => {
            ErrorBody::new(Code::Unavailable, "too many connections and waits at the same time")
        }
    })?;
    let epoch = follower.epoch().clone();
    let mut waited = Waited { events: Vec::new(), seq: since, epoch, recovered: true, timed_out: false };
    let joined = loop {
        match follower.next().await? {
            Followed::Event(event) => waited.add(event)?,
            Followed::Joined(joined) => break joined,
        }
        if waited.events.len() >= limit {
            return Ok(waited);
        }
    };
    waited.add_joined(joined);
    if !waited.recovered {
        return Ok(waited);
    }
    waited.take_available(&follower, limit)?;
    if waited.events.is_empty() {
        wait_for_first(&mut waited, &mut follower, deadline, context).await?;
    }
    if waited.events.is_empty() {
        waited.timed_out = true;
        return Ok(waited);
    }
    let gathered = Instant::now() + GATHER_TIME;
    while waited.events.len() < limit
        && let Ok(followed) = timeout_at(gathered, follower.next()).await
    {
        if followed.and_then(|followed| waited.add_followed(followed)).is_err() {
            break;
        }
    }
    Ok(waited)
}

/// Waits for the first event, and reports progress if asked to.
async fn wait_for_first(
    waited: &mut Waited,
    follower: &mut Follower,
    deadline: Instant,
    context: &RequestContext<RoleServer>,
) -> Result<(), ErrorBody> {
    let began = Instant::now();
    let token = context.meta.get_progress_token();
    let mut progress_ticks = tokio::time::interval_at(began + PROGRESS_EVERY, PROGRESS_EVERY);
    while waited.events.is_empty() {
        tokio::select! {
            biased;
            followed = follower.next() => waited.add_followed(followed?)?,
            () = sleep_until(deadline) => return Ok(()),
            _ = progress_ticks.tick(), if token.is_some() => {
                if let Some(token) = token.clone() {
                    let total = (deadline - began).as_secs_f64();
                    let progress = ProgressNotificationParam::new(token, began.elapsed().as_secs_f64().round()).with_total(total);
                    // The client may have stopped listening.
                    let _ = context.peer.notify_progress(progress).await;
                }
            }
        }
    }
    Ok(())
}

/// The result of a wait.
struct Waited {
    events: Vec<(Seq, Value)>,
    /// The number of the last event. Without events: no event up to this number matches.
    seq: Seq,
    epoch: Epoch,
    recovered: bool,
    timed_out: bool,
}

impl Waited {
    /// Takes an event. One that ends the wait is an error.
    fn add(&mut self, event: ListenerEvent) -> Result<(), ErrorBody> {
        let error = match event {
            ListenerEvent::Frame(Frame::Durable(entry)) => {
                let envelope = serde_json::from_str(entry.envelope.get()).unwrap_or_default();
                self.seq = entry.seq;
                self.events.push((entry.seq, envelope));
                return Ok(());
            }
            ListenerEvent::Frame(Frame::Ephemeral(..)) => return Ok(()),
            ListenerEvent::Lost(_) => ErrorBody::new(Code::NotFound, "no such board"),
            ListenerEvent::Unauthenticated(reason) => ErrorBody::new(Code::Unauthenticated, reason),
            ListenerEvent::Overrun => ErrorBody::new(Code::Unavailable, "more came than could be taken in; call again"),
            ListenerEvent::Closing => ErrorBody::new(Code::Unavailable, "the server closes; call again"),
        };
        Err(error)
    }

    /// Takes what a follower receives after it has joined.
    fn add_followed(&mut self, followed: Followed) -> Result<(), ErrorBody> {
        match followed {
            Followed::Event(event) => self.add(event),
            Followed::Joined(_) => Ok(()),
        }
    }

    /// Takes the events that have already arrived.
    fn take_available(&mut self, follower: &Follower, limit: usize) -> Result<(), ErrorBody> {
        while self.events.len() < limit
            && let Some(event) = follower.at_hand()
        {
            self.add(event)?;
        }
        Ok(())
    }

    /// Takes the state of the board when the follower joined.
    fn add_joined(&mut self, joined: Joined) {
        self.epoch = joined.epoch.unwrap_or_else(|| self.epoch.clone());
        self.recovered = joined.recovered.unwrap_or(true);
        if self.recovered {
            // With events, `seq` stays that of the last one: more of them may have arrived.
            if self.events.is_empty() {
                self.seq = joined.seq;
            }
        } else {
            self.events.clear();
            self.seq = joined.seq;
        }
    }

    /// Returns the answer. If not all events fit, `seq` is that of the last one included.
    fn into_answer(self, shape: &Shape) -> Value {
        let Self { events, seq, epoch, recovered, timed_out } = self;
        let (numbers, events): (Vec<_>, Vec<_>) = events.into_iter().unzip();
        let first = events.first().map(stub);
        let reply = json!({
            "ok": true, "events": events, "seq": seq, "epoch": epoch, "recovered": recovered, "timedOut": timed_out,
        });
        let mut reply = shape.apply(reply);
        let (Some(first), Some(shown)) = (first, reply["events"].as_array().map(Vec::len)) else { return reply };
        if shown == 0 {
            // An event that is too large by itself must not block those after it.
            reply["events"] = json!([first]);
        }
        if shown < numbers.len()
            && let Some(last) = numbers.get(shown.max(1) - 1)
            && reply.get("seq").is_some()
        {
            reply["seq"] = json!(last);
        }
        reply
    }
}

/// Returns an event without its data.
fn stub(event: &Value) -> Value {
    json!({"type": event["type"], "seq": event["seq"], "userId": event["userId"], "timestamp": event["timestamp"]})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seq_is_that_of_the_last_event_shown() {
        let event = |seq| (Seq(seq), json!({"type": "task:updated", "seq": seq, "data": {"tags": vec!["tag"; 100]}}));
        let waited = |count| Waited {
            events: (1..=count).map(event).collect(),
            seq: Seq(count),
            epoch: Epoch::try_from("e").unwrap(),
            recovered: true,
            timed_out: false,
        };
        assert_eq!(waited(3).into_answer(&Shape::bytes(16_384))["seq"], 3);
        for max in [512, 1500, 4000] {
            let shown = waited(40).into_answer(&Shape::bytes(max));
            let events = shown["events"].as_array().unwrap();
            assert!(!events.is_empty() && events.len() < 40, "{shown}");
            assert_eq!(shown["seq"], events.last().unwrap()["seq"]);
        }
    }
}
