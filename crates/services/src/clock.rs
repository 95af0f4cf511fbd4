//! Time and new ids, passed in wherever they are needed. This is the one module that asks the system for them.

use std::time::Instant;

use boardwire_protocol::Timestamp;

/// Where time and ids come from.
pub trait Clock: Send + Sync + 'static {
    /// The time of day: for people and for expiry.
    fn now(&self) -> Timestamp;

    /// Time that only goes forward: for limits and time-outs.
    fn monotonic(&self) -> Instant;

    /// A new id, never given before: a UUIDv7, so that later ids sort later.
    fn new_id(&self) -> String;
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

    fn new_id(&self) -> String {
        uuid::Uuid::now_v7().to_string()
    }
}
