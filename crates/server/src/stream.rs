//! A TCP stream that can be cut from outside, and that ends by itself when its peer stops reading, sends nothing
//! useful, or is gone. The HTTP library would wait for such a peer indefinitely.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use boardwire_gate::TcpConnection;
use socket2::{SockRef, TcpKeepalive};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::{Sleep, sleep},
};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

/// How long the peer may read nothing while data waits to be written.
const WRITE_STALL_TIMEOUT: Duration = Duration::from_secs(5);
/// How much silence makes the operating system probe the peer, and the interval of the probes. After three probes
/// without an answer the peer is gone.
const KEEPALIVE_IDLE: Duration = Duration::from_secs(10);
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(5);
#[cfg(any(target_os = "linux", target_os = "macos"))]
const KEEPALIVE_RETRIES: u32 = 3;
/// How long the connection survives without a sign of life from the peer, even with unacknowledged data
/// (`TCP_USER_TIMEOUT`). It overrules the number of probes, so it leaves time for them.
#[cfg(target_os = "linux")]
const USER_TIMEOUT: Duration = Duration::from_secs(25);

/// An accepted connection.
pub(crate) struct MonitoredStream {
    inner: TcpStream,
    connection: TcpConnection,
    cut: Pin<Box<WaitForCancellationFutureOwned>>,
    stalled: Option<Pin<Box<Sleep>>>,
}

impl MonitoredStream {
    /// Monitors a stream. Cancelling `hang_up` or cutting the returned connection cuts it; its end closes both.
    pub(crate) fn new(inner: TcpStream, hang_up: CancellationToken) -> io::Result<(Self, TcpConnection)> {
        inner.set_nodelay(true)?;
        let socket = SockRef::from(&inner);
        let probes = TcpKeepalive::new().with_time(KEEPALIVE_IDLE).with_interval(KEEPALIVE_INTERVAL);
        #[cfg(any(target_os = "linux", target_os = "macos"))]
        let probes = probes.with_retries(KEEPALIVE_RETRIES);
        socket.set_tcp_keepalive(&probes)?;
        #[cfg(target_os = "linux")]
        socket.set_tcp_user_timeout(Some(USER_TIMEOUT))?;
        let connection = TcpConnection::new(hang_up.clone());
        let stream =
            Self { inner, connection: connection.clone(), cut: Box::pin(hang_up.cancelled_owned()), stalled: None };
        Ok((stream, connection))
    }

    /// Starts or checks the timer of a write that makes no progress, and cuts the connection when it has run out.
    fn check_progress<T>(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.stalled = None;
            return written;
        }
        if self.connection.is_closed() {
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(sleep(WRITE_STALL_TIMEOUT)));
        if stalled.as_mut().poll(cx).is_ready() {
            // Reading must end too, or the session would continue without a way to send.
            self.connection.cut();
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        Poll::Pending
    }
}

impl MonitoredStream {
    fn note_written(&self, written: &Poll<io::Result<usize>>) {
        if let Poll::Ready(Ok(bytes)) = written {
            self.connection.note_written(*bytes);
        }
    }
}

impl Drop for MonitoredStream {
    fn drop(&mut self) {
        self.connection.cut();
    }
}

impl AsyncRead for MonitoredStream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.cut.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.inner).poll_read(cx, buffer);
        if !self.connection.note_read(buffer.filled().len() - before) {
            tracing::info!("cutting off a connection that sends too much useless data");
            self.connection.cut();
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        read
    }
}

impl AsyncWrite for MonitoredStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.inner).poll_write(cx, bytes);
        self.note_written(&written);
        self.check_progress(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.inner).poll_write_vectored(cx, slices);
        self.note_written(&written);
        self.check_progress(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.inner).poll_flush(cx);
        self.check_progress(cx, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn a_peer_that_is_gone_is_noticed_within_half_a_minute() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let _client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (accepted, _) = listener.accept().await.unwrap();
        let (stream, _) = MonitoredStream::new(accepted, CancellationToken::new()).unwrap();
        let socket = SockRef::from(&stream.inner);
        assert!(socket.keepalive().unwrap());
        let (silence, probes) = (socket.tcp_keepalive_time().unwrap(), socket.tcp_keepalive_interval().unwrap());
        let unanswered = socket.tcp_keepalive_retries().unwrap();
        assert_eq!((silence, probes, unanswered), (Duration::from_secs(10), Duration::from_secs(5), 3));
        #[cfg(target_os = "linux")]
        assert_eq!(socket.tcp_user_timeout().unwrap(), Some(silence + probes * unanswered));
    }
}
