//! When a use of a credential is worth writing down: the first one, and then one in each interval, however many
//! connections use it at once. Remembers no longer than that interval, and writes nothing itself.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Times of the last recorded use by id of the credential's record, all in Unix milliseconds.
#[derive(Default)]
struct Recorded {
    by_id: HashMap<String, i64>,
    swept_ms: i64,
}

pub(crate) struct Usage {
    interval_ms: i64,
    recorded: Mutex<Recorded>,
}

impl Usage {
    /// Records one use in `interval_ms`.
    pub(crate) fn every(interval_ms: i64) -> Self {
        Self { interval_ms, recorded: Mutex::default() }
    }

    /// True if the use of `id` at `now_ms` is to be recorded, and by this caller: for the rest of the interval all
    /// others are told false. `stored` is the last use according to the record, where that was just read.
    ///
    /// A caller that goes away before it has recorded the use delays it by one interval; one that fails says so with
    /// [`release`](Self::release).
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

    /// Takes a claim back: the use could not be recorded, and the next one may try again.
    pub(crate) fn release(&self, id: &str) {
        self.lock().by_id.remove(id);
    }

    /// Forgets what no longer decides anything, once an interval, so that the map holds two intervals at most.
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
    fn one_claim_in_each_interval() {
        let usage = Usage::every(60);
        assert!(usage.claim("a", None, 1_000));
        assert!(!usage.claim("a", None, 1_059) && !usage.claim("a", Some(3), 1_059));
        assert!(usage.claim("b", None, 1_059));
        assert!(usage.claim("a", None, 1_060) && !usage.claim("a", None, 1_060));
    }

    #[test]
    fn what_the_record_says_counts() {
        let usage = Usage::every(60);
        assert!(!usage.claim("a", Some(990), 1_000));
        assert!(!usage.claim("a", None, 1_049) && usage.claim("a", None, 1_050));
        assert!(!usage.claim("ahead", Some(9_000), 1_000), "a clock that went back records nothing");
    }

    #[test]
    fn a_released_claim_can_be_made_again() {
        let usage = Usage::every(60);
        assert!(usage.claim("a", Some(7), 1_000));
        usage.release("a");
        assert!(usage.claim("a", Some(7), 1_001));
    }

    #[test]
    fn forgets_what_is_over() {
        let usage = Usage::every(60);
        for step in 0..1_000 {
            assert!(usage.claim(&format!("id-{step}"), None, 1_000 + step));
            assert!(usage.lock().by_id.len() <= 120);
        }
    }
}
