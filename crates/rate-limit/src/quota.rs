//! How much is allowed, and the state of it that callers see. Counting is in `grant_window.rs`.

use std::time::Duration;

/// Two limits, both of which hold. A call that was accepted exactly `window` ago no longer counts against that window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// The length of the long window.
    pub window: Duration,
    /// The most weight accepted in any stretch of time as long as `window`: the number of requests, if each weighs 1.
    pub max_requests: u32,
    /// The length of the short window.
    pub burst_window: Duration,
    /// The most weight accepted in any stretch of time as long as `burst_window`: the number of requests, if each
    /// weighs 1.
    pub burst: u32,
}

impl Default for Quota {
    /// Returns 100 in any 60 s and 10 in any 1 s.
    fn default() -> Self {
        Self { window: Duration::from_secs(60), max_requests: 100, burst_window: Duration::from_secs(1), burst: 10 }
    }
}

impl Quota {
    /// Returns the weight of the heaviest call that can be accepted: the smaller of the two limits.
    pub const fn capacity(&self) -> u32 {
        if self.burst < self.max_requests { self.burst } else { self.max_requests }
    }

    /// Returns how long an accepted call counts against a limit: the longer of the two windows.
    pub fn longest_window(&self) -> Duration {
        self.window.max(self.burst_window)
    }

    /// Returns how long an accepted call counts against a limit.
    #[deprecated(since = "0.1.0", note = "renamed to `longest_window`")]
    pub fn memory(&self) -> Duration {
        self.longest_window()
    }
}

/// The state of the binding limit: of the two, the one that has less left and so would refuse first; if both have the
/// same amount left, the one that takes longer to have more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimitInfo {
    /// The most weight that the binding limit accepts in its window.
    pub limit: u32,
    /// The weight that would be accepted now.
    pub remaining: u32,
    /// The time until the binding limit has more left; zero while nothing counts against it.
    pub reset: Duration,
}

/// The call was not accepted, and nothing was counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("rate limit reached, try again in {retry_after:?}")]
pub struct Refused {
    /// The state of the binding limit.
    pub info: RateLimitInfo,
    /// The time after which the same call is accepted, if no other call of the key (or, if the limiter was full, of any
    /// key) is accepted until then. For a call heavier than [`Quota::capacity`], which is never accepted, it is the
    /// longer window, so that a caller who tries again all the same does so seldom.
    pub retry_after: Duration,
}
