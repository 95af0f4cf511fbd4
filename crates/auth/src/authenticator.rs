//! The interface of authenticators, and chains of them. The authenticators for each kind of credential are in
//! `token.rs`, `api_key.rs` and `session.rs`.

use std::fmt;
use std::sync::Arc;

use crate::credential::Credential;
use crate::error::AuthError;
use crate::principal::Principal;
use crate::refusal::Refusal;

/// Authenticates callers by one or more kinds of credential.
#[async_trait::async_trait]
pub trait Authenticator: Send + Sync {
    /// Returns the caller with this credential at `now_ms` (Unix milliseconds). `None`: this authenticator does not
    /// handle the kind of credential. An invalid credential of a kind that it handles is an error, so that no other
    /// authenticator is asked.
    async fn authenticate(&self, credential: &Credential, now_ms: i64) -> Result<Option<Principal>, AuthError>;

    /// Returns `principal` as it is at `now_ms` (Unix milliseconds): the same user with the same credential, with
    /// permissions, name, teams and expiry looked up again. `None`: this authenticator does not handle the kind of
    /// credential. Refused if the credential was revoked, has ended or has expired, or if the account no longer exists.
    async fn renew(&self, principal: &Principal, now_ms: i64) -> Result<Option<Principal>, AuthError>;
}

/// Authenticators in the order in which they are asked. The first that handles the kind of credential decides.
#[derive(Clone, Default)]
pub struct Authenticators(Vec<Arc<dyn Authenticator>>);

impl Authenticators {
    /// Makes a chain that asks these in order. An empty chain refuses everything.
    pub fn new(chain: Vec<Arc<dyn Authenticator>>) -> Self {
        Self(chain)
    }

    /// Returns the caller with this credential at `now_ms` (Unix milliseconds), or [`Refusal::UnsupportedKind`] if no
    /// authenticator handles its kind. The first error ends the search, so that an outage never becomes a refusal.
    pub async fn authenticate(&self, credential: &Credential, now_ms: i64) -> Result<Principal, AuthError> {
        for authenticator in &self.0 {
            if let Some(principal) = authenticator.authenticate(credential, now_ms).await? {
                return Ok(principal);
            }
        }
        Err(Refusal::UnsupportedKind.into())
    }

    /// Returns `principal` as it is at `now_ms` (Unix milliseconds), from the first authenticator that handles its kind
    /// of credential, or [`Refusal::UnsupportedKind`] if none does. After [`AuthError::Unavailable`] the principal may
    /// still be valid.
    pub async fn renew(&self, principal: &Principal, now_ms: i64) -> Result<Principal, AuthError> {
        for authenticator in &self.0 {
            if let Some(renewed) = authenticator.renew(principal, now_ms).await? {
                return Ok(renewed);
            }
        }
        Err(Refusal::UnsupportedKind.into())
    }
}

impl FromIterator<Arc<dyn Authenticator>> for Authenticators {
    fn from_iter<I: IntoIterator<Item = Arc<dyn Authenticator>>>(chain: I) -> Self {
        Self(chain.into_iter().collect())
    }
}

impl fmt::Debug for Authenticators {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Authenticators({})", self.0.len())
    }
}
