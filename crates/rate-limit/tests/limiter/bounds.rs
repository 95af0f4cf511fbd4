//! Memory stays bounded whatever the keys, and no key's budget is reset for that.

use std::time::{Duration, Instant};

use boardwire_rate_limit::{DEFAULT_MAX_KEYS, Quota, RateLimiter};

#[test]
fn a_million_simultaneous_keys_do_not_affect_known_ones() {
    let limiter = RateLimiter::new(Quota::default());
    let now = Instant::now();
    let known = u64::MAX;
    limiter.check(&known, 10, now).unwrap();
    let refused: Vec<_> = (0..1_000_000).filter_map(|key| limiter.check(&key, 1, now).err()).collect();
    assert!(limiter.len() <= DEFAULT_MAX_KEYS, "{}", limiter.len());
    assert!(limiter.len() >= DEFAULT_MAX_KEYS * 95 / 100, "{}", limiter.len());
    assert!(
        refused.iter().all(|refused| refused.retry_after == Duration::from_secs(60) && refused.info.remaining == 0)
    );
    // The known key is still at its limit, so it was not removed. Later it is accepted, though new keys are not.
    assert_eq!(limiter.info(&known, now).remaining, 0);
    let later = now + Duration::from_secs(1);
    assert!(limiter.check(&known, 1, later).is_ok());
    assert!(limiter.check(&(known - 1), 1, later).is_err());
    // Once the other keys are idle, there is room.
    let much_later = now + Duration::from_secs(60);
    assert!(limiter.check(&(known - 1), 1, much_later).is_ok());
    assert_eq!(limiter.info(&known, much_later).remaining, 10);
}

#[test]
fn a_million_keys_one_after_another_are_all_accepted() {
    let limiter = RateLimiter::new(Quota::default());
    let start = Instant::now();
    let mut most = 0;
    for key in 0..1_000_000_u64 {
        limiter.check(&key, 1, start + Duration::from_millis(key)).unwrap();
        if key % 10_000 == 0 {
            most = most.max(limiter.len());
        }
    }
    // At any time, 60,000 of them are less than a minute old.
    assert!(most <= 61_000, "{most}");
}

#[test]
fn idle_keys_are_removed_even_without_new_ones() {
    let limiter = RateLimiter::with_capacity(Quota::default(), 1_000);
    let start = Instant::now();
    assert!((0..1_000).all(|key| limiter.check(&key, 1, start).is_ok()));
    assert!(limiter.check(&1_000, 1, start).is_err());
    for call in 0..600 {
        let _ = limiter.check(&0, 1, start + Duration::from_secs(60 + call));
    }
    assert_eq!(limiter.len(), 1);
}

#[test]
fn a_key_in_use_is_kept_longer_than_older_ones() {
    let limiter = RateLimiter::with_capacity(Quota::default(), 2);
    let at = |seconds| Duration::from_secs(seconds);
    let start = Instant::now();
    limiter.check(&"a", 1, start).unwrap();
    limiter.check(&"b", 1, start + at(10)).unwrap();
    limiter.check(&"a", 1, start + at(20)).unwrap();
    assert_eq!(limiter.check(&"c", 1, start + at(30)).unwrap_err().retry_after, at(40));
    limiter.check(&"c", 1, start + at(70)).unwrap();
    assert_eq!(limiter.len(), 2);
    assert_eq!(limiter.check(&"b", 1, start + at(70)).unwrap_err().retry_after, at(10));
    assert!(RateLimiter::with_capacity(Quota::default(), 0).check(&"a", 1, start).is_err());
}
