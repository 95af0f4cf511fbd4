//! An accepted TCP connection, for code that neither reads nor writes it: how to cut it, how many bytes have been sent,
//! whether its client has authenticated, and whether its WebSocket carries messages or only chatter.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use tokio_util::sync::CancellationToken;

/// How much chatter (pings, packets that nobody receives) a WebSocket is forgiven, in bytes per second.
const CHATTER_RATE: f64 = 1024.0;
/// How much chatter is forgiven at once, in bytes, beyond the largest message, which counts as chatter until it is
/// complete.
const CHATTER_ALLOWANCE: u64 = 64 * 1024;
/// How many bytes the framing of a message may add to it.
const FRAMING: u64 = 64;

/// One TCP connection.
#[derive(Debug, Clone)]
pub struct TcpConnection(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    disconnect: CancellationToken,
    /// Cancelled when the client has shown valid credentials.
    authenticated: CancellationToken,
    written: AtomicU64,
    /// For a WebSocket: the bytes read that belong to no message.
    chatter: Mutex<Option<Chatter>>,
}

#[derive(Debug)]
struct Chatter {
    bytes: u64,
    max: u64,
    /// When some of it was last forgiven.
    forgiven_at: Instant,
}

impl TcpConnection {
    /// Creates the handle of a connection. `disconnect` is cancelled to cut it, and when it has ended.
    #[must_use]
    pub fn new(disconnect: CancellationToken) -> Self {
        let authenticated = CancellationToken::new();
        Self(Arc::new(Inner { disconnect, authenticated, written: AtomicU64::new(0), chatter: Mutex::new(None) }))
    }

    /// Cuts the connection. Must also be called when it has ended by itself.
    pub fn cut(&self) {
        self.0.disconnect.cancel();
    }

    /// Returns whether it has ended.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.0.disconnect.is_cancelled()
    }

    /// Waits for its end.
    pub async fn closed(&self) {
        self.0.disconnect.cancelled().await;
    }

    /// Notes that its client has shown valid credentials.
    pub fn note_authenticated(&self) {
        self.0.authenticated.cancel();
    }

    /// Returns whether its client has shown valid credentials.
    #[must_use]
    pub fn is_authenticated(&self) -> bool {
        self.0.authenticated.is_cancelled()
    }

    /// Waits until its client has shown valid credentials.
    pub async fn authenticated(&self) {
        self.0.authenticated.cancelled().await;
    }

    /// Returns how many bytes the operating system has accepted for sending, in all.
    #[must_use]
    pub fn written(&self) -> u64 {
        self.0.written.load(Ordering::Relaxed)
    }

    /// Notes that the operating system has accepted this many more bytes.
    pub fn note_written(&self, bytes: usize) {
        self.0.written.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// Notes that from here on it is a WebSocket with messages of at most `max_message` bytes.
    pub fn begin_messages(&self, max_message: usize) {
        let max = CHATTER_ALLOWANCE.saturating_add(max_message as u64);
        *self.chatter() = Some(Chatter { bytes: 0, max, forgiven_at: Instant::now() });
    }

    /// Notes that this many bytes were read; returns `false` if there has been too much chatter lately.
    #[must_use]
    pub fn note_read(&self, bytes: usize) -> bool {
        let mut chatter = self.chatter();
        let Some(chatter) = &mut *chatter else { return true };
        let forgiven = chatter.forgiven_at.elapsed().as_secs_f64() * CHATTER_RATE;
        if forgiven >= 1.0 {
            chatter.bytes = chatter.bytes.saturating_sub(forgiven as u64);
            chatter.forgiven_at = Instant::now();
        }
        chatter.bytes += bytes as u64;
        chatter.bytes <= chatter.max
    }

    /// Notes that the bytes read contained a message of this size.
    pub fn note_message(&self, bytes: usize) {
        if let Some(chatter) = &mut *self.chatter() {
            chatter.bytes = chatter.bytes.saturating_sub(FRAMING.saturating_add(bytes as u64));
        }
    }

    fn chatter(&self) -> std::sync::MutexGuard<'_, Option<Chatter>> {
        self.0.chatter.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_unlimited_and_chatter_is_not() {
        let connection = TcpConnection::new(CancellationToken::new());
        assert!((0..1_000).all(|_| connection.note_read(10_000)), "before it is a WebSocket nothing is counted");
        connection.begin_messages(100_000);
        for _ in 0..1_000 {
            assert!((0..10).all(|_| connection.note_read(10_010)));
            connection.note_message(100_000);
        }
        let pings = (0..1_000_000).take_while(|_| connection.note_read(6)).count();
        assert!((10_000..900_000).contains(&pings), "{pings}");
    }
}
