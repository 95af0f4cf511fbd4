//! Limits an upload: how many bytes of its body are read and when, and how long it may take.
//!
//! The form reader buffers all it can get until it has seen the end of a part's headers. So it gets the body
//! in small pieces, with a pause after each, and only a few of them before the file begins.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU8, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::{
    body::{Body, Bytes, HttpBody},
    extract::{Request, multipart::MultipartError},
};
use boardwire_protocol::Code;
use http_body::Frame;
use tokio::time::{Instant, timeout_at};

use crate::problem::Problem;

/// How long the next piece of an upload may take to arrive.
const MAX_PIECE_TIME: Duration = Duration::from_secs(30);
/// How long the whole upload may take.
const MAX_UPLOAD_TIME: Duration = Duration::from_secs(600);
/// How many bytes may come in addition to the file's. The same number may come before it.
const MAX_OTHER_BYTES: u64 = 64 * 1024;
/// The largest piece before the file, in bytes.
const MAX_PIECE_BYTES: usize = 8 * 1024;

/// Why a body ended early.
const BROKEN: u8 = 1;
const TOO_LONG_BEFORE_FILE: u8 = 2;
const TOO_LONG_IN_ALL: u8 = 3;

/// What the reader of a body and its handler share.
#[derive(Default)]
struct Meter {
    file_began: AtomicBool,
    /// 0, or why the body ended early.
    ended: AtomicU8,
}

/// One upload in progress.
pub(crate) struct UploadLimiter {
    meter: Arc<Meter>,
    deadline: Instant,
    max_file: u64,
}

impl UploadLimiter {
    /// Begins an upload of a file of up to `max_file` bytes. Returns the request with a body that enforces the limits.
    pub(crate) fn begin(request: Request, max_file: u64) -> (Self, Request) {
        let meter = Arc::new(Meter::default());
        let (parts, body) = request.into_parts();
        let max = max_file.saturating_add(MAX_OTHER_BYTES);
        let limited = LimitedBody { body, meter: Arc::clone(&meter), rest: Bytes::new(), passed: 0, max, pause: false };
        let upload_limiter = Self { meter, deadline: Instant::now() + MAX_UPLOAD_TIME, max_file };
        (upload_limiter, Request::from_parts(parts, Body::new(limited)))
    }

    /// Records that the bytes from here on are the file's.
    pub(crate) fn file_begins(&self) {
        self.meter.file_began.store(true, Ordering::Relaxed);
    }

    /// Waits for the next part or piece, within the time limits.
    pub(crate) async fn next<T>(
        &self,
        path: &str,
        next: impl Future<Output = Result<T, MultipartError>>,
    ) -> Result<T, Problem> {
        let until = self.deadline.min(Instant::now() + MAX_PIECE_TIME);
        match timeout_at(until, next).await {
            Ok(next) => next.map_err(|error| self.refusal(path, &error)),
            Err(_) if until == self.deadline => Err(Problem::new(Code::InvalidMessage, "the upload took too long")),
            Err(_) => Err(Problem::new(Code::InvalidMessage, "the upload came to a halt")),
        }
    }

    /// Returns the error for a file that is too large.
    pub(crate) fn too_large(&self) -> Problem {
        Problem::new(Code::PayloadTooLarge, format!("a file may have {} bytes at most", self.max_file))
    }

    fn refusal(&self, path: &str, error: &MultipartError) -> Problem {
        match self.meter.ended.load(Ordering::Relaxed) {
            BROKEN => Problem::new(Code::Unavailable, "the upload was broken off; try again"),
            TOO_LONG_BEFORE_FILE => Problem::new(
                Code::PayloadTooLarge,
                format!("at most {MAX_OTHER_BYTES} bytes may come before the field `file`"),
            ),
            TOO_LONG_IN_ALL => self.too_large(),
            _ => Problem::invalid(path, error.body_text()),
        }
    }
}

/// A body that enforces the limits.
struct LimitedBody {
    body: Body,
    meter: Arc<Meter>,
    /// Bytes that have arrived and have not yet been passed on.
    rest: Bytes,
    passed: u64,
    max: u64,
    /// Whether a piece has just been passed on, which the reader must handle before it gets more.
    pause: bool,
}

impl LimitedBody {
    fn end(&self, why: u8, error: impl Into<axum::BoxError>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        self.meter.ended.store(why, Ordering::Relaxed);
        Poll::Ready(Some(Err(axum::Error::new(error))))
    }
}

