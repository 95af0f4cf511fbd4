//! How fast passwords may be guessed. Nobody is locked out: wrong guesses make the next ones wait, longer and longer,
//! but only for the same guesser, which is all strangers at one account from one address, or one known device.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use boardwire_rate_limit::{AddressLimiter, Quota, RateLimiter, client_network};
use boardwire_services::clock::Clock;
use tokio::time::{sleep, timeout};

/// How long a wrong password counts.
const WINDOW: Duration = Duration::from_secs(15 * 60);
/// The first wait; each further wrong password doubles it.
const PAUSE: Duration = Duration::from_secs(1);
const MAX_PAUSE: Duration = Duration::from_secs(30);
/// How often the wait is doubled until it is the longest one.
const DOUBLINGS: u32 = 5;
/// How many logins of one guesser may be in progress. They are checked one after another, and further ones are refused.
const MAX_IN_PROGRESS: usize = 8;
/// How long a login waits for those of the same guesser before it.
const QUEUE_LIMIT: Duration = Duration::from_secs(60);
/// How long a login waits until its address may log in again.
const ADDRESS_LIMIT: Duration = Duration::from_secs(10);

/// The unit in which guesses are counted.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Guesser {
    /// Strangers, by the account that they try and their address (the /64 of IPv6).
    Stranger(String, IpAddr),
    /// A device on which this user has signed in before, by its id.
    Known(String, String),
}

impl Guesser {
    pub(crate) fn stranger(account: &str, address: IpAddr) -> Self {
        Self::Stranger(account.to_owned(), client_network(address))
    }
}

/// The error for too many logins at the same time, with the time to wait.
#[derive(Debug)]
pub(crate) struct TooManyLogins(pub(crate) Duration);

/// Slows down the guessing of passwords.
pub struct Logins {
    /// Limits the logins of strangers, right or wrong.
    by_address: AddressLimiter,
    /// Counts the wrong passwords of each guesser.
    wrong: RateLimiter<Guesser>,
    /// How many wrong passwords are checked without a wait.
    free: u32,
    in_progress: Mutex<HashMap<Guesser, Arc<tokio::sync::Mutex<()>>>>,
}

impl Logins {
    /// Creates the limits. `by_address` limits the logins of strangers from one address. `free` is the number of wrong
    /// passwords within 15 minutes that are checked without a wait, for one account from one address or from one known
    /// device.
    #[must_use]
    pub fn new(by_address: AddressLimiter, free: u32) -> Self {
        let most = free.saturating_add(DOUBLINGS + 1);
        let quota = Quota { window: WINDOW, max_requests: most, burst_window: WINDOW, burst: most };
        Self { by_address, wrong: RateLimiter::new(quota), free, in_progress: Mutex::default() }
    }

    /// Admits a stranger's login from this address, if necessary after some seconds.
    pub(crate) async fn admit(&self, address: IpAddr) -> Result<(), TooManyLogins> {
        let mut left = ADDRESS_LIMIT;
        loop {
            match self.by_address.check(address) {
                Ok(()) => return Ok(()),
                Err(wait) if wait > left => return Err(TooManyLogins(wait)),
                Err(wait) => {
                    left -= wait;
                    sleep(wait).await;
                }
            }
        }
    }

    /// Awaits the check of a password, one at a time for each guesser and after the guesser's pause. A wrong password,
    /// `Some(false)`, makes the next one wait.
    pub(crate) async fn check(
        &self,
        guesser: Guesser,
        clock: &dyn Clock,
        password: impl Future<Output = Option<bool>>,
    ) -> Result<Option<bool>, TooManyLogins> {
        let attempt = self.enter(guesser).ok_or(TooManyLogins(MAX_PAUSE))?;
        let _queued = timeout(QUEUE_LIMIT, attempt.queue.lock()).await.map_err(|_| TooManyLogins(MAX_PAUSE))?;
        sleep(self.pause(&attempt.guesser, clock)).await;
        let verdict = password.await;
        if verdict == Some(false) {
            // If the count is full, it can't grow, but the pause is then the longest one anyway.
            let _ = self.wrong.check(&attempt.guesser, 1, clock.monotonic());
        }
        Ok(verdict)
    }

