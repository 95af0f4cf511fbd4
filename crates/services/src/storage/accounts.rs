//! Users and the credentials that are kept for them. A change that may concern open connections leaves an
//! [`AccountChange`] behind, in the same transaction.

use async_trait::async_trait;
use boardwire_protocol::{Role, TeamId, Timestamp, UserId};

use super::{Stored, User};

/// What decides whether a user may read a board.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserAccess {
    /// The user.
    pub user: UserId,
    /// The role on the board.
    pub role: Option<Role>,
    /// The permissions, where there is no role.
    pub permissions: Vec<String>,
}

/// A user to be created or changed.
#[derive(Debug, Clone)]
pub struct SaveUser {
    /// The id.
    pub id: UserId,
    /// The name; `None` keeps it (for a new user: the id).
    pub name: Option<String>,
    /// Whether it is an agent; `None` keeps it (for a new user: no).
    pub agent: Option<bool>,
    /// What the user may do at most; `None` keeps it.
    pub permissions: Option<Vec<String>>,
    /// For a new user, where `permissions` is `None`.
    pub default_permissions: Vec<String>,
    /// The teams; `None` keeps them.
    pub teams: Option<Vec<TeamId>>,
    /// The hash of a new password, which ends all sessions of the user; `None` keeps the password.
    pub password: Option<String>,
    /// Now.
    pub now: Timestamp,
}

/// A session as stored. Its secret is not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// The public part of the session's id.
    pub id: String,
    /// Whose.
    pub user: UserId,
    /// The hash of the secret part: lower-case hexadecimal.
    pub hash: String,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was last used, as far as that was noted.
    pub used_at: Timestamp,
    /// When it ends at the latest.
    pub expires_at: Timestamp,
}

/// An API key as stored. Its secret is not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// The public part of the key.
    pub id: String,
    /// Whose.
    pub user: UserId,
    /// What it is for, in the user's words.
    pub name: String,
    /// What it allows at most; `None`: all that the user may do.
    pub permissions: Option<Vec<String>>,
    /// The hash of the secret part: lower-case hexadecimal.
    pub hash: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends by itself.
    pub expires_at: Option<Timestamp>,
    /// When it was last used, as far as that was noted.
    pub used_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

/// That a user's account or credentials changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountChange {
    /// Its place in the list of changes.
    pub id: i64,
    /// Whose.
    pub user: UserId,
}

/// Users and their credentials.
#[async_trait]
pub trait Accounts: Send + Sync + 'static {
    /// Creates a user, or sets what is given of an existing one.
    async fn save_user(&self, user: &SaveUser) -> Stored<User>;

    /// The hash of a user's password.
    async fn password(&self, user: &UserId) -> Stored<Option<String>>;

    /// A session and its user.
    async fn session(&self, id: &str) -> Stored<Option<(Session, User)>>;
    /// A new session of somebody whose password has this hash; `false`: not any more. Beyond 100 sessions of a user, those
    /// that were not used for the longest time end.
    async fn insert_session(&self, session: &Session, password: &str) -> Stored<bool>;
    /// Notes that a session was used.
    async fn session_used(&self, id: &str, at: Timestamp) -> Stored<()>;
    /// Ends a session; `false`: there is none.
    async fn delete_session(&self, id: &str, now: Timestamp) -> Stored<bool>;

    /// An API key and its user.
    async fn api_key(&self, id: &str) -> Stored<Option<(ApiKey, User)>>;
    /// The API keys of a user, or all of them, oldest first.
    async fn api_keys(&self, user: Option<&UserId>) -> Stored<Vec<ApiKey>>;
    /// A new API key.
    async fn insert_api_key(&self, key: &ApiKey) -> Stored<()>;
    /// Notes that an API key was used.
    async fn api_key_used(&self, id: &str, at: Timestamp) -> Stored<()>;
    /// Revokes an API key; `false`: there is none, or it was revoked before.
    async fn revoke_api_key(&self, id: &str, now: Timestamp) -> Stored<bool>;

    /// The place of the last change; 0: there was none.
    async fn last_account_change(&self) -> Stored<i64>;
    /// Whose account or credentials changed after that place, in order. On Postgres, places may appear a moment out of
    /// order.
    async fn account_changes(&self, after: i64) -> Stored<Vec<AccountChange>>;
}
