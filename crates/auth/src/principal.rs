//! Who is calling, once that is known. Everything behind authentication takes this type, never a token.

use crate::directory::Account;
use crate::permission::{Permission, Permissions};

/// An authenticated caller. Made by an [`Authenticator`](crate::Authenticator); by hand only in tests and for the
/// program's own work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// The account's id: 1–64 characters of `A-Z a-z 0-9 _ -`.
    pub user: String,
    /// The account's name for people; any text, not to be trusted as markup.
    pub name: String,
    /// What this credential is good for: the account's permissions, as far as the credential carries them.
    pub permissions: Permissions,
    /// What the credential itself asks for, whatever the account has; `None`: all of it. Kept so that
    /// [`permissions`](Self::permissions) can be made again when the account has changed.
    pub scope: Option<Permissions>,
    /// Ids of the teams that the account is in.
    pub teams: Vec<String>,
    /// When the credential ends, in Unix milliseconds; `None`: it does not end by itself. A verifier's leeway does not
    /// move this: a token accepted within the leeway after its end gives a principal that has already expired.
    pub expires_at: Option<i64>,
    /// Which credential it was, so that revoking it can find the open connections.
    pub credential: CredentialId,
}

impl Principal {
    /// The caller that has `account`'s name and teams, and its permissions [narrowed](Permissions::narrowed_to) to
    /// `scope` (`None`: all of them), until `expires_at` (Unix milliseconds).
    pub fn of(account: Account, scope: Option<Permissions>, expires_at: Option<i64>, credential: CredentialId) -> Self {
        let permissions = scope.map_or(account.permissions, |only| account.permissions.narrowed_to(only));
        let Account { id: user, name, teams, .. } = account;
        Self { user, name, permissions, scope, teams, expires_at, credential }
    }

    /// True if the credential allows it (`admin` allows everything).
    pub fn allows(&self, permission: Permission) -> bool {
        self.permissions.allows(permission)
    }

    /// True from the very millisecond of [`expires_at`](Self::expires_at) on. `now_ms` is in Unix milliseconds.
    pub fn expired_at(&self, now_ms: i64) -> bool {
        self.expires_at.is_some_and(|end| now_ms >= end)
    }
}

/// Names a credential without being one: safe to store, compare and log.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum CredentialId {
    /// A signed token.
    Token {
        /// Its `jti` claim, where it has one.
        id: Option<String>,
    },
    /// The id of an API key's record; never the key.
    ApiKey(String),
    /// The id of a session's record; never the secret in the cookie.
    Session(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expires_on_the_millisecond() {
        let mut principal = Principal {
            user: "ada".into(),
            name: "Ada".into(),
            permissions: "read".parse().unwrap(),
            scope: None,
            teams: vec![],
            expires_at: Some(1_000),
            credential: CredentialId::Token { id: None },
        };
        assert!(!principal.expired_at(999) && principal.expired_at(1_000));
        assert!(principal.allows(Permission::Read) && !principal.allows(Permission::Write));
        principal.expires_at = None;
        assert!(!principal.expired_at(i64::MAX));
    }
}
