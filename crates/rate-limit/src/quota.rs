//! What is allowed, and what a caller is told about it. Counting is not done here.

use std::time::Duration;

/// Two limits that hold together. A window is half-open: what was accepted exactly `window` ago no longer counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// Length of the long window.
    pub window: Duration,
    /// Most weight accepted in any stretch of time of that length.
    pub max_requests: u32,
    /// Length of the short window.
    pub burst_window: Duration,
    /// Most weight accepted in any stretch of time of that length.
    pub burst: u32,
}

impl Default for Quota {
    /// 100 in any 60 s and 10 in any 1 s.
    fn default() -> Self {
        Self { window: Duration::from_secs(60), max_requests: 100, burst_window: Duration::from_secs(1), burst: 10 }
    }
}

impl Quota {
    /// The heaviest call that can ever be accepted: the smaller of the two limits.
    pub const fn capacity(&self) -> u32 {
        if self.burst < self.max_requests { self.burst } else { self.max_requests }
    }

    /// How long an accepted call counts for anything: the longer of the two windows.
    pub fn memory(&self) -> Duration {
        self.window.max(self.burst_window)
    }
}

/// The state of the binding limit: of the two, the one that has less left and so would refuse first; with the same left,
/// the one that takes longer to free some.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimitInfo {
    /// Most weight that the binding limit accepts in its window.
    pub limit: u32,
    /// Weight that would be accepted now.
    pub remaining: u32,
    /// Time until the binding limit frees at least one; zero while nothing counts against it.
    pub reset: Duration,
}

/// The call was not accepted, and nothing was counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("rate limit reached, try again in {retry_after:?}")]
pub struct Refused {
    /// The binding limit.
    pub info: RateLimitInfo,
    /// Time after which the same call is accepted, if nothing else is until then. Always finite. A call heavier than
    /// [`Quota::capacity`] is never accepted; for it this is the longer window, so that a caller who retries regardless
    /// does it seldom.
    pub retry_after: Duration,
}
