//! The parts that all streams of server-sent events share: their listener, their response and their end.

use std::{convert::Infallible, net::IpAddr, time::Duration};

use axum::response::{
    IntoResponse, Response, Sse,
    sse::{Event, KeepAlive},
};
use boardwire_gate::{FollowError, FollowRequest, Follower, Listener, ListenerEvent, Peer, STREAM_CACHE_CONTROL};
use boardwire_metrics::TransportKind;
use boardwire_protocol::{Code, ErrorBody};
use boardwire_services::Caller;
use futures_util::{Stream, StreamExt as _};
use http::{Extensions, HeaderMap, HeaderName, HeaderValue, header};

use crate::{door::Door, problem::Problem};

/// How long a client is asked to wait before it reconnects.
const RETRY: Duration = Duration::from_secs(1);
/// How often something is sent on a quiet stream, so that no proxy considers it dead.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// Returns whether a request asks for a stream.
pub(crate) fn is_wanted(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let mut kinds = accepted.flat_map(|value| value.split(','));
    kinds.any(|kind| kind.split(';').next().is_some_and(|kind| kind.trim() == "text/event-stream"))
}

/// Begins to listen for the sender of a request with these extensions.
pub(crate) fn listen(door: &Door, caller: Caller, extensions: &Extensions) -> Result<Listener, Problem> {
    let permit = door.gate().connection_permit(&caller, address(extensions)).ok_or_else(too_many_connections)?;
    Ok(door.gate().listen(caller, permit, TransportKind::Stream))
}

/// Begins to follow a board for the sender of a request with these extensions.
pub(crate) async fn follow(
    door: &Door,
    caller: Caller,
    extensions: &Extensions,
    request: FollowRequest,
) -> Result<Follower, Problem> {
    let followed = door.gate().follow(caller, address(extensions), TransportKind::Stream, request).await;
    followed.map_err(|error| match error {
        FollowError::Refused(error) => error.into(),
        FollowError::TooManyConnections => too_many_connections(),
    })
}

fn address(extensions: &Extensions) -> Option<IpAddr> {
    extensions.get::<Peer>().map(|peer| peer.address)
}

fn too_many_connections() -> Problem {
    Problem::wait(Duration::from_secs(1), "too many connections")
}

/// Returns the response that carries this stream. An error is the stream's last item.
pub(crate) fn answer(stream: impl Stream<Item = Result<Event, ErrorBody>> + Send + 'static) -> Response {
    let events = stream
        .flat_map(|item| futures_util::stream::iter(item.map_or_else(|error| end_events(&error), |event| vec![event])));
    let first = futures_util::stream::iter([Event::default().retry(RETRY)]);
    let sse = Sse::new(first.chain(events).map(Ok::<_, Infallible>)).keep_alive(KeepAlive::new().interval(KEEP_ALIVE));
    // Asks proxies that buffer or compress not to.
    let buffering = (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    let transforming = (header::CACHE_CONTROL, STREAM_CACHE_CONTROL);
    ([buffering, transforming], sse).into_response()
}

/// Returns the error with which this event ends a stream, if it does.
pub(crate) fn end_of(event: &ListenerEvent) -> Option<ErrorBody> {
    Some(match event {
        ListenerEvent::Frame(_) => return None,
        ListenerEvent::Lost(_) => ErrorBody::new(Code::NotFound, "this board can't be read any more"),
        ListenerEvent::Unauthenticated(reason) => ErrorBody::new(Code::Unauthenticated, *reason),
        ListenerEvent::Overrun => {
            ErrorBody::new(Code::Unavailable, "the stream was read too slowly; connect again with the last id")
        }
        ListenerEvent::Closing => ErrorBody::new(Code::Unavailable, "the server closes; connect again"),
    })
}

/// Returns the events that end a stream: `end`, and `error` for clients that predate `end`. A browser's `EventSource`
/// has an event `error` of its own; a page that listens for `end`, and closes then, receives only `end`.
fn end_events(error: &ErrorBody) -> Vec<Event> {
    let data = serde_json::to_string(error).unwrap_or_default();
    ["end", "error"].map(|name| Event::default().event(name).data(&data)).to_vec()
}
