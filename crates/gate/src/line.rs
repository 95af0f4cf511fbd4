//! One TCP connection that was accepted, as those may know it who neither read nor write it: how to cut it, how much of
//! what was sent has left, whether somebody is known on it, and whether what comes over its WebSocket is of any use.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use tokio_util::sync::CancellationToken;

/// Bytes besides messages (pings, packets that are for nobody) for which a WebSocket is forgiven each second.
const CHATTER_RATE: f64 = 1024.0;
/// The same at once, beside the largest message, which is not known as one until all of it is there.
const CHATTER: u64 = 64 * 1024;
/// What a message costs on the way beside its text.
const FRAME: u64 = 64;

/// One TCP connection.
#[derive(Debug, Clone)]
pub struct Line(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    hang_up: CancellationToken,
    /// Cancelled: somebody has shown valid credentials.
    known: CancellationToken,
    written: AtomicU64,
    /// Of a WebSocket: what was read and is no message.
    chatter: Mutex<Option<Chatter>>,
}

#[derive(Debug)]
struct Chatter {
    bytes: u64,
    most: u64,
    forgiven: Instant,
}

impl Line {
    /// A connection that `hang_up` cuts, and whose end cancels it.
    #[must_use]
    pub fn new(hang_up: CancellationToken) -> Self {
        let known = CancellationToken::new();
        Self(Arc::new(Inner { hang_up, known, written: AtomicU64::new(0), chatter: Mutex::new(None) }))
    }

    /// Cuts the connection. Also to be called when it has ended by itself.
    pub fn cut(&self) {
        self.0.hang_up.cancel();
    }

    /// Has it ended?
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.0.hang_up.is_cancelled()
    }

    /// Waits for its end.
    pub async fn over(&self) {
        self.0.hang_up.cancelled().await;
    }

    /// Somebody has shown valid credentials on it.
    pub fn note_known(&self) {
        self.0.known.cancel();
    }

    /// Has somebody shown valid credentials on it?
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.0.known.is_cancelled()
    }

    /// Waits until somebody has shown valid credentials on it.
    pub async fn known(&self) {
        self.0.known.cancelled().await;
    }

    /// How many bytes the system has taken over in all, to be sent.
    #[must_use]
    pub fn written(&self) -> u64 {
        self.0.written.load(Ordering::Relaxed)
    }

    /// So many bytes more.
    pub fn note_written(&self, bytes: usize) {
        self.0.written.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// From here on it is a WebSocket with messages of at most `max_message` bytes.
    pub fn begin_messages(&self, max_message: usize) {
        let most = CHATTER.saturating_add(max_message as u64);
        *self.chatter() = Some(Chatter { bytes: 0, most, forgiven: Instant::now() });
    }

    /// So many bytes were read; `false`: too many of late were no messages.
    #[must_use]
    pub fn note_read(&self, bytes: usize) -> bool {
        let mut chatter = self.chatter();
        let Some(chatter) = &mut *chatter else { return true };
        let forgiven = chatter.forgiven.elapsed().as_secs_f64() * CHATTER_RATE;
        if forgiven >= 1.0 {
            chatter.bytes = chatter.bytes.saturating_sub(forgiven as u64);
            chatter.forgiven = Instant::now();
        }
        chatter.bytes += bytes as u64;
        chatter.bytes <= chatter.most
    }

    /// A message of so many bytes was among them.
    pub fn note_message(&self, bytes: usize) {
        if let Some(chatter) = &mut *self.chatter() {
            chatter.bytes = chatter.bytes.saturating_sub(FRAME.saturating_add(bytes as u64));
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
    fn messages_may_come_without_end_and_chatter_may_not() {
        let line = Line::new(CancellationToken::new());
        assert!((0..1_000).all(|_| line.note_read(10_000)), "before it is a WebSocket nothing is counted");
        line.begin_messages(100_000);
        for _ in 0..1_000 {
            assert!((0..10).all(|_| line.note_read(10_010)));
            line.note_message(100_000);
        }
        let pings = (0..1_000_000).take_while(|_| line.note_read(6)).count();
        assert!((10_000..900_000).contains(&pings), "{pings}");
    }
}
