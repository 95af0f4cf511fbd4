//! Where accounts are stored. This crate only reads them; storing and creating them is left to the implementation.

use crate::error::BoxError;
use crate::permission::Permissions;

/// An account as the directory knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The user id: 1–64 characters of `A-Z a-z 0-9 _ -`.
    pub id: String,
    /// The name that people see.
    pub name: String,
    /// The permissions of the account. A credential can have fewer, never more.
    pub permissions: Permissions,
    /// The ids of the teams that the account is in.
    pub teams: Vec<String>,
}

/// What a valid token says about its subject. `name` and `teams` may have any length and characters (the token as a
/// whole has at most 8 KiB).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimed {
    /// The user id: 1–64 characters of `A-Z a-z 0-9 _ -`.
    pub subject: String,
    /// The name, if the token gives one.
    pub name: Option<String>,
    /// The teams, if the token gives them. An empty list means that the subject is in no team.
    pub teams: Option<Vec<String>>,
}

/// Finds accounts, and creates or updates them from valid tokens.
#[async_trait::async_trait]
pub trait Directory: Send + Sync {
    /// Returns the account of `claimed.subject`, updated with the claimed name and teams. Creates it first, if the
    /// directory is configured to do so. `None`: there is no such account. An error: the storage failed.
    async fn account(&self, claimed: &Claimed) -> Result<Option<Account>, BoxError>;

    /// Returns the account with this user id as it is now, if there is one. Creates and changes none. An error: the
    /// storage failed.
    async fn known(&self, user: &str) -> Result<Option<Account>, BoxError>;
}
