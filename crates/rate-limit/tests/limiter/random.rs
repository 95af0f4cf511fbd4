//! The default quota over hours of random arrivals, checked by counting all acceptances again.

use std::time::{Duration, Instant};

use boardwire_rate_limit::{Quota, RateLimiter};

const LIMITS: [(Duration, usize); 2] = [(Duration::from_secs(60), 100), (Duration::from_secs(1), 10)];

/// Returns the time until the next arrival: mostly a rush, now and then a pause, and at times exactly a window.
fn gap(random: &mut fastrand::Rng) -> Duration {
    Duration::from_micros(match random.u32(..100) {
        0..50 => random.u64(..20_000),
        50..90 => random.u64(..400_000),
        90..95 => 1_000_000,
        95..99 => random.u64(..10_000_000),
        _ => 60_000_000,
    })
}

#[test]
fn no_window_wherever_it_starts_holds_more_than_its_maximum() {
    let start = Instant::now();
    for seed in 0..8 {
        let mut random = fastrand::Rng::with_seed(seed);
        let limiter = RateLimiter::new(Quota::default());
        let (mut accepted, mut now, mut refused) = (Vec::<Duration>::new(), Duration::ZERO, [0; 2]);
        for _ in 0..20_000 {
            now += gap(&mut random);
            let used = |window| accepted.iter().rev().take_while(|at| now - **at < window).count();
            let full = LIMITS.map(|(window, max)| used(window) >= max);
            let verdict = limiter.check(&"ada", 1, start + now);
            assert_eq!(verdict.is_err(), full.contains(&true), "seed {seed} at {now:?}");
            refused.iter_mut().zip(full).for_each(|(refused, full)| *refused += u32::from(full));
            if verdict.is_ok() {
                accepted.push(now);
            }
        }
        // A fullest window can be moved until it starts at an acceptance.
        for (window, max) in LIMITS {
            let most = accepted
                .iter()
                .enumerate()
                .map(|(index, first)| accepted[index..].iter().take_while(|at| **at - *first < window).count());
            assert_eq!(most.max(), Some(max), "seed {seed}: {window:?} must be filled, and not beyond");
        }
        assert!(refused.iter().all(|refused| *refused > 100), "both limits must be reached: {refused:?}");
    }
}
