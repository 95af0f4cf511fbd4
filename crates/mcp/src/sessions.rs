//! Whose sessions they are. A session's id alone lets nobody in: it belongs to the user who began it.

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use boardwire_protocol::UserId;
use rmcp::transport::streamable_http_server::session::{SessionManager as _, local::LocalSessionManager};

/// Sessions of one user. With one more, the oldest ends: clients that are started often and leave without a word would
/// keep their user out otherwise.
const OF_ONE_USER: usize = 32;

/// The sessions and their users. Holds no more than there are sessions, give or take those that have just ended.
pub(crate) struct Sessions {
    manager: Arc<LocalSessionManager>,
    users: Mutex<HashMap<String, (UserId, u64)>>,
    begun: AtomicU64,
}

impl Sessions {
    pub(crate) fn new(manager: Arc<LocalSessionManager>) -> Self {
        Self { manager, users: Mutex::default(), begun: AtomicU64::new(0) }
    }

    /// How many there are.
    pub(crate) async fn count(&self) -> usize {
        self.manager.sessions.read().await.len()
    }

    /// Is this a session of this user?
    pub(crate) fn belongs(&self, session: &str, user: &UserId) -> bool {
        self.lock().get(session).is_some_and(|(owner, _)| owner == user)
    }

    /// A session has begun. Those that have ended since the last one are forgotten.
    pub(crate) async fn bind(&self, session: &str, user: UserId) {
        let live: HashSet<_> = self.manager.sessions.read().await.keys().cloned().collect();
        let oldest = {
            let mut users = self.lock();
            users.retain(|known, _| live.contains(known.as_str()));
            if !users.contains_key(session) {
                users.insert(session.to_owned(), (user.clone(), self.begun.fetch_add(1, Ordering::Relaxed)));
            }
            let theirs = users.iter().filter(|(_, (owner, _))| *owner == user);
            let mut theirs: Vec<_> = theirs.map(|(session, (_, begun))| (*begun, session.clone())).collect();
            theirs.sort_unstable();
            let over = theirs.len().saturating_sub(OF_ONE_USER);
            let oldest: Vec<_> = theirs.into_iter().take(over).map(|(_, session)| session).collect();
            oldest.iter().for_each(|session| drop(users.remove(session)));
            oldest
        };
        for session in oldest {
            if let Err(error) = self.manager.close_session(&session.into()).await {
                tracing::warn!(%error, "can't end a session");
            }
        }
    }

    /// A session was ended by its client.
    pub(crate) fn forget(&self, session: &str) {
        self.lock().remove(session);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, (UserId, u64)>> {
        self.users.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
