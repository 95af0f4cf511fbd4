//! The limiter: spreads keys over shards, so that callers seldom wait for one another. `grant_window.rs` counts,
//! `shard.rs` removes idle keys and refuses new ones when there is no room.

use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crate::grant_window::Limits;
use crate::quota::{Quota, RateLimitInfo, Refused};
use crate::shard::Shard;

/// The most keys that a limiter remembers at once, unless [`RateLimiter::with_capacity`] says otherwise.
pub const DEFAULT_MAX_KEYS: usize = 100_000;

const MAX_SHARDS: usize = 16;

/// A shard with room for fewer keys than this could be full by chance long before the others are.
const MIN_KEYS_PER_SHARD: usize = 1_024;

/// Holds each key to one [`Quota`], exactly: in no stretch of time as long as a window, wherever it starts, is more
/// than the window's maximum accepted.
///
/// **Time** is an argument. Use one monotonic clock for all calls. An instant earlier than one already
/// seen counts as the latest seen, so threads may overtake each other.
///
/// **Cost:** a call takes one lock of up to 16 and amortised O(1) work under it (a refused call of weight *w* looks at
/// up to *w* past grants); nothing ever walks over all keys.
///
/// **Memory:** for each key, two copies of it, about 100 bytes, and 16 bytes for each accepted call in the longer
/// window, so at most 16 × `max_requests` (a `VecDeque` may have twice the room that it uses). A key without a grant in
/// the longer window is idle and is removed: each call removes two at most.
///
/// **When it is full** of keys that are not idle, a *new* key is refused, with the time until there may be room, and
/// known keys are counted as before. So a million keys neither fill memory nor reset anybody's budget; but whoever can
/// make up keys can keep new callers out. So use keys that callers cannot make up, such as accounts, and limit
/// unauthenticated callers beforehand, for instance with `AddressLimiter`. Each shard has its share of the room and keys
/// are spread at random, so the first key may be refused when the limiter as a whole is a few percent short of full.
#[derive(Debug)]
pub struct RateLimiter<K> {
    quota: Quota,
    limits: Limits,
    shards: Vec<Mutex<Shard<K, RandomState>>>,
    /// Hashes with random keys, so that nobody can choose keys that all fall into one shard.
    hasher: RandomState,
}

impl<K: Hash + Eq + Clone> RateLimiter<K> {
    /// Creates a limiter that holds at most [`DEFAULT_MAX_KEYS`] keys.
    pub fn new(quota: Quota) -> Self {
        Self::with_capacity(quota, DEFAULT_MAX_KEYS)
    }

    /// Creates a limiter that holds at most `max_keys` keys; with 0 it refuses all. Memory is allocated as keys come.
    pub fn with_capacity(quota: Quota, max_keys: usize) -> Self {
        let count = (max_keys / MIN_KEYS_PER_SHARD).clamp(1, MAX_SHARDS);
        let share = |index| max_keys / count + usize::from(index < max_keys % count);
        let shards = (0..count).map(|index| Mutex::new(Shard::new(share(index), RandomState::new()))).collect();
        Self { quota, limits: Limits::of(&quota), shards, hasher: RandomState::new() }
    }

    /// Accepts a call of this weight at `now` and counts it, or refuses it and counts nothing.
    ///
    /// A weight of 0 is always accepted and never counted. A weight above [`Quota::capacity`] is never accepted: check
    /// for it when the weight or the quota is chosen.
    pub fn check(&self, key: &K, weight: u32, now: Instant) -> Result<RateLimitInfo, Refused> {
        self.shard(key).take(&self.limits, key, weight, now)
    }

    /// Returns the state of the binding limit of `key` at `now`, and counts nothing. An unknown key has its whole
    /// quota, even when the limiter is full.
    pub fn info(&self, key: &K, now: Instant) -> RateLimitInfo {
        self.shard(key).peek(&self.limits, key, now)
    }

    /// Returns the quota of each key.
    pub fn quota(&self) -> Quota {
        self.quota
    }

    /// Returns how many keys are in memory, including idle ones that have not been removed yet.
    pub fn len(&self) -> usize {
        self.shards.iter().map(|shard| lock(shard).len()).sum()
    }

    /// Returns whether no key is in memory.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn shard(&self, key: &K) -> MutexGuard<'_, Shard<K, RandomState>> {
        // On 32-bit targets the cast keeps the lower bits, which are as random as the rest.
        let index = self.hasher.hash_one(key) as usize % self.shards.len();
        lock(&self.shards[index])
    }
}

/// Locks a shard. Only the `Hash`, `Eq` or `Clone` of a key can panic under the lock, which leaves the other keys
/// intact.
fn lock<T>(shard: &Mutex<T>) -> MutexGuard<'_, T> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}
