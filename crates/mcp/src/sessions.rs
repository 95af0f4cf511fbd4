//! The owners of sessions. A session's id alone admits nobody: only the user who began a session may use it.

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use boardwire_protocol::UserId;
use rmcp::{
    model::ProtocolVersion,
    transport::streamable_http_server::session::{SessionManager as _, local::LocalSessionManager},
};

/// The most sessions of one user. The next one ends the oldest: clients that restart often without ending their
/// sessions would otherwise lock their user out.
const MAX_PER_USER: usize = 32;

/// A session, bound to the user who began it.
struct BoundSession {
    user: UserId,
    /// The protocol revision that its client asked for.
    revision: ProtocolVersion,
    /// The session's position in the order in which sessions began.
    order: u64,
}

/// The sessions and their users. May include sessions that have just ended.
pub(crate) struct Sessions {
    manager: Arc<LocalSessionManager>,
    bound: Mutex<HashMap<String, BoundSession>>,
    next_order: AtomicU64,
}

impl Sessions {
    pub(crate) fn new(manager: Arc<LocalSessionManager>) -> Self {
        Self { manager, bound: Mutex::default(), next_order: AtomicU64::new(0) }
    }

    /// Returns how many sessions there are.
    pub(crate) async fn count(&self) -> usize {
        self.manager.sessions.read().await.len()
    }

    /// Returns whether the session belongs to this user.
    pub(crate) fn belongs_to(&self, session: &str, user: &UserId) -> bool {
        self.lock().get(session).is_some_and(|bound| bound.user == *user)
    }

    /// Returns the revision that the session was begun with.
    pub(crate) fn revision(&self, session: &str) -> Option<ProtocolVersion> {
        self.lock().get(session).map(|bound| bound.revision.clone())
    }

    /// Binds a new session to its user, and forgets the sessions that have ended since the last call.
    pub(crate) async fn bind(&self, session: &str, user: UserId, revision: ProtocolVersion) {
        let live: HashSet<_> = self.manager.sessions.read().await.keys().cloned().collect();
        let oldest = {
            let mut sessions = self.lock();
            sessions.retain(|id, _| live.contains(id.as_str()));
            if !sessions.contains_key(session) {
                let order = self.next_order.fetch_add(1, Ordering::Relaxed);
                sessions.insert(session.to_owned(), BoundSession { user: user.clone(), revision, order });
            }
            let theirs = sessions.iter().filter(|(_, bound)| bound.user == user);
            let mut theirs: Vec<_> = theirs.map(|(session, bound)| (bound.order, session.clone())).collect();
            theirs.sort_unstable();
            let over = theirs.len().saturating_sub(MAX_PER_USER);
            let oldest: Vec<_> = theirs.into_iter().take(over).map(|(_, session)| session).collect();
            oldest.iter().for_each(|session| drop(sessions.remove(session)));
            oldest
        };
        for session in oldest {
            if let Err(error) = self.manager.close_session(&session.into()).await {
                tracing::warn!(%error, "can't end a session");
            }
        }
    }

    /// Forgets a session that its client ended.
    pub(crate) fn forget(&self, session: &str) {
        self.lock().remove(session);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, BoundSession>> {
        self.bound.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
