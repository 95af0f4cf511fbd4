//! Time and new ids, passed in wherever they are needed. Only this module asks the system for them.

use std::time::Instant;

use boardwire_protocol::Timestamp;
pub use uuid::Uuid;

/// A source of time and ids.
pub trait Clock: Send + Sync + 'static {
    /// Returns the time of day, for people and for expiry.
    fn now(&self) -> Timestamp;

    /// Returns a time that never goes back, for limits and time-outs.
    fn monotonic(&self) -> Instant;

    /// Returns a UUID that has never been returned before: a UUIDv7, so that later ones sort later.
    fn new_uuid(&self) -> Uuid;
}

impl dyn Clock + '_ {
    /// Returns a new id of any kind, made of a [new UUID](Clock::new_uuid).
    pub fn new_id<T: From<Uuid>>(&self) -> T {
        self.new_uuid().into()
    }
}

/// The system's clock and random numbers.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

#[expect(clippy::disallowed_methods, reason = "this is the one place that asks the system")]
impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp(jiff::Timestamp::now().as_millisecond())
    }

    fn monotonic(&self) -> Instant {
        Instant::now()
    }

    fn new_uuid(&self) -> Uuid {
        Uuid::now_v7()
    }
}
