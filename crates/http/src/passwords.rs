//! Checks passwords. Checks are slow on purpose, so only a few run at a time, and never on a thread that serves
//! requests.

use std::{sync::Arc, time::Duration};

use boardwire_auth::verify_password;
use tokio::{sync::Semaphore, task::spawn_blocking, time::timeout};

/// How many passwords of strangers are checked at the same time. Each check takes 19 MiB.
const MAX_STRANGER_CHECKS: usize = 2;
/// How many passwords from known devices are checked at the same time.
const MAX_KNOWN_CHECKS: usize = 1;
/// How long a check waits to begin.
const MAX_WAIT: Duration = Duration::from_secs(5);

/// Checks passwords.
pub(crate) struct Passwords {
    strangers: Arc<Semaphore>,
    /// Separate permits for known devices, so that guessing strangers can't use them up.
    known: Arc<Semaphore>,
}

impl Default for Passwords {
    fn default() -> Self {
        Self {
            strangers: Arc::new(Semaphore::new(MAX_STRANGER_CHECKS)),
            known: Arc::new(Semaphore::new(MAX_KNOWN_CHECKS)),
        }
    }
}

impl Passwords {
    /// Returns whether this is the password whose hash is `stored`; without a hash the check takes as long. `known`
    /// says that it comes from a known device. Returns `None` if too many others are waiting.
    pub(crate) async fn verify(&self, password: String, stored: Option<String>, known: bool) -> Option<bool> {
        let permits = if known { &self.known } else { &self.strangers };
        let permit = timeout(MAX_WAIT, Arc::clone(permits).acquire_owned()).await.ok()?.ok()?;
        let checked = spawn_blocking(move || {
            let matches = verify_password(&password, stored.as_deref());
            drop(permit);
            matches
        });
        checked.await.ok()
    }
}
