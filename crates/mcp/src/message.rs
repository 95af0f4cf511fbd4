//! What the protocol library does not do for the messages of a request and its answer: refuse malformed JSON well, and
//! respect the peculiarities of older revisions.
//!
//! Only 2025-03-26 has batches: several messages in one list. Revisions before 2025-11-25 have no events without data,
//! with which the library begins each stream so that it can be resumed; their clients take such an event for a damaged
//! message.

use std::future::ready;

use axum::{
    body::{Body, Bytes},
    extract::FromRequest as _,
    response::{IntoResponse as _, Response},
};
use boardwire_gate::STREAM_CACHE_CONTROL;
use boardwire_protocol::{Code, ErrorBody};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use http::{HeaderMap, Request, StatusCode, header, request::Parts};
use rmcp::{
    ErrorData,
    model::{ErrorCode, ProtocolVersion},
};
use serde_json::{Value, value::RawValue};

use crate::problem;

/// The most messages in a batch.
const MAX_BATCH: usize = 64;
/// The media type of a stream of events.
const EVENT_STREAM: &str = "text/event-stream";
const JSON: &str = "application/json";

/// The content of a request.
pub(crate) enum RequestContent {
    One {
        body: Bytes,
        /// Set if it begins a session: the revision that it asks for.
        begins: Option<ProtocolVersion>,
    },
    /// The messages of a batch.
    Batch(Vec<Bytes>),
}

/// Why a request can't be read, with the status of the answer.
pub(crate) struct Unreadable(pub(crate) StatusCode, pub(crate) ErrorData);

impl Unreadable {
    fn new(status: StatusCode, code: ErrorCode, message: impl Into<String>) -> Self {
        let error = ErrorBody::new(Code::InvalidMessage, message);
        let data = problem::failure_object(&error);
        Self(status, ErrorData::new(code, error.message, Some(data)))
    }

    fn invalid(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, ErrorCode::INVALID_REQUEST, message)
    }

    /// Returns the error for JSON that is not a message of the protocol. The library would blame the media type, though
    /// that is correct.
    pub(crate) fn not_a_message() -> Self {
        Self::invalid("this is no request, notification or answer of the protocol")
    }
}

/// Reads the body of a POST.
///
/// # Errors
/// The body is not JSON, is not declared as JSON, is too large, or is a batch of too many messages.
pub(crate) async fn read(parts: &Parts, body: Body) -> Result<RequestContent, Unreadable> {
    if !has_content_type(&parts.headers, JSON) {
        let message = "the body must be JSON, and the header Content-Type say application/json";
        return Err(Unreadable::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, ErrorCode::INVALID_REQUEST, message));
    }
    let body = Bytes::from_request(Request::from_parts(parts.clone(), body), &()).await;
    let body = body.map_err(|error| Unreadable::new(error.status(), ErrorCode::INVALID_REQUEST, error.body_text()))?;
    let not_json = |error: serde_json::Error| {
        Unreadable::new(StatusCode::BAD_REQUEST, ErrorCode::PARSE_ERROR, format!("the body is not JSON: {error}"))
    };
    if body.trim_ascii_start().first() == Some(&b'[') {
        let messages: Vec<Box<RawValue>> = serde_json::from_slice(&body).map_err(not_json)?;
        if !(1..=MAX_BATCH).contains(&messages.len()) {
            return Err(Unreadable::invalid(format!("a batch has 1 to {MAX_BATCH} messages")));
        }
        return Ok(RequestContent::Batch(
            messages.iter().map(|message| Bytes::copy_from_slice(message.get().as_bytes())).collect(),
        ));
    }
    let message: Value = serde_json::from_slice(&body).map_err(not_json)?;
    let begins = (message["method"] == "initialize").then(|| &message["params"]["protocolVersion"]);
    let begins = begins.and_then(|version| serde_json::from_value(version.clone()).ok());
    Ok(RequestContent::One { body, begins })
}

/// Checks that batches are allowed.
///
/// # Errors
/// There is no session, or it is of another revision.
pub(crate) fn require_batches(session: Option<&ProtocolVersion>) -> Result<(), Unreadable> {
    match session == Some(&ProtocolVersion::V_2025_03_26) {
        true => Ok(()),
        false => Err(Unreadable::invalid(
            "send one message at a time: only sessions of the revision 2025-03-26 have batches",
        )),
    }
}

/// Joins the answers to a batch into one stream. Without answers, the response is 202.
pub(crate) fn join_answers(answers: Vec<Response>) -> Response {
    if answers.is_empty() {
        return StatusCode::ACCEPTED.into_response();
    }
    let bodies = stream::iter(answers.into_iter().map(|answer| answer.into_body().into_data_stream()));
    ([(header::CONTENT_TYPE, EVENT_STREAM), (header::CACHE_CONTROL, "no-cache")], Body::from_stream(bodies.flatten()))
        .into_response()
}

/// Removes from a stream the events that clients of this revision do not know.
pub(crate) fn without_unknown_events(revision: &ProtocolVersion, answer: Response) -> Response {
    let older = [ProtocolVersion::V_2024_11_05, ProtocolVersion::V_2025_03_26, ProtocolVersion::V_2025_06_18];
    if !older.contains(revision) || !has_content_type(answer.headers(), EVENT_STREAM) {
        return answer;
    }
    // The library writes each event in one piece.
    answer.map(|body| Body::from_stream(body.into_data_stream().try_filter(|event| ready(!is_bare(event)))))
}

/// If the answer is a stream, asks proxies and layers not to compress it.
pub(crate) fn forbid_transforming(mut answer: Response) -> Response {
    if has_content_type(answer.headers(), EVENT_STREAM) {
        answer.headers_mut().insert(header::CACHE_CONTROL, STREAM_CACHE_CONTROL);
    }
    answer
}

/// Returns whether this is an event without data.
fn is_bare(event: &[u8]) -> bool {
    let mut data = event.split(|byte| *byte == b'\n').filter_map(|line| line.strip_prefix(b"data:")).peekable();
    data.peek().is_some() && data.all(|data| data.trim_ascii().is_empty())
}

fn has_content_type(headers: &HeaderMap, media_type: &str) -> bool {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().is_some_and(|essence| essence.trim().eq_ignore_ascii_case(media_type))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_without_data_are_recognised() {
        assert!(is_bare(b"id: 0\nretry: 3000\ndata: \n\n"));
        assert!(is_bare(b"data:\nid:0/1\nretry:3000\n\n"));
        assert!(!is_bare(b"data: {}\nid: 1\n\n"));
        assert!(!is_bare(b":\n\n"), "a comment keeps the connection open");
    }
}
