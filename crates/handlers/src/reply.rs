//! Replies: the same object goes to the callback, or is sent as `<command>:success` or `<command>:error`.

use std::sync::Arc;

use boardwire_protocol::{Ephemeral, ErrorBody, RequestId, data, failure};
use boardwire_services::clock::Clock;
use boardwire_subscriptions::{About, Frame};
use serde_json::value::RawValue;

use crate::{outbox::SocketOutbox, queue::Outgoing};

/// The destination of the answer to one command.
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

/// Returns the same error as an `error` event.
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
    Frame::ephemeral(clock, &event, About::default())
}
