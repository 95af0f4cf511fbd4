//! How fast passwords may be guessed. Nobody is locked out: wrong guesses make the next ones wait, longer and longer,
//! and only for those who made them: strangers at one account from one address, or one known device.

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
/// How many wrong passwords, beyond the free ones, lead to the longest pause.
const STEPS: u32 = 5;
/// How many logins of one guesser may be in progress; they are judged one after another. Further ones are refused.
const UNDER_WAY: usize = 8;
/// How long a login waits for those before it, and for its address.
const PATIENCE: Duration = Duration::from_secs(60);
const ADDRESS_PATIENCE: Duration = Duration::from_secs(10);

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

/// There are too many logins at once; how long to wait.
#[derive(Debug)]
pub(crate) struct Crowded(pub(crate) Duration);

/// Slows down the guessing of passwords.
pub struct Logins {
    /// Limits the logins of strangers, right or wrong.
    by_address: AddressLimiter,
    wrong: RateLimiter<Guesser>,
    free: u32,
    under_way: Mutex<HashMap<Guesser, Arc<tokio::sync::Mutex<()>>>>,
}

impl Logins {
    /// `by_address` limits the logins of strangers from one address. `free` is how many wrong passwords within 15
    /// minutes cost no wait, for one account from one address or from one device on which its user has signed in
    /// before.
    #[must_use]
    pub fn new(by_address: AddressLimiter, free: u32) -> Self {
        let most = free.saturating_add(STEPS + 1);
        let quota = Quota { window: WINDOW, max_requests: most, burst_window: WINDOW, burst: most };
        Self { by_address, wrong: RateLimiter::new(quota), free, under_way: Mutex::default() }
    }

    /// Admits a stranger's login from this address, at once or within some seconds.
    pub(crate) async fn admit(&self, address: IpAddr) -> Result<(), Crowded> {
        let mut left = ADDRESS_PATIENCE;
        loop {
            match self.by_address.check(address) {
                Ok(()) => return Ok(()),
                Err(wait) if wait > left => return Err(Crowded(wait)),
                Err(wait) => {
                    left -= wait;
                    sleep(wait).await;
                }
            }
        }
    }

    /// Judges one password when the guesser's turn has come. `Some(false)`, a wrong password, makes the next one wait.
    pub(crate) async fn judge(
        &self,
        guesser: Guesser,
        clock: &dyn Clock,
        password: impl Future<Output = Option<bool>>,
    ) -> Result<Option<bool>, Crowded> {
        let attempt = self.enter(guesser).ok_or(Crowded(MAX_PAUSE))?;
        let _turn = timeout(PATIENCE, attempt.turn.lock()).await.map_err(|_| Crowded(MAX_PAUSE))?;
        sleep(self.pause(&attempt.guesser, clock)).await;
        let verdict = password.await;
        if verdict == Some(false) {
            // When so many are wrong that no more can be counted, the pause is at its longest anyway.
            let _ = self.wrong.check(&attempt.guesser, 1, clock.monotonic());
        }
        Ok(verdict)
    }

    fn pause(&self, guesser: &Guesser, clock: &dyn Clock) -> Duration {
        let info = self.wrong.info(guesser, clock.monotonic());
        let wrong = info.limit.saturating_sub(info.remaining);
        match wrong.checked_sub(self.free) {
            Some(beyond) => PAUSE.saturating_mul(1 << beyond.min(STEPS)).min(MAX_PAUSE),
            None => Duration::ZERO,
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Guesser, Arc<tokio::sync::Mutex<()>>>> {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn enter(&self, guesser: Guesser) -> Option<LoginAttempt<'_>> {
        let mut under_way = self.lock();
        let turn = under_way.entry(guesser.clone()).or_default();
        // One of the references is the map's own.
        (Arc::strong_count(turn) <= UNDER_WAY).then(|| LoginAttempt { logins: self, guesser, turn: Arc::clone(turn) })
    }
}

/// A login in progress.
struct LoginAttempt<'a> {
    logins: &'a Logins,
    guesser: Guesser,
    turn: Arc<tokio::sync::Mutex<()>>,
}

impl Drop for LoginAttempt<'_> {
    fn drop(&mut self) {
        let mut under_way = self.logins.lock();
        // The references of the map and of this attempt.
        if Arc::strong_count(&self.turn) == 2 {
            under_way.remove(&self.guesser);
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

    /// Returns how long it takes until this password is judged.
    async fn takes(logins: &Logins, guesser: &Guesser, right: bool) -> Duration {
        let begun = Instant::now();
        let verdict = logins.judge(guesser.clone(), &Paused, async { Some(right) }).await;
        assert_eq!(verdict.expect("a verdict"), Some(right));
        begun.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn wrong_passwords_cost_ever_longer_waits_and_no_more() {
        let logins = logins(1);
        let eve = Guesser::stranger("ann", address(1));
        for wait in [0, 0, 0, 1, 2, 4, 8, 16, 30, 30, 30] {
            assert_eq!(takes(&logins, &eve, false).await.as_secs(), wait);
        }
        assert_eq!(takes(&logins, &eve, true).await.as_secs(), 30, "the right one is judged all the same");
        for other in [
            Guesser::stranger("ann", address(2)),
            Guesser::stranger("bob", address(1)),
            Guesser::Known("ann".into(), "0123456789abcdef".into()),
        ] {
            assert_eq!(takes(&logins, &other, true).await, Duration::ZERO, "{other:?}");
        }
        sleep(WINDOW).await;
        assert_eq!(takes(&logins, &eve, false).await, Duration::ZERO, "forgiven");
    }

    #[tokio::test(start_paused = true)]
    async fn guesses_at_the_same_time_gain_nothing() {
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
            guesses.spawn(async move { logins.judge(eve, &Paused, wrong).await });
        }
        let outcomes = guesses.join_all().await;
        let judged = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
        assert_eq!(judged, UNDER_WAY);
        assert_eq!(begun.elapsed().as_secs(), 1 + 2 + 4 + 8 + 16);
        assert!(logins.lock().is_empty(), "nothing is kept of those who have left");
    }

    #[tokio::test]
    async fn an_address_waits_its_turn_or_is_told_when() {
        let quick = logins(6_000);
        for _ in 0..6_001 {
            quick.admit(address(1)).await.expect("a hundredth of a second later");
        }
        let slow = logins(1);
        slow.admit(address(1)).await.expect("the first");
        let Crowded(wait) = slow.admit(address(1)).await.expect_err("a minute is too long");
        assert!(wait > ADDRESS_PATIENCE, "{wait:?}");
        slow.admit(address(2)).await.expect("another address");
    }
}