    fn pause(&self, guesser: &Guesser, clock: &dyn Clock) -> Duration {
        let info = self.wrong.info(guesser, clock.monotonic());
        let wrong = info.limit.saturating_sub(info.remaining);
        match wrong.checked_sub(self.free) {
            Some(beyond) => PAUSE.saturating_mul(1 << beyond.min(DOUBLINGS)).min(MAX_PAUSE),
            None => Duration::ZERO,
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Guesser, Arc<tokio::sync::Mutex<()>>>> {
        self.in_progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn enter(&self, guesser: Guesser) -> Option<LoginAttempt<'_>> {
        let mut in_progress = self.lock();
        let queue = in_progress.entry(guesser.clone()).or_default();
        // One of the references is the map's own.
        (Arc::strong_count(queue) <= MAX_IN_PROGRESS).then(|| LoginAttempt {
            logins: self,
            guesser,
            queue: Arc::clone(queue),
        })
    }
}

/// A login in progress.
struct LoginAttempt<'a> {
    logins: &'a Logins,
    guesser: Guesser,
    /// Locked while a password of this guesser is checked.
    queue: Arc<tokio::sync::Mutex<()>>,
}

impl Drop for LoginAttempt<'_> {
    fn drop(&mut self) {
        let mut in_progress = self.logins.lock();
        // The references of the map and of this attempt.
        if Arc::strong_count(&self.queue) == 2 {
            in_progress.remove(&self.guesser);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use boardwire_protocol::Timestamp;
    use boardwire_services::clock::Uuid;
    use tokio::time::Instant;

    use super::*;

    /// The runtime's clock, which advances while all its tasks wait.
    struct Paused;

    impl Clock for Paused {
        fn now(&self) -> Timestamp {
            Timestamp(0)
        }

        fn monotonic(&self) -> std::time::Instant {
            Instant::now().into_std()
        }

        fn new_uuid(&self) -> Uuid {
            Uuid::nil()
        }
    }

    fn logins(per_minute: u32) -> Arc<Logins> {
        let number = NonZeroU32::new(per_minute).unwrap();
        Arc::new(Logins::new(AddressLimiter::new(number, number), 3))
    }

    fn address(last: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, last])
    }

    /// Returns how long the check of this password takes.
    async fn check_time(logins: &Logins, guesser: &Guesser, right: bool) -> Duration {
        let begun = Instant::now();
        let verdict = logins.check(guesser.clone(), &Paused, async { Some(right) }).await;
        assert_eq!(verdict.expect("a verdict"), Some(right));
        begun.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn wrong_passwords_cause_ever_longer_waits_up_to_a_limit() {
        let logins = logins(1);
        let eve = Guesser::stranger("ann", address(1));
        for wait in [0, 0, 0, 1, 2, 4, 8, 16, 30, 30, 30] {
            assert_eq!(check_time(&logins, &eve, false).await.as_secs(), wait);
        }
        assert_eq!(check_time(&logins, &eve, true).await.as_secs(), 30, "the right one is checked all the same");
        for other in [
            Guesser::stranger("ann", address(2)),
            Guesser::stranger("bob", address(1)),
            Guesser::Known("ann".into(), "0123456789abcdef".into()),
        ] {
            assert_eq!(check_time(&logins, &other, true).await, Duration::ZERO, "{other:?}");
        }
        sleep(WINDOW).await;
        assert_eq!(check_time(&logins, &eve, false).await, Duration::ZERO, "forgiven");
    }

    #[tokio::test(start_paused = true)]
    async fn concurrent_guesses_are_checked_one_after_another() {
        let logins = logins(1);
        let eve = Guesser::stranger("ann", address(1));
        let begun = Instant::now();
        let mut guesses = tokio::task::JoinSet::new();
        for _ in 0..20 {
            let (logins, eve) = (Arc::clone(&logins), eve.clone());
            let wrong = async {
                tokio::task::yield_now().await;
                Some(false)
            };
            guesses.spawn(async move { logins.check(eve, &Paused, wrong).await });
        }
        let outcomes = guesses.join_all().await;
        let checked = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
        assert_eq!(checked, MAX_IN_PROGRESS);
        assert_eq!(begun.elapsed().as_secs(), 1 + 2 + 4 + 8 + 16);
        assert!(logins.lock().is_empty(), "finished logins leave nothing behind");
    }

    #[tokio::test]
    async fn an_address_waits_some_seconds_or_is_refused_with_the_wait() {
        let quick = logins(6_000);
        for _ in 0..6_001 {
            quick.admit(address(1)).await.expect("a hundredth of a second later");
        }
        let slow = logins(1);
        slow.admit(address(1)).await.expect("the first");
        let TooManyLogins(wait) = slow.admit(address(1)).await.expect_err("a minute is too long");
        assert!(wait > ADDRESS_LIMIT, "{wait:?}");
        slow.admit(address(2)).await.expect("another address");
    }
}
