//! A refusal reaches who is still sending. A server that answers early and closes makes the system cut the connection,
//! and with it the answer: so the rest of a body is read first, up to a bound.

use std::{
    pin::{Pin, pin},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    body::{Body, Bytes, HttpBody},
    extract::Request,
    middleware::Next,
    response::Response,
};
use futures_util::future::poll_fn;
use http::HeaderMap;
use tokio::time::timeout;

/// How much of a refused body is read, and for how long. Who sends more has to live with a cut connection.
const MAX_BYTES: usize = 4 << 20;
const PATIENCE: Duration = Duration::from_secs(2);

/// A body that is still there when the handler has let go of it.
#[derive(Clone)]
struct Shared(Arc<Mutex<Body>>);

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Body> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl HttpBody for Shared {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut *self.lock()).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.lock().is_end_stream()
    }

    fn size_hint(&self) -> http_body::SizeHint {
        self.lock().size_hint()
    }
}

/// The middleware.
pub(crate) async fn refused_bodies(request: Request, next: Next) -> Response {
    if request.body().is_end_stream() || expects_continue(request.headers()) {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    let body = Shared(Arc::new(Mutex::new(body)));
    let response = next.run(Request::from_parts(parts, Body::new(body.clone()))).await;
    if !response.status().is_success() {
        let _ = timeout(PATIENCE, drain(body)).await;
    }
    response
}

/// Such a client waits for a go-ahead, and gets the refusal in its place.
fn expects_continue(headers: &HeaderMap) -> bool {
    headers.contains_key(http::header::EXPECT)
}

async fn drain(body: Shared) {
    let mut body = pin!(body);
    let mut left = MAX_BYTES;
    while let Some(Ok(frame)) = poll_fn(|context| body.as_mut().poll_frame(context)).await {
        left = left.saturating_sub(frame.data_ref().map_or(0, Bytes::len));
        if left == 0 {
            return;
        }
    }
}
