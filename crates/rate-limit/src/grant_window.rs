//! The weight granted to one key within the quota's windows, and the weight that is left. Times are nanoseconds since
//! any fixed origin and must not decrease from call to call, which the shard ensures.

use std::collections::VecDeque;
use std::time::Duration;

use crate::quota::{Quota, RateLimitInfo, Refused};

/// Nanoseconds since an origin. They overflow after 584 years.
pub(crate) type Nanos = u64;

/// A quota as two limits of the same form: the long one, and the burst limit.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits([Limit; 2]);

#[derive(Debug, Clone, Copy)]
struct Limit {
    window: Nanos,
    /// The most weight in one window.
    max: u32,
}

impl Limits {
    pub(crate) fn of(quota: &Quota) -> Self {
        Self([
            Limit { window: nanos(quota.window), max: quota.max_requests },
            Limit { window: nanos(quota.burst_window), max: quota.burst },
        ])
    }

    /// Returns how long a grant counts against any limit.
    pub(crate) fn longest_window(&self) -> Nanos {
        self.0[0].window.max(self.0[1].window)
    }

    fn capacity(&self) -> u32 {
        self.0[0].max.min(self.0[1].max)
    }
}

/// Returns a duration in nanoseconds, at most 584 years.
pub(crate) fn nanos(duration: Duration) -> Nanos {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// The grants that still count, oldest first, with a running total for each limit. Each grant is added once, leaves
/// each total once and is removed once, so a call takes amortised O(1).
#[derive(Debug, Default)]
pub(crate) struct GrantWindow {
    grants: VecDeque<Grant>,
    totals: [Total; 2],
}

#[derive(Debug, Clone, Copy)]
struct Grant {
    at: Nanos,
    /// The weight of all calls granted at this time.
    weight: u32,
}

/// The grants that count against one limit.
#[derive(Debug, Clone, Copy, Default)]
struct Total {
    /// The index of the first grant that counts.
    first: usize,
    /// The weight of the grants that count.
    weight: u32,
}

impl GrantWindow {
    /// Grants `weight` at `now`, or refuses and leaves everything as it was.
    pub(crate) fn take(&mut self, limits: &Limits, weight: u32, now: Nanos) -> Result<RateLimitInfo, Refused> {
        self.expire(limits, now);
        if weight > limits.capacity() {
            let retry_after = Duration::from_nanos(limits.longest_window());
            return Err(Refused { info: self.info(limits, now), retry_after });
        }
        let wait = (0..2).map(|which| self.wait(limits, which, weight, now)).max().unwrap_or_default();
        if wait > 0 {
            return Err(Refused { info: self.info(limits, now), retry_after: Duration::from_nanos(wait) });
        }
        if weight > 0 {
            self.grant(weight, now);
            // In a window of zero length, a grant expires as soon as it is made.
            self.expire(limits, now);
        }
        Ok(self.info(limits, now))
    }

    /// Returns the state of the binding limit at `now`.
    pub(crate) fn peek(&mut self, limits: &Limits, now: Nanos) -> RateLimitInfo {
        self.expire(limits, now);
        self.info(limits, now)
    }

    /// Takes grants that have left a limit's window out of its total, and removes those that are in no total.
    fn expire(&mut self, limits: &Limits, now: Nanos) {
        for (limit, total) in limits.0.iter().zip(&mut self.totals) {
            while let Some(grant) = self.grants.get(total.first).filter(|grant| now - grant.at >= limit.window) {
                total.weight -= grant.weight;
                total.first += 1;
            }
        }
        let expired = self.totals[0].first.min(self.totals[1].first);
        self.grants.drain(..expired);
        self.totals.iter_mut().for_each(|total| total.first -= expired);
    }

    fn grant(&mut self, weight: u32, now: Nanos) {
        // Grants of the same instant are one entry, provided that it still counts against both limits.
        let counts = self.totals.iter().all(|total| total.first < self.grants.len());
        match self.grants.back_mut().filter(|last| counts && last.at == now) {
            Some(last) => last.weight += weight,
            None => self.grants.push_back(Grant { at: now, weight }),
        }
        self.totals.iter_mut().for_each(|total| total.weight += weight);
    }

    /// Returns the nanoseconds until a limit has room for `weight`, which must not exceed its maximum; 0 if it has room
    /// now.
    fn wait(&self, limits: &Limits, which: usize, weight: u32, now: Nanos) -> Nanos {
        let (limit, total) = (limits.0[which], self.totals[which]);
        // The inner subtraction can't underflow: a total never exceeds its maximum.
        let mut missing = weight.saturating_sub(limit.max - total.weight);
        for grant in self.grants.range(total.first..) {
            if missing == 0 {
                break;
            }
            missing = missing.saturating_sub(grant.weight);
            if missing == 0 {
                return limit.window - (now - grant.at);
            }
        }
        0
    }

    fn info(&self, limits: &Limits, now: Nanos) -> RateLimitInfo {
        let state = |which: usize| {
            let (limit, total) = (limits.0[which], self.totals[which]);
            let oldest = self.grants.get(total.first);
            let reset = oldest.map_or(0, |grant| limit.window - (now - grant.at));
            RateLimitInfo { limit: limit.max, remaining: limit.max - total.weight, reset: Duration::from_nanos(reset) }
        };
        let (long, burst) = (state(0), state(1));
        let burst_binds =
            burst.remaining < long.remaining || (burst.remaining == long.remaining && burst.reset > long.reset);
        if burst_binds { burst } else { long }
    }
}
