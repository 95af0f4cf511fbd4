//! The limiter: spreads keys over shards so that callers seldom wait for one another. Counting happens in `history.rs`,
//! dropping and turning away in `shard.rs`.

use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crate::history::Limits;
use crate::quota::{Quota, RateLimitInfo, Refused};
use crate::shard::Shard;

/// Most keys that are remembered at once, unless [`RateLimiter::with_capacity`] says otherwise.
pub const DEFAULT_MAX_KEYS: usize = 100_000;

const MAX_SHARDS: usize = 16;

/// Below this many keys a shard would fill up by bad luck long before the whole does.
const MIN_KEYS_PER_SHARD: usize = 1_024;

/// Holds each key to one [`Quota`], exactly: in no stretch of time as long as a window, wherever it starts, is more than
/// the window's maximum accepted.
///
/// **Time** is what the caller says it is. Use one monotonic clock for all calls. An instant earlier than one already
/// seen counts as the latest seen, so threads may overtake each other.
///
/// **Cost:** a call takes one lock of up to 16 and amortised O(1) work under it (a refused call of weight *w* looks at up
/// to *w* past grants); nothing ever walks over all keys.
///
/// **Memory:** 16 bytes for each accepted call of the longer window, so at most 16 × `max_requests` bytes a key (VecDeque's
/// doubling aside), and about 100 bytes and two copies of the key. A key without a grant in the longer window says nothing
/// and is dropped, two at most with each call.
///
/// **When it is full** of keys that are not idle, a *new* key is refused with the time until there may be room, and every
/// key that is known goes on undisturbed. So a million keys neither grow memory nor reset anybody's budget; the price is
/// that whoever can invent keys can keep newcomers out. Key by what callers cannot invent (an account), and hold back
/// strangers before they get here, for instance with `AddressLimiter`. As each shard has its share of the room and the
/// keys are spread at random, refusals begin when the whole is a few percent short of full.
#[derive(Debug)]
pub struct RateLimiter<K> {
    quota: Quota,
    limits: Limits,
    shards: Vec<Mutex<Shard<K, RandomState>>>,
    /// Keyed at random, so that nobody can aim keys at one shard.
    spread: RandomState,
}

impl<K: Hash + Eq + Clone> RateLimiter<K> {
    /// Holds at most [`DEFAULT_MAX_KEYS`] keys.
    pub fn new(quota: Quota) -> Self {
        Self::with_capacity(quota, DEFAULT_MAX_KEYS)
    }

    /// Holds at most `max_keys` keys (0: refuses all). Nothing is allocated ahead.
    pub fn with_capacity(quota: Quota, max_keys: usize) -> Self {
        let count = (max_keys / MIN_KEYS_PER_SHARD).clamp(1, MAX_SHARDS);
        let share = |index| max_keys / count + usize::from(index < max_keys % count);
        let shards = (0..count).map(|index| Mutex::new(Shard::new(share(index), RandomState::new()))).collect();
        Self { quota, limits: Limits::of(&quota), shards, spread: RandomState::new() }
    }

    /// Accepts a call of this weight at `now` and counts it, or refuses it and counts nothing.
    ///
    /// A weight of 0 is always accepted and never counted. A weight above [`Quota::capacity`] is never accepted: check
    /// for it when the weight or the quota is chosen.
    pub fn check(&self, key: &K, weight: u32, now: Instant) -> Result<RateLimitInfo, Refused> {
        self.shard(key).take(&self.limits, key, weight, now)
    }

    /// The binding limit of `key` at `now`, without counting anything. An unknown key has its whole quota, even when the
    /// limiter is full.
    pub fn info(&self, key: &K, now: Instant) -> RateLimitInfo {
        self.shard(key).peek(&self.limits, key, now)
    }

    /// What each key is held to.
    pub fn quota(&self) -> Quota {
        self.quota
    }

    /// Keys held in memory, idle ones that have not been dropped yet included.
    pub fn len(&self) -> usize {
        self.shards.iter().map(|shard| lock(shard).len()).sum()
    }

    /// True if no key is held in memory.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn shard(&self, key: &K) -> MutexGuard<'_, Shard<K, RandomState>> {
        // Cut off where usize is shorter: any bits of the hash will do.
        let index = self.spread.hash_one(key) as usize % self.shards.len();
        lock(&self.shards[index])
    }
}

/// A panic can only come out of the key's own `Hash`, `Eq` or `Clone`; the other keys are intact and go on.
fn lock<T>(shard: &Mutex<T>) -> MutexGuard<'_, T> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}
