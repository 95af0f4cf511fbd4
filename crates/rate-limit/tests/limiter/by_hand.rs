//! The limiter's promises one by one, with numbers that can be checked by hand.

use std::thread;
use std::time::{Duration, Instant};

use boardwire_rate_limit::{Quota, RateLimitInfo, RateLimiter};

const SECOND: Duration = Duration::from_secs(1);

/// Makes calls at `now` until one is refused. Returns how many were accepted.
fn drain(limiter: &RateLimiter<&str>, key: &'static str, now: Instant) -> u32 {
    (0..).take_while(|_| limiter.check(&key, 1, now).is_ok()).count() as u32
}

#[test]
fn the_default_quota_is_ten_a_second_and_a_hundred_a_minute() {
    let limiter = RateLimiter::new(Quota::default());
    let start = Instant::now();
    let per_second: Vec<_> = (0..12).map(|second| drain(&limiter, "ada", start + SECOND * second)).collect();
    assert_eq!(per_second, [10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 0, 0]);
    let refused = limiter.check(&"ada", 1, start + SECOND * 12).unwrap_err();
    assert_eq!(refused.retry_after, SECOND * 48);
    assert_eq!(refused.info, RateLimitInfo { limit: 100, remaining: 0, reset: SECOND * 48 });
    assert_eq!(drain(&limiter, "ada", start + SECOND * 60 - Duration::from_nanos(1)), 0);
    assert_eq!(drain(&limiter, "ada", start + SECOND * 60), 10);
}

#[test]
fn the_window_slides_across_the_end_of_a_minute() {
    let limiter = RateLimiter::new(Quota { burst: 100, ..Quota::default() });
    let start = Instant::now();
    assert_eq!(drain(&limiter, "ada", start + SECOND * 59), 100);
    // A limiter that counts by the minute would let a hundred more pass here.
    assert_eq!(drain(&limiter, "ada", start + SECOND * 61), 0);
}

#[test]
fn info_describes_the_binding_limit() {
    let limiter = RateLimiter::new(Quota::default());
    let start = Instant::now();
    let info = |limit, remaining, reset| RateLimitInfo { limit, remaining, reset };
    assert_eq!(limiter.info(&"ada", start), info(10, 10, Duration::ZERO));
    assert_eq!(limiter.check(&"ada", 3, start), Ok(info(10, 7, SECOND)));
    assert_eq!(limiter.info(&"ada", start + SECOND / 4), info(10, 7, SECOND * 3 / 4));
    assert_eq!(limiter.info(&"ada", start + SECOND), info(10, 10, Duration::ZERO));
    for second in 1..10 {
        drain(&limiter, "ada", start + SECOND * second);
    }
    assert_eq!(limiter.info(&"ada", start + SECOND * 20), info(100, 7, SECOND * 40));
    assert_eq!(limiter.len(), 1);
}

#[test]
fn refused_calls_are_not_counted() {
    let limiter = RateLimiter::new(Quota { max_requests: 2, ..Quota::default() });
    let start = Instant::now();
    assert_eq!(drain(&limiter, "ada", start), 2);
    for second in 0..60 {
        assert!(limiter.check(&"ada", 1, start + SECOND * second).is_err());
    }
    assert_eq!(drain(&limiter, "ada", start + SECOND * 60), 2);
}

#[test]
fn a_heavy_call_waits_until_enough_is_free() {
    let limiter = RateLimiter::new(Quota { max_requests: 10, ..Quota::default() });
    let start = Instant::now();
    for second in 0..10 {
        limiter.check(&"ada", 1, start + SECOND * second).unwrap();
    }
    let now = start + SECOND * 10;
    for (weight, wait) in [(1, 50), (2, 51), (10, 59)] {
        assert_eq!(limiter.check(&"ada", weight, now).unwrap_err().retry_after, SECOND * wait);
    }
    limiter.check(&"ada", 10, now + SECOND * 59).unwrap();
}

#[test]
fn weight_zero_is_always_accepted_and_more_than_the_capacity_never() {
    let limiter = RateLimiter::new(Quota::default());
    let start = Instant::now();
    for weight in [11, 100, 101, u32::MAX] {
        assert_eq!(limiter.check(&"ada", weight, start).unwrap_err().retry_after, SECOND * 60);
    }
    assert!(limiter.is_empty());
    assert_eq!(drain(&limiter, "ada", start), 10);
    assert_eq!(limiter.check(&"ada", 0, start).unwrap().remaining, 0);
    assert_eq!(Quota::default().capacity(), 10);

    let nothing = RateLimiter::new(Quota { max_requests: 0, ..Quota::default() });
    assert!(nothing.check(&"ada", 1, start).is_err() && nothing.is_empty());
    let extreme = Quota { window: Duration::MAX, max_requests: u32::MAX, burst_window: Duration::MAX, burst: u32::MAX };
    let extreme = RateLimiter::new(extreme);
    extreme.check(&"ada", u32::MAX, start).unwrap();
    assert!(extreme.check(&"ada", u32::MAX, start + SECOND).unwrap_err().retry_after > SECOND);
}

#[test]
fn an_earlier_instant_counts_as_the_latest_seen() {
    let limiter = RateLimiter::new(Quota::default());
    let start = Instant::now() + SECOND * 100;
    assert_eq!(drain(&limiter, "ada", start), 10);
    assert_eq!(drain(&limiter, "ada", start - SECOND * 5), 0);
    assert_eq!(limiter.info(&"ada", start - SECOND * 5).reset, SECOND);
    assert_eq!(drain(&limiter, "ada", start + SECOND), 10);
}

#[test]
fn threads_share_one_budget() {
    let limiter = RateLimiter::new(Quota { burst: 100, ..Quota::default() });
    let start = Instant::now();
    let accepted: u32 = thread::scope(|scope| {
        let threads: Vec<_> = (0..8_u64)
            .map(|thread: u64| {
                let limiter = &limiter;
                let at = move |call: u64| start + Duration::from_micros(call * 10 + thread);
                scope.spawn(move || {
                    (0..500_u64).filter(|call| limiter.check(&"ada", 1, at(*call)).is_ok()).count() as u32
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!(accepted, 100);
}
