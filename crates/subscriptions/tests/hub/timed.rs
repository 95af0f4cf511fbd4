//! A scene on a clock that the tests control.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use boardwire_protocol::Timestamp;
use boardwire_services::clock::{Clock, SystemClock, Uuid};

use crate::scene::Scene;

/// A clock that only the test moves.
struct ManualClock {
    started: Instant,
    /// How far the clock has been moved, in milliseconds.
    passed: AtomicU64,
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp(1_700_000_000_000 + self.passed.load(Ordering::SeqCst) as i64)
    }

    fn monotonic(&self) -> Instant {
        self.started + Duration::from_millis(self.passed.load(Ordering::SeqCst))
    }

    fn new_uuid(&self) -> Uuid {
        SystemClock.new_uuid()
    }
}

/// A scene with a clock that only the test moves.
pub(crate) struct TimedScene {
    pub(crate) scene: Scene,
    clock: Arc<ManualClock>,
}

impl TimedScene {
    pub(crate) fn new() -> Self {
        let clock = Arc::new(ManualClock { started: SystemClock.monotonic(), passed: AtomicU64::new(0) });
        Self { scene: Scene::with_clock(Arc::clone(&clock) as Arc<dyn Clock>), clock }
    }

    /// Moves the clock by this many milliseconds.
    pub(crate) fn advance(&self, millis: u64) {
        self.clock.passed.fetch_add(millis, Ordering::SeqCst);
    }

    /// Moves the clock by this many milliseconds, and then has the hub end what is due.
    pub(crate) fn advance_and_run(&self, millis: u64) {
        self.advance(millis);
        self.scene.hub.end_what_is_due();
    }
}
