//! Counts calls of two users against a quota, on a clock that the example sets itself.
#![expect(clippy::print_stdout, reason = "an example")]

use std::time::{Duration, Instant};

use boardwire_rate_limit::{Quota, RateLimiter};

fn main() {
    let quota = Quota { max_requests: 4, burst: 2, ..Quota::default() };
    let limiter = RateLimiter::new(quota);
    let start = Instant::now();
    for (millis, user) in
        [(0, "ada"), (0, "ada"), (0, "ada"), (0, "bob"), (1_000, "ada"), (1_000, "ada"), (2_000, "ada")]
    {
        let now = start + Duration::from_millis(millis);
        match limiter.check(&user, 1, now) {
            Ok(info) => println!("{millis:>4} ms  {user} calls; {} of {} left", info.remaining, info.limit),
            Err(refused) => println!("{millis:>4} ms  {user} is refused for {:?}", refused.retry_after),
        }
    }
}
