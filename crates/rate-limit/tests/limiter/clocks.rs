//! Clocks that misbehave lock nobody out, and give nobody more.

use std::time::{Duration, Instant};

use boardwire_rate_limit::{Quota, RateLimiter};

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn a_clock_that_goes_backwards_locks_nobody_out() {
    let limiter = RateLimiter::new(Quota::default());
    let ahead = Instant::now() + SECOND * 1_000;
    for second in 0..10 {
        assert!((0..10).all(|_| limiter.check(&"ada", 1, ahead + SECOND * second).is_ok()));
    }
    let back = ahead - SECOND * 30;
    let refused = limiter.check(&"ada", 1, back).unwrap_err();
    // Counted from the latest instant seen; never longer than the window.
    assert_eq!(refused.retry_after, SECOND * 51);
    assert!(limiter.check(&"bob", 1, back).is_ok(), "other keys are not affected");
    assert_eq!(limiter.check(&"bob", 1, back - SECOND * 900).unwrap().remaining, 8);
    assert!(limiter.check(&"ada", 1, ahead + SECOND * 9 + refused.retry_after).is_ok());
}

#[test]
fn a_jittering_clock_changes_no_decision() {
    let (steady, jittering) = (RateLimiter::new(Quota::default()), RateLimiter::new(Quota::default()));
    let start = Instant::now() + SECOND * 1_000;
    let mut random = fastrand::Rng::with_seed(7);
    let mut accepted = 0;
    for step in 0..20_000 {
        let now = start + Duration::from_millis(step * 30);
        let expected = steady.check(&"ada", 1, now);
        // Calls with earlier instants come in between; the latest instant that the limiter has seen is still `now`.
        assert_eq!(jittering.info(&"ada", now), jittering.info(&"ada", now - random.u32(..500) * SECOND));
        assert_eq!(jittering.check(&"ada", 1, now - random.u32(..500) * SECOND), expected);
        accepted += u32::from(expected.is_ok());
    }
    assert_eq!(accepted, 1_000, "a hundred in each of ten minutes");
}
