//! Checks passwords: slow on purpose, so few at a time, and never on a thread that others wait for.

use std::{sync::Arc, time::Duration};

use boardwire_auth::verify_password;
use tokio::{sync::Semaphore, task::spawn_blocking, time::timeout};

/// How many passwords of strangers, and of known devices, are checked at the same time; each takes 19 MiB.
const AT_ONCE: usize = 2;
const KNOWN_AT_ONCE: usize = 1;
/// How long a check waits for its turn.
const PATIENCE: Duration = Duration::from_secs(5);

/// Checks passwords.
pub(crate) struct Passwords {
    turns: Arc<Semaphore>,
    /// Turns for known devices, which strangers who guess can't take.
    known: Arc<Semaphore>,
}

impl Default for Passwords {
    fn default() -> Self {
        Self { turns: Arc::new(Semaphore::new(AT_ONCE)), known: Arc::new(Semaphore::new(KNOWN_AT_ONCE)) }
    }
}

impl Passwords {
    /// Returns whether this is the password whose hash is `stored`; without a hash the check takes as long. `known`
    /// says that it comes from a known device. Returns `None` if too many others are waiting.
    pub(crate) async fn verify(&self, password: String, stored: Option<String>, known: bool) -> Option<bool> {
        let turns = if known { &self.known } else { &self.turns };
        let turn = timeout(PATIENCE, Arc::clone(turns).acquire_owned()).await.ok()?.ok()?;
        let checked = spawn_blocking(move || {
            let matches = verify_password(&password, stored.as_deref());
            drop(turn);
            matches
        });
        checked.await.ok()
    }
}
