//! One part of the keys behind one lock: the origin of its time, who is dropped, and who is turned away when it is full.

use std::hash::{BuildHasher, Hash};
use std::time::{Duration, Instant};

use crate::history::{History, Limits, Nanos, nanos};
use crate::quota::{RateLimitInfo, Refused};
use crate::recency::Recency;

/// Idle keys dropped in one call: more than the one that a call can add, so that the idle die out.
const DROPPED_PER_CALL: usize = 2;

#[derive(Debug)]
pub(crate) struct Shard<K, S> {
    /// In the order of the newest grant, so that if the oldest key is not idle, none is.
    keys: Recency<K, Account, S>,
    max_keys: usize,
    clock: Clock,
}

/// A key's grants and when the newest was.
#[derive(Debug)]
struct Account {
    history: History,
    newest: Nanos,
}

/// Instants as nanoseconds since the first one seen, never going back: calls that overtake each other on the way to the
/// lock count as simultaneous.
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
        Self { keys: Recency::new(hasher), max_keys, clock: Clock::default() }
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
        self.drop_idle(limits, now);
        if let Some(account) = self.keys.get_mut(key) {
            let info = account.history.take(limits, weight, now)?;
            if weight > 0 {
                account.newest = now;
                self.keys.touch(key);
            }
            return Ok(info);
        }
        let mut history = History::default();
        let info = history.take(limits, weight, now)?;
        if weight > 0 {
            self.admit(limits, now)?;
            self.keys.insert(key.clone(), Account { history, newest: now });
        }
        Ok(info)
    }

    pub(crate) fn peek(&mut self, limits: &Limits, key: &K, now: Instant) -> RateLimitInfo {
        let now = self.clock.read(now);
        match self.keys.get_mut(key) {
            Some(account) => account.history.peek(limits, now),
            None => History::default().peek(limits, now),
        }
    }

    fn drop_idle(&mut self, limits: &Limits, now: Nanos) {
        for _ in 0..DROPPED_PER_CALL {
            match self.keys.oldest() {
                Some(account) if now - account.newest >= limits.memory() => self.keys.drop_oldest(),
                _ => break,
            }
        }
    }

    /// Refuses one key more than there is room for, until the oldest key is idle.
    fn admit(&self, limits: &Limits, now: Nanos) -> Result<(), Refused> {
        if self.keys.len() < self.max_keys {
            return Ok(());
        }
        let age = self.keys.oldest().map_or(0, |account| now - account.newest);
        let wait = Duration::from_nanos(limits.memory().saturating_sub(age));
        let fresh = History::default().peek(limits, now);
        Err(Refused { info: RateLimitInfo { remaining: 0, reset: wait, ..fresh }, retry_after: wait })
    }
}