impl HttpBody for LimitedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if self.meter.ended.load(Ordering::Relaxed) != 0 {
            return Poll::Ready(None);
        }
        if std::mem::take(&mut self.pause) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        while self.rest.is_empty() {
            match ready!(Pin::new(&mut self.body).poll_frame(context)) {
                // Frames without data, such as trailers, are dropped.
                Some(Ok(frame)) => self.rest = frame.into_data().unwrap_or_default(),
                Some(Err(error)) => return self.end(BROKEN, error),
                None => return Poll::Ready(None),
            }
        }
        let file_began = self.meter.file_began.load(Ordering::Relaxed);
        let length = if file_began { self.rest.len() } else { self.rest.len().min(MAX_PIECE_BYTES) };
        let piece = self.rest.split_to(length);
        self.passed += piece.len() as u64;
        if !file_began && self.passed > MAX_OTHER_BYTES {
            return self.end(TOO_LONG_BEFORE_FILE, "too much before the file");
        }
        if self.passed > self.max {
            return self.end(TOO_LONG_IN_ALL, "too large a body");
        }
        self.pause = true;
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }
}

#[cfg(test)]
mod tests {
    use axum::{
        extract::{FromRequest, Multipart},
        http::StatusCode,
        response::IntoResponse,
    };
    use futures_util::stream;

    use super::*;

    const HEAD: &str = "--border\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\n";

    /// Reads a body that arrives in these pieces. Returns the size of its file, or the status of the refusal.
    async fn take_in(pieces: Vec<Result<Bytes, std::io::Error>>, max_file: u64) -> Result<usize, StatusCode> {
        let body = Body::from_stream(stream::iter(pieces));
        let request = Request::builder().header("content-type", "multipart/form-data; boundary=border").body(body);
        let (upload_limiter, request) = UploadLimiter::begin(request.expect("a request"), max_file);
        let mut form = Multipart::from_request(request, &()).await.expect("a form");
        let status = |problem: Problem| problem.into_response().status();
        while let Some(mut field) = upload_limiter.next("", form.next_field()).await.map_err(status)? {
            if field.name() == Some("file") {
                upload_limiter.file_begins();
                let mut size = 0;
                while let Some(piece) = upload_limiter.next("file", field.chunk()).await.map_err(status)? {
                    size += piece.len();
                }
                return Ok(size);
            }
        }
        Err(StatusCode::UNPROCESSABLE_ENTITY)
    }

    #[tokio::test]
    async fn a_file_may_come_in_one_piece_with_its_headers() {
        let whole = [HEAD.as_bytes(), &[b'x'; 1_000_000], b"\r\n--border--\r\n"].concat();
        assert_eq!(take_in(vec![Ok(whole.into())], 1_000_000).await, Ok(1_000_000));
        let bytes = [HEAD, "abc\r\n--border--\r\n"].concat();
        let each = bytes.into_bytes().chunks(1).map(|byte| Ok(Bytes::copy_from_slice(byte))).collect();
        assert_eq!(take_in(each, 3).await, Ok(3));
    }

    #[tokio::test]
    async fn bytes_before_the_file_are_bounded() {
        let endless = |begin: &str| {
            let begin = Bytes::from(begin.to_owned());
            let pieces = std::iter::once(Ok(begin)).chain((0..100).map(|_| Ok(Bytes::from(vec![b'x'; 10_000]))));
            take_in(pieces.collect(), 1 << 30)
        };
        for begin in
            ["", "--border\r\ncontent-disposition: form-data; name=\"file\"; x=\"", &HEAD.replace("file", "other")]
        {
            assert_eq!(endless(begin).await, Err(StatusCode::PAYLOAD_TOO_LARGE), "{begin:?}");
        }
    }

    #[tokio::test]
    async fn a_broken_upload_is_unavailable_and_an_incomplete_one_invalid() {
        let broken = || Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset));
        for begin in ["--bor", HEAD] {
            let pieces = vec![Ok(Bytes::from(begin)), broken()];
            assert_eq!(take_in(pieces, 1_000).await, Err(StatusCode::SERVICE_UNAVAILABLE), "{begin:?}");
            let pieces = vec![Ok(Bytes::from(begin))];
            assert_eq!(take_in(pieces, 1_000).await, Err(StatusCode::UNPROCESSABLE_ENTITY), "{begin:?}");
        }
    }

    #[tokio::test]
    async fn the_whole_body_is_bounded() {
        let file = [HEAD.as_bytes(), &[b'x'; 200_000]].concat();
        assert_eq!(take_in(vec![Ok(file.into())], 1_000).await, Err(StatusCode::PAYLOAD_TOO_LARGE));
    }
}
