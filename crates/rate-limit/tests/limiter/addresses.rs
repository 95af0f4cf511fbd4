//! Attempts by address: the quota, what counts as one address, and the bound on memory.
#![cfg(feature = "attempts")]

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::num::NonZeroU32;
use std::time::Duration;

use boardwire_rate_limit::AddressLimiter;
use governor::clock::FakeRelativeClock;

/// Returns a limiter for 60 a minute in bursts of 3, and its clock, which only the test moves.
fn limiter(max_addresses: usize) -> (AddressLimiter<FakeRelativeClock>, FakeRelativeClock) {
    let clock = FakeRelativeClock::default();
    let (per_minute, burst) = (NonZeroU32::new(60).unwrap(), NonZeroU32::new(3).unwrap());
    (AddressLimiter::with_clock(per_minute, burst, max_addresses, clock.clone()), clock)
}

fn drain(limiter: &AddressLimiter<FakeRelativeClock>, ip: &str) -> usize {
    let ip = ip.parse().unwrap();
    (0..).take_while(|_| limiter.check(ip).is_ok()).count()
}

#[test]
fn a_burst_is_accepted_and_then_one_attempt_a_second() {
    let (limiter, clock) = limiter(10);
    assert_eq!(drain(&limiter, "192.0.2.1"), 3);
    assert_eq!(limiter.check("192.0.2.1".parse().unwrap()), Err(Duration::from_secs(1)));
    assert_eq!(drain(&limiter, "192.0.2.2"), 3);
    clock.advance(Duration::from_secs(1));
    assert_eq!(drain(&limiter, "192.0.2.1"), 1);
    clock.advance(Duration::from_secs(600));
    assert_eq!(drain(&limiter, "192.0.2.1"), 3);
}

#[test]
fn ipv6_is_grouped_by_its_first_64_bits_and_mapped_ipv4_counts_as_ipv4() {
    let (limiter, _clock) = limiter(10);
    assert_eq!(drain(&limiter, "2001:db8:0:1::1"), 3);
    assert_eq!(drain(&limiter, "2001:db8:0:1:ffff:ffff:ffff:ffff"), 0);
    assert_eq!(drain(&limiter, "2001:db8:0:2::1"), 3);
    assert_eq!(drain(&limiter, "::ffff:192.0.2.1"), 3);
    assert_eq!(drain(&limiter, "192.0.2.1"), 0);
    assert_eq!(drain(&limiter, "192.0.2.2"), 3);
}

#[test]
fn a_million_addresses_are_bounded_and_removed_when_idle() {
    let (limiter, clock) = limiter(1_000);
    assert_eq!(drain(&limiter, "192.0.2.1"), 3);
    let accepted_from = |range: std::ops::Range<u32>| {
        let accepted = range.filter(|bits| limiter.check(Ipv4Addr::from_bits(0x0a00_0000 + bits).into()).is_ok());
        accepted.count()
    };
    let accepted = accepted_from(0..1_000_000);
    assert_eq!(limiter.len(), 1_000);
    // 999 have a state of their own; the rest share at most 3 attempts for each of the 16 networks of 65,536.
    assert!((999 + 3..=999 + 16 * 3).contains(&accepted), "{accepted}");
    assert_eq!(drain(&limiter, "192.0.2.1"), 0);
    clock.advance(Duration::from_secs(10));
    accepted_from(1_000_000..1_003_000);
    assert_eq!(limiter.len(), 1_000);
    clock.advance(Duration::from_secs(10));
    for _ in 0..3_000 {
        let _ = limiter.check(IpAddr::V6(Ipv6Addr::LOCALHOST));
    }
    assert_eq!(limiter.len(), 1);
}
