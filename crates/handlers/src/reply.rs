//! Replies: the same object to the callback, or as `<command>:success` or `<command>:error`.

use std::sync::Arc;

use boardwire_protocol::{Code, Ephemeral, ErrorBody, RequestId, data, failure};
use boardwire_rate_limit::Refused;
use boardwire_services::clock::Clock;
use boardwire_subscriptions::Frame;
use serde_json::value::RawValue;

use crate::outbox::{Outgoing, SocketOutbox, frame};

/// Where the answer to one command goes.
pub(crate) struct ReplyTo {
    pub(crate) command: String,
    pub(crate) acknowledgement: Option<i64>,
}

impl ReplyTo {
    pub(crate) fn success(self, outbox: &Arc<SocketOutbox>, reply: Box<RawValue>) {
        self.send(outbox, "success", reply);
    }

    pub(crate) fn error(self, outbox: &Arc<SocketOutbox>, request_id: Option<&RequestId>, error: &ErrorBody) {
        self.send(outbox, "error", failure(request_id, error));
    }

    fn send(self, outbox: &Arc<SocketOutbox>, outcome: &str, reply: Box<RawValue>) {
        outbox.answer(match self.acknowledgement {
            Some(id) => Outgoing::Acknowledgement(id, reply),
            None => Outgoing::Answer(format!("{}:{outcome}", self.command), reply),
        });
    }
}

/// `RATE_LIMIT` with the binding limit.
pub(crate) fn rate_limited(clock: &dyn Clock, refused: &Refused) -> ErrorBody {
    let wait = refused.retry_after;
    // Rounded up to the millisecond: who waits this long is let in.
    let millis = wait.as_nanos().div_ceil(1_000_000);
    let seconds = millis as f64 / 1000.0;
    let reset =
        clock.now().0 + i64::try_from(refused.info.reset.as_nanos().div_ceil(1_000_000)).unwrap_or(i64::MAX / 2);
    ErrorBody {
        retry_after: Some(seconds),
        limit: Some(refused.info.limit),
        remaining: Some(refused.info.remaining),
        reset: Some(reset),
        ..ErrorBody::new(Code::RateLimit, format!("too many requests; try again in {seconds} s"))
    }
}

/// The same error as an `error` event.
pub(crate) fn error_frame(clock: &dyn Clock, error: &ErrorBody, request_id: Option<&RequestId>) -> Frame {
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
    frame(clock, &event)
}
