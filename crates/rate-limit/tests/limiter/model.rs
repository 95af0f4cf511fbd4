//! Random arrivals, compared call by call with a model that keeps every acceptance and counts them all.

use std::time::{Duration, Instant};

use boardwire_rate_limit::{Quota, RateLimitInfo, RateLimiter, Refused};
use proptest::prelude::*;

/// A limiter for one key.
struct Model {
    quota: Quota,
    /// Every acceptance, as (milliseconds, weight).
    accepted: Vec<(u64, u32)>,
}

impl Model {
    fn limits(&self) -> [(u64, u32); 2] {
        let Quota { window, max_requests, burst_window, burst } = self.quota;
        [(window.as_millis() as u64, max_requests), (burst_window.as_millis() as u64, burst)]
    }

    fn used(&self, window: u64, now: u64) -> u32 {
        self.accepted.iter().filter(|(at, _)| now - at < window).map(|(_, weight)| weight).sum()
    }

    fn fits(&self, weight: u32, now: u64) -> bool {
        self.limits().into_iter().all(|(window, max)| self.used(window, now) + weight <= max)
    }

    fn info(&self, now: u64) -> RateLimitInfo {
        let states = self.limits().map(|(window, max)| {
            let remaining = max - self.used(window, now);
            let oldest = self.accepted.iter().map(|(at, _)| *at).find(|at| now - at < window);
            (remaining, oldest.map_or(0, |at| at + window - now), max)
        });
        let [long, burst] = states;
        let binding =
            if (burst.0, std::cmp::Reverse(burst.1)) < (long.0, std::cmp::Reverse(long.1)) { burst } else { long };
        RateLimitInfo { limit: binding.2, remaining: binding.0, reset: Duration::from_millis(binding.1) }
    }

    fn check(&mut self, weight: u32, now: u64) -> Result<RateLimitInfo, Refused> {
        let longest = self.limits()[0].0.max(self.limits()[1].0);
        if weight == 0 || self.fits(weight, now) {
            self.accepted.extend((weight > 0).then_some((now, weight)));
            return Ok(self.info(now));
        }
        // Room only ever appears when something leaves a window, so the first millisecond that fits is the answer.
        let never = weight > self.quota.capacity();
        let wait = if never { longest } else { (1..=longest).find(|wait| self.fits(weight, now + wait)).unwrap() };
        Err(Refused { info: self.info(now), retry_after: Duration::from_millis(wait) })
    }

    /// Checks that no window of either length, whatever its start, holds more than its maximum. A window with the most
    /// in it can be moved until it starts at an acceptance, so those starts are enough.
    fn assert_limits_hold(&self) {
        for (window, max) in self.limits() {
            for (start, _) in &self.accepted {
                let inside = self.accepted.iter().filter(|(at, _)| (*start..start + window).contains(at));
                assert!(inside.map(|(_, weight)| weight).sum::<u32>() <= max);
            }
        }
    }
}

fn quotas() -> impl Strategy<Value = Quota> {
    let window = (0_u64..200).prop_map(Duration::from_millis);
    (window.clone(), 0_u32..12, window, 0_u32..8).prop_map(|(window, max_requests, burst_window, burst)| Quota {
        window,
        max_requests,
        burst_window,
        burst,
    })
}

/// Returns gaps in milliseconds: mostly none or small, so that windows fill and overlap.
fn gaps() -> impl Strategy<Value = u64> {
    prop_oneof![3 => Just(0), 5 => 1_u64..12, 2 => 10_u64..80, 1 => 100_u64..500]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn every_answer_matches_the_model(
        quota in quotas(),
        arrivals in proptest::collection::vec((gaps(), 0_usize..3, prop_oneof![4 => Just(1_u32), 2 => 0_u32..10]), 1..150),
    ) {
        let limiter = RateLimiter::new(quota);
        let mut models = [(); 3].map(|()| Model { quota, accepted: Vec::new() });
        let (start, mut now) = (Instant::now(), 0);
        for (gap, key, weight) in arrivals {
            now += gap;
            let instant = start + Duration::from_millis(now);
            prop_assert_eq!(limiter.info(&key, instant), models[key].info(now));
            prop_assert_eq!(limiter.check(&key, weight, instant), models[key].check(weight, now));
            prop_assert_eq!(limiter.info(&key, instant), models[key].info(now));
        }
        models.iter().for_each(Model::assert_limits_hold);
    }
}
