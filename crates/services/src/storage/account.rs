//! Accounts: users as operators manage them, their passwords, and a list of changes.

use async_trait::async_trait;
use boardwire_protocol::{TeamId, Timestamp, UserId};

use super::{StorageResult, User};

/// A user to be created or changed.
#[derive(Debug, Clone)]
pub struct SaveUser {
    /// The user's id.
    pub id: UserId,
    /// The name; `None` keeps it (a new user's name is the id).
    pub name: Option<String>,
    /// Whether the user is an agent; `None` keeps it (a new user is not).
    pub agent: Option<bool>,
    /// What the user may do at most; `None` keeps it (a new user gets `default_permissions`).
    pub permissions: Option<Vec<String>>,
    /// The permissions of a new user if `permissions` is `None`.
    pub default_permissions: Vec<String>,
    /// The user's teams; `None` keeps them.
    pub teams: Option<Vec<TeamId>>,
    /// The hash of a new password, which ends all of the user's sessions; `None` keeps the password.
    pub password: Option<String>,
    /// The current time.
    pub now: Timestamp,
}

/// A change of a user's account or credentials that may concern open connections.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountChange {
    /// The change's number; later changes have higher ones.
    pub id: i64,
    /// The user.
    pub user: UserId,
}

/// Accounts. Whatever changes an account or its credentials adds an [`AccountChange`] in the same transaction.
#[async_trait]
pub trait AccountStore: Send + Sync + 'static {
    /// Creates a user, or changes those fields of an existing one that are given.
    async fn save_user(&self, user: &SaveUser) -> StorageResult<User>;

    /// Returns the hash of a user's password.
    async fn password(&self, user: &UserId) -> StorageResult<Option<String>>;

    /// Returns the number of the last change; 0 if there has been none.
    async fn last_account_change(&self) -> StorageResult<i64>;

    /// Returns the changes with a number greater than `after`, in order. On Postgres a change may appear shortly after
    /// one with a higher number.
    async fn account_changes(&self, after: i64) -> StorageResult<Vec<AccountChange>>;
}
