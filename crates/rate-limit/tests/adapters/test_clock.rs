//! A clock that only the test moves.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Clones show the same time.
#[derive(Clone)]
pub(crate) struct TestClock {
    start: Instant,
    elapsed_ms: Arc<AtomicU64>,
}

impl TestClock {
    pub(crate) fn new() -> Self {
        Self { start: Instant::now(), elapsed_ms: Arc::default() }
    }

    pub(crate) fn advance(&self, ms: u64) {
        self.elapsed_ms.fetch_add(ms, Ordering::SeqCst);
    }

    pub(crate) fn now(&self) -> Instant {
        self.start + self.elapsed()
    }

    /// Returns both clocks. The wall clock starts one second after the epoch.
    pub(crate) fn now_and_wall(&self) -> (Instant, SystemTime) {
        (self.now(), UNIX_EPOCH + Duration::from_secs(1) + self.elapsed())
    }

    fn elapsed(&self) -> Duration {
        Duration::from_millis(self.elapsed_ms.load(Ordering::SeqCst))
    }
}
