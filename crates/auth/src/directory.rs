//! The border to wherever accounts are stored. This crate only asks; storing and creating accounts is the other side's.

use crate::authenticator::BoxError;
use crate::permission::Permissions;

/// An account as the directory knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The user id: 1–64 characters of `A-Z a-z 0-9 _ -`.
    pub id: String,
    /// The name for people.
    pub name: String,
    /// All that the account may do; a credential can carry less, never more.
    pub permissions: Permissions,
    /// Ids of the teams that the account is in.
    pub teams: Vec<String>,
}

/// What a valid token says about its subject. The signature vouches for it; lengths and characters of `name` and
/// `teams` are as the issuer wrote them (the token as a whole has at most 8 KiB).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimed {
    /// The user id: 1–64 characters of `A-Z a-z 0-9 _ -`.
    pub subject: String,
    /// The name, if the token gives one.
    pub name: Option<String>,
    /// The teams, if the token gives them; an empty list says "none", absence says nothing.
    pub teams: Option<Vec<String>>,
}

/// Resolves the account behind a valid token, and again while the token's connection lasts.
#[async_trait::async_trait]
pub trait Directory: Send + Sync {
    /// The account of `claimed.subject`, with the claimed name and teams taken over, and created first where the
    /// directory is set up to do so. `None`: there is no such account. An error: it could not be found out.
    async fn account(&self, claimed: &Claimed) -> Result<Option<Account>, BoxError>;

    /// The account of this user id as it is now, if there is one; never creates or changes any. An error: it could not
    /// be found out.
    async fn known(&self, user: &str) -> Result<Option<Account>, BoxError>;
}
