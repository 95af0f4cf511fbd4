//! An authenticated caller. Everything after authentication uses this type, never a token.

use crate::directory::Account;
use crate::permission::{Permission, Permissions};

/// An authenticated caller, made by an [`Authenticator`](crate::Authenticator), or by a program for its own actions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// The account's id: 1–64 characters of `A-Z a-z 0-9 _ -`.
    pub user: String,
    /// The account's name that people see: any text, which must be escaped in markup.
    pub name: String,
    /// The permissions of this credential: those of the account, limited to [`scope`](Self::scope).
    pub permissions: Permissions,
    /// The permissions that the credential is limited to; `None`: all that the account has. Needed to renew
    /// [`permissions`](Self::permissions) when the account has changed.
    pub scope: Option<Permissions>,
    /// The ids of the teams that the account is in.
    pub teams: Vec<String>,
    /// When the credential expires, in Unix milliseconds; `None`: never. A verifier's leeway does not count here: a
    /// token accepted within the leeway after its end gives a principal that has already expired.
    pub expires_at: Option<i64>,
    /// The id of the credential, by which its connections can be found when it is revoked.
    pub credential: CredentialId,
}

impl Principal {
    /// Makes the principal of `account`, with its permissions [narrowed](Permissions::narrowed_to) to `scope` (`None`:
    /// all of them), until `expires_at` (Unix milliseconds).
    pub fn of(account: Account, scope: Option<Permissions>, expires_at: Option<i64>, credential: CredentialId) -> Self {
        let permissions = scope.map_or(account.permissions, |only| account.permissions.narrowed_to(only));
        let Account { id: user, name, teams, .. } = account;
        Self { user, name, permissions, scope, teams, expires_at, credential }
    }

    /// Returns whether the credential has this permission, or `admin`.
    pub fn allows(&self, permission: Permission) -> bool {
        self.permissions.allows(permission)
    }

    /// Returns whether `now_ms` (Unix milliseconds) is [`expires_at`](Self::expires_at) or later.
    pub fn expired_at(&self, now_ms: i64) -> bool {
        self.expires_at.is_some_and(|end| now_ms >= end)
    }
}

/// The id of a credential. It is not secret: it may be stored, compared and logged.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum CredentialId {
    /// A signed token.
    Token {
        /// The `jti` claim, if the token has one.
        id: Option<String>,
    },
    /// An API key, by the id of its record.
    ApiKey(String),
    /// A session, by the id of its record.
    Session(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_principal_expires_at_exactly_its_millisecond() {
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
