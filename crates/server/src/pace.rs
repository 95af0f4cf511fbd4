//! Request bodies must keep a minimum pace, at every door: a client that sends a byte now and then would otherwise hold
//! a connection, and its handler's resources, for as long as it likes.

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

/// How long the server waits for a body that hardly progresses. Received bytes add time, up to this much again, so that
/// a fast start does not allow a slow body for ever.
const GRACE: Duration = Duration::from_secs(10);
/// How many bytes add one second.
const LEAST_RATE: f64 = 8.0 * 1024.0;

/// Answers a request. If its body is too slow, the handler is dropped, and the answer is 408.
pub(crate) async fn serve(router: Router, request: Request<Incoming>) -> Result<Response, Infallible> {
    let late = CancellationToken::new();
    let request = request.map(|body| match body.is_end_stream() {
        true => Body::new(body),
        false => Body::new(Paced { body, late: late.clone(), left: GRACE, waiting: None }),
    });
    tokio::select! {
        answer = router.oneshot(request) => answer,
        () = late.cancelled() => Ok(too_slow()),
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
    late: CancellationToken,
    /// How much longer the reader waits.
    left: Duration,
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
        if let Poll::Ready(came) = polled {
            if let Some((since, _)) = self.waiting.take() {
                self.left = self.left.saturating_sub(since.elapsed());
            }
            let bytes = came.as_ref().and_then(|frame| frame.as_ref().ok()?.data_ref()).map_or(0, Bytes::len);
            self.left = GRACE.min(self.left + Duration::from_secs_f64(bytes as f64 / LEAST_RATE));
            return Poll::Ready(came);
        }
        let left = self.left;
        let (_, until) = self.waiting.get_or_insert_with(|| {
            let now = Instant::now();
            (now, Box::pin(sleep_until(now + left)))
        });
        if until.as_mut().poll(context).is_ready() {
            self.late.cancel();
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
