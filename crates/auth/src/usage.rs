//! Decides which uses of a credential are recorded: the first one, and then at most one in each interval, however many
//! connections use it. Recording is left to the caller. Bounded: holds the ids of valid credentials used within the
//! last two intervals.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// When each credential's use was last recorded, in Unix milliseconds, by the id of its record.
#[derive(Default)]
struct Recorded {
    by_id: HashMap<String, i64>,
    /// When old entries were last removed, in Unix milliseconds.
    swept_ms: i64,
}

pub(crate) struct Usage {
    interval_ms: i64,
    recorded: Mutex<Recorded>,
}

impl Usage {
    /// Allows one recorded use of each credential in `interval_ms` milliseconds.
    pub(crate) fn every(interval_ms: i64) -> Self {
        Self { interval_ms, recorded: Mutex::default() }
    }

    /// Returns whether the caller is to record the use of `id` at `now_ms`. For the rest of the interval it returns
    /// `false`. `stored` is the last use according to the record, if that was just read.
    ///
    /// A caller that could not record the use calls [`release`](Self::release). If it does neither, the next use is
    /// recorded in the next interval.
    pub(crate) fn claim(&self, id: &str, stored: Option<i64>, now_ms: i64) -> bool {
        let mut recorded = self.lock();
        self.sweep(&mut recorded, now_ms);
        let last = recorded.by_id.get(id).copied().max(stored);
        let due = last.is_none_or(|last| self.is_over(last, now_ms));
        let known = if due { Some(now_ms) } else { stored.and(last) };
        if let Some(known) = known {
            recorded.by_id.insert(id.to_owned(), known);
        }
        due
    }

    /// Withdraws a claim, so that the next use is recorded.
    pub(crate) fn release(&self, id: &str) {
        self.lock().by_id.remove(id);
    }

    /// Removes entries older than an interval, once in each interval.
    fn sweep(&self, recorded: &mut Recorded, now_ms: i64) {
        if self.is_over(recorded.swept_ms, now_ms) {
            recorded.by_id.retain(|_, last| !self.is_over(*last, now_ms));
            recorded.swept_ms = now_ms;
        }
    }

    fn is_over(&self, start_ms: i64, now_ms: i64) -> bool {
        now_ms.saturating_sub(start_ms) >= self.interval_ms
    }

    fn lock(&self) -> MutexGuard<'_, Recorded> {
        self.recorded.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_use_can_be_claimed_once_in_each_interval() {
        let usage = Usage::every(60);
        assert!(usage.claim("a", None, 1_000));
        assert!(!usage.claim("a", None, 1_059) && !usage.claim("a", Some(3), 1_059));
        assert!(usage.claim("b", None, 1_059));
        assert!(usage.claim("a", None, 1_060) && !usage.claim("a", None, 1_060));
    }

    #[test]
    fn the_last_use_in_the_record_counts() {
        let usage = Usage::every(60);
        assert!(!usage.claim("a", Some(990), 1_000));
        assert!(!usage.claim("a", None, 1_049) && usage.claim("a", None, 1_050));
        assert!(!usage.claim("ahead", Some(9_000), 1_000), "after the clock went back nothing is recorded");
    }

    #[test]
    fn a_released_claim_can_be_made_again() {
        let usage = Usage::every(60);
        assert!(usage.claim("a", Some(7), 1_000));
        usage.release("a");
        assert!(usage.claim("a", Some(7), 1_001));
    }

    #[test]
    fn entries_older_than_an_interval_are_removed() {
        let usage = Usage::every(60);
        for step in 0..1_000 {
            assert!(usage.claim(&format!("id-{step}"), None, 1_000 + step));
            assert!(usage.lock().by_id.len() <= 120);
        }
    }
}
