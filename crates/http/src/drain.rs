//! Makes sure that a refusal reaches a client that is still sending. If a server answers early and closes, the
//! operating system resets the connection and the answer is lost. So the rest of the body is read first, up to a limit.

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

/// How many bytes of a refused body are read. The connection of a client that sends more may be reset.
const MAX_BYTES: usize = 4 << 20;
/// How long a refused body is read.
const MAX_TIME: Duration = Duration::from_secs(2);

/// A body that outlives the handler that was reading it.
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

/// Middleware that reads the rest of a refused body.
pub(crate) async fn refused_bodies(request: Request, next: Next) -> Response {
    if request.body().is_end_stream() || expects_continue(request.headers()) {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    let body = Shared(Arc::new(Mutex::new(body)));
    let response = next.run(Request::from_parts(parts, Body::new(body.clone()))).await;
    if !response.status().is_success() {
        let _ = timeout(MAX_TIME, drain(body)).await;
    }
    response
}

/// Returns whether the client waits for `100 Continue`; such a client gets the refusal instead.
fn expects_continue(headers: &HeaderMap) -> bool {
    headers.contains_key(http::header::EXPECT)
}

async fn drain(body: Shared) {
    let mut body = pin!(body);
    let mut remaining = MAX_BYTES;
    while let Some(Ok(frame)) = poll_fn(|context| body.as_mut().poll_frame(context)).await {
        remaining = remaining.saturating_sub(frame.data_ref().map_or(0, Bytes::len));
        if remaining == 0 {
            return;
        }
    }
}
