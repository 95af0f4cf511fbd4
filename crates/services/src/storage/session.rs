//! Sessions of users who have signed in with a password.

use async_trait::async_trait;
use boardwire_protocol::{Timestamp, UserId};

use super::{StorageResult, User};

/// A session as stored: with the hash of its secret in place of the secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// The public part of the session's id.
    pub id: String,
    /// The user who signed in.
    pub user: UserId,
    /// The hash of the secret part, in lower-case hexadecimal.
    pub hash: String,
    /// When the session began.
    pub created_at: Timestamp,
    /// When a use of the session was last recorded.
    pub used_at: Timestamp,
    /// When the session ends at the latest.
    pub expires_at: Timestamp,
}

/// Sessions. Ending one adds an [`AccountChange`](super::AccountChange).
#[async_trait]
pub trait SessionStore: Send + Sync + 'static {
    /// Returns a session and its user.
    async fn session(&self, id: &str) -> StorageResult<Option<(Session, User)>>;

    /// Inserts a session of a user whose password has the hash `password`. Returns `false` if the password has
    /// another hash by now. A user has at most 100 sessions: those that have been unused the longest end.
    async fn insert_session(&self, session: &Session, password: &str) -> StorageResult<bool>;

    /// Records that a session was used.
    async fn session_used(&self, id: &str, at: Timestamp) -> StorageResult<()>;

    /// Ends a session. Returns `false` if there is none.
    async fn delete_session(&self, id: &str, now: Timestamp) -> StorageResult<bool>;
}
