//! Whose sessions they are. A session's id alone lets nobody in: it belongs to the user who began it.

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

/// Sessions of one user. With one more, the oldest ends: clients that are started often and leave without a word would
/// keep their user out otherwise.
const OF_ONE_USER: usize = 32;

/// What is known of a session.
struct KnownFields {
    user: UserId,
    /// Which revision of the protocol its client asked for.
    revision: ProtocolVersion,
    /// Counts sessions in the order in which they began.
    begun: u64,
}

/// The sessions and their users. Holds no more than there are sessions, give or take those that have just ended.
pub(crate) struct Sessions {
    manager: Arc<LocalSessionManager>,
    known: Mutex<HashMap<String, KnownFields>>,
    begun: AtomicU64,
}

impl Sessions {
    pub(crate) fn new(manager: Arc<LocalSessionManager>) -> Self {
        Self { manager, known: Mutex::default(), begun: AtomicU64::new(0) }
    }

    /// How many there are.
    pub(crate) async fn count(&self) -> usize {
        self.manager.sessions.read().await.len()
    }

    /// Is this a session of this user?
    pub(crate) fn belongs(&self, session: &str, user: &UserId) -> bool {
        self.lock().get(session).is_some_and(|known| known.user == *user)
    }

    /// Which revision this session was begun with.
    pub(crate) fn revision(&self, session: &str) -> Option<ProtocolVersion> {
        self.lock().get(session).map(|known| known.revision.clone())
    }

    /// A session has begun. Those that have ended since the last one are forgotten.
    pub(crate) async fn bind(&self, session: &str, user: UserId, revision: ProtocolVersion) {
        let live: HashSet<_> = self.manager.sessions.read().await.keys().cloned().collect();
        let oldest = {
            let mut sessions = self.lock();
            sessions.retain(|known, _| live.contains(known.as_str()));
            if !sessions.contains_key(session) {
                let begun = self.begun.fetch_add(1, Ordering::Relaxed);
                sessions.insert(session.to_owned(), KnownFields { user: user.clone(), revision, begun });
            }
            let theirs = sessions.iter().filter(|(_, known)| known.user == user);
            let mut theirs: Vec<_> = theirs.map(|(session, known)| (known.begun, session.clone())).collect();
            theirs.sort_unstable();
            let over = theirs.len().saturating_sub(OF_ONE_USER);
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

    /// A session was ended by its client.
    pub(crate) fn forget(&self, session: &str) {
        self.lock().remove(session);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, KnownFields>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
