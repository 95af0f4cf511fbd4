//! Limits how often an address may try to connect or to log in, before the caller is known. A thin wrapper over
//! [governor](https://docs.rs/governor), whose algorithm (GCRA) keeps one number for each address. What counts as an
//! attempt, and which address a caller behind a proxy has, is decided by the caller of this module.

use std::hash::{BuildHasher, RandomState};
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::keyed::{DashMapStateStore, ShrinkableKeyedStateStore};
use governor::state::{InMemoryState, NotKeyed, StateStore};
use governor::{Quota, RateLimiter};

/// The most addresses that a limiter remembers one by one.
pub const DEFAULT_MAX_ADDRESSES: usize = 100_000;

/// The minimum number of attempts between two sweeps, which remove idle addresses.
const MIN_ATTEMPTS_BETWEEN_SWEEPS: usize = 1_024;

/// The number of states that are shared by the addresses for which there is no room.
const SHARED_STATES: usize = 4_096;

/// Allows each address a burst of `burst` attempts, and `per_minute` a minute in the long run.
///
/// IPv6 addresses are grouped by /64, the usual size of one customer's network; an IPv4-mapped address counts as IPv4.
///
/// Memory is bounded. Addresses whose full burst is available again are removed in sweeps. Between two sweeps there are
/// at least as many attempts as there were addresses, so the amortised cost of an attempt is constant. When there is
/// still no room, further addresses share the quota with their neighbours (IPv4 /16, IPv6 /32, hashed onto 4,096 shared
/// states). Attackers may then use up the attempts of new addresses near them, but not those of an address that is
/// remembered.
///
/// The clock is governor's, monotonic; tests pass their own with [`with_clock`](Self::with_clock).
#[derive(Debug)]
pub struct AddressLimiter<C: Clock = DefaultClock> {
    limiter: RateLimiter<IpAddr, Bounded, C, NoOpMiddleware<C::Instant>>,
    attempts: AtomicUsize,
    next_sweep: AtomicUsize,
}

impl AddressLimiter {
    /// Creates a limiter that remembers at most [`DEFAULT_MAX_ADDRESSES`] addresses.
    pub fn new(per_minute: NonZeroU32, burst: NonZeroU32) -> Self {
        Self::with_clock(per_minute, burst, DEFAULT_MAX_ADDRESSES, DefaultClock::default())
    }
}

impl<C: Clock> AddressLimiter<C> {
    /// Creates a limiter that remembers at most `max_addresses` (and one more for each thread that adds one at the same
    /// moment), and takes the time from `clock`.
    pub fn with_clock(per_minute: NonZeroU32, burst: NonZeroU32, max_addresses: usize, clock: C) -> Self {
        let quota = Quota::per_minute(per_minute).allow_burst(burst);
        Self {
            limiter: RateLimiter::new(quota, Bounded::new(max_addresses), clock),
            attempts: AtomicUsize::new(0),
            next_sweep: AtomicUsize::new(MIN_ATTEMPTS_BETWEEN_SWEEPS),
        }
    }

    /// Counts an attempt from `ip`.
    ///
    /// # Errors
    /// Returns how long to wait if the attempt was refused. It was not counted.
    pub fn check(&self, ip: IpAddr) -> Result<(), Duration> {
        self.sweep_if_due();
        let verdict = self.limiter.check_key(&client_network(ip));
        verdict.map_err(|not_until| not_until.wait_time_from(self.limiter.clock().now()))
    }

    /// Returns how many addresses (for IPv6, /64s) are remembered one by one, including idle ones not removed yet.
    pub fn len(&self) -> usize {
        self.limiter.len()
    }

    /// Returns whether no address is remembered.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn sweep_if_due(&self) {
        let attempt = self.attempts.fetch_add(1, Ordering::Relaxed);
        let due = self.next_sweep.load(Ordering::Relaxed);
        let claim = || self.next_sweep.compare_exchange(due, usize::MAX, Ordering::Relaxed, Ordering::Relaxed);
        if attempt >= due && claim().is_ok() {
            self.limiter.retain_recent();
            let pause = self.limiter.len().max(MIN_ATTEMPTS_BETWEEN_SWEEPS);
            self.next_sweep.store(attempt.saturating_add(pause), Ordering::Relaxed);
        }
    }
}

/// Returns the address that `ip` counts as: an IPv4 address counts as itself, an IPv6 address as the first of its /64,
/// the usual size of one customer's network. An IPv4-mapped address (`::ffff:192.0.2.1`) counts as IPv4.
#[must_use]
pub fn client_network(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & (u128::MAX << 64))),
        v4 => v4,
    }
}

/// Returns the address that `ip` counts as.
#[deprecated(since = "0.1.0", note = "renamed to `client_network`")]
#[must_use]
pub fn customer(ip: IpAddr) -> IpAddr {
    client_network(ip)
}

/// Returns the prefix of the wider network: IPv4 /16, IPv6 /32.
fn wider_network(ip: IpAddr) -> u32 {
    match ip {
        IpAddr::V4(v4) => v4.to_bits() >> 16,
        IpAddr::V6(v6) => (v6.to_bits() >> 96) as u32,
    }
}

/// A state for each address while there is room, and shared states for the others.
#[derive(Debug)]
struct Bounded {
    known: DashMapStateStore<IpAddr>,
    max_known: usize,
    shared: Box<[InMemoryState]>,
    /// Hashes networks onto the shared states.
    hasher: RandomState,
}

impl Bounded {
    fn new(max_known: usize) -> Self {
        let shared = (0..SHARED_STATES).map(|_| InMemoryState::default()).collect();
        Self { known: DashMapStateStore::default(), max_known, shared, hasher: RandomState::new() }
    }

    fn shared(&self, ip: IpAddr) -> &InMemoryState {
        let index = self.hasher.hash_one(wider_network(ip)) % SHARED_STATES as u64;
        &self.shared[index as usize]
    }
}

impl StateStore for Bounded {
    type Key = IpAddr;

    fn measure_and_replace<T, F, E>(&self, ip: &IpAddr, f: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        if self.known.contains_key(ip) || self.known.len() < self.max_known {
            self.known.measure_and_replace(ip, f)
        } else {
            self.shared(*ip).measure_and_replace(&NotKeyed::NonKey, f)
        }
    }
}

impl ShrinkableKeyedStateStore<IpAddr> for Bounded {
    fn retain_recent(&self, drop_below: Nanos) {
        ShrinkableKeyedStateStore::retain_recent(&self.known, drop_below);
    }

    fn len(&self) -> usize {
        self.known.len()
    }

    fn is_empty(&self) -> bool {
        self.known.is_empty()
    }
}
