//! Request bodies must keep a minimum pace, on every path: a client that sends a byte now and then would otherwise
//! hold a connection, and its handler's resources, for as long as it likes.

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    Router,
    body::{Body, Bytes, HttpBody},
    response::{IntoResponse as _, Response},
};
use http::{HeaderValue, Request, StatusCode, header};
use http_body::{Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::{Instant, Sleep, sleep_until};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

/// How long the server waits for a body at first. Received bytes extend the remaining time, but never beyond this, so
/// that a fast start does not allow a slow body indefinitely.
const GRACE: Duration = Duration::from_secs(10);
/// How many received bytes extend the remaining time by one second.
const MIN_BYTES_PER_SECOND: f64 = 8.0 * 1024.0;

/// Answers a request. If its body is too slow, the handler is dropped, and the answer is 408.
pub(crate) async fn serve(router: Router, request: Request<Incoming>) -> Result<Response, Infallible> {
    let timed_out = CancellationToken::new();
    let request = request.map(|body| match body.is_end_stream() {
        true => Body::new(body),
        false => Body::new(Paced { body, timed_out: timed_out.clone(), remaining: GRACE, waiting: None }),
    });
    tokio::select! {
        answer = router.oneshot(request) => answer,
        () = timed_out.cancelled() => Ok(too_slow()),
    }
}

fn too_slow() -> Response {
    let mut answer = (StatusCode::REQUEST_TIMEOUT, "the body of the request came too slowly\n").into_response();
    answer.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    answer
}

/// A body with a time limit. Only the time in which a reader waits for it counts.
struct Paced {
    body: Incoming,
    /// Cancelled when time is up.
    timed_out: CancellationToken,
    /// How much longer the reader waits.
    remaining: Duration,
    /// While the reader waits: since when, and the timer that ends the wait.
    waiting: Option<(Instant, Pin<Box<Sleep>>)>,
}

impl HttpBody for Paced {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        if let Poll::Ready(received) = polled {
            if let Some((since, _)) = self.waiting.take() {
                self.remaining = self.remaining.saturating_sub(since.elapsed());
            }
            let bytes = received.as_ref().and_then(|frame| frame.as_ref().ok()?.data_ref()).map_or(0, Bytes::len);
            let extension = Duration::from_secs_f64(bytes as f64 / MIN_BYTES_PER_SECOND);
            self.remaining = GRACE.min(self.remaining + extension);
            return Poll::Ready(received);
        }
        let remaining = self.remaining;
        let (_, timer) = self.waiting.get_or_insert_with(|| {
            let now = Instant::now();
            (now, Box::pin(sleep_until(now + remaining)))
        });
        if timer.as_mut().poll(context).is_ready() {
            self.timed_out.cancel();
        }
        Poll::Pending
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
