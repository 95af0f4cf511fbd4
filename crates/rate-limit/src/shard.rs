//! A share of the keys, behind one lock: counts calls for each key, removes idle keys, and refuses new ones when it is
//! full.

use std::hash::{BuildHasher, Hash};
use std::time::{Duration, Instant};

use crate::grant_window::{GrantWindow, Limits, Nanos, nanos};
use crate::lru_map::LruMap;
use crate::quota::{RateLimitInfo, Refused};

/// How many idle keys one call removes at most: more than it can add, so that no idle key stays forever.
const REMOVED_PER_CALL: usize = 2;

#[derive(Debug)]
pub(crate) struct Shard<K, S> {
    /// In the order of the newest grant: if the oldest key is not idle, none is.
    keys: LruMap<K, KeyState, S>,
    max_keys: usize,
    clock: Clock,
}

#[derive(Debug)]
struct KeyState {
    grants: GrantWindow,
    /// When the newest grant was made.
    newest: Nanos,
}

/// Turns instants into nanoseconds since the first one seen, and never goes back: a call with an earlier instant than
/// the call before counts as simultaneous with it.
#[derive(Debug, Default)]
struct Clock {
    origin: Option<Instant>,
    latest: Nanos,
}

impl Clock {
    fn read(&mut self, now: Instant) -> Nanos {
        let origin = *self.origin.get_or_insert(now);
        self.latest = self.latest.max(nanos(now.saturating_duration_since(origin)));
        self.latest
    }
}

impl<K: Hash + Eq + Clone, S: BuildHasher> Shard<K, S> {
    pub(crate) fn new(max_keys: usize, hasher: S) -> Self {
        Self { keys: LruMap::new(hasher), max_keys, clock: Clock::default() }
    }

    pub(crate) fn len(&self) -> usize {
        self.keys.len()
    }

    pub(crate) fn take(
        &mut self,
        limits: &Limits,
        key: &K,
        weight: u32,
        now: Instant,
    ) -> Result<RateLimitInfo, Refused> {
        let now = self.clock.read(now);
        self.remove_idle(limits, now);
        if let Some(state) = self.keys.get_mut(key) {
            let info = state.grants.take(limits, weight, now)?;
            if weight > 0 {
                state.newest = now;
                self.keys.touch(key);
            }
            return Ok(info);
        }
        let mut grants = GrantWindow::default();
        let info = grants.take(limits, weight, now)?;
        if weight > 0 {
            self.check_room(limits, now)?;
            self.keys.insert(key.clone(), KeyState { grants, newest: now });
        }
        Ok(info)
    }

    pub(crate) fn peek(&mut self, limits: &Limits, key: &K, now: Instant) -> RateLimitInfo {
        let now = self.clock.read(now);
        match self.keys.get_mut(key) {
            Some(state) => state.grants.peek(limits, now),
            None => GrantWindow::default().peek(limits, now),
        }
    }

    fn remove_idle(&mut self, limits: &Limits, now: Nanos) {
        for _ in 0..REMOVED_PER_CALL {
            match self.keys.oldest() {
                Some(state) if now - state.newest >= limits.longest_window() => self.keys.remove_oldest(),
                _ => break,
            }
        }
    }

    /// Refuses a new key while there is no room for it: until the oldest key is idle.
    fn check_room(&self, limits: &Limits, now: Nanos) -> Result<(), Refused> {
        if self.keys.len() < self.max_keys {
            return Ok(());
        }
        let age = self.keys.oldest().map_or(0, |state| now - state.newest);
        let wait = Duration::from_nanos(limits.longest_window().saturating_sub(age));
        let fresh = GrantWindow::default().peek(limits, now);
        Err(Refused { info: RateLimitInfo { remaining: 0, reset: wait, ..fresh }, retry_after: wait })
    }
}
