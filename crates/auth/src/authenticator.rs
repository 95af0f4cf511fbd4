//! The two questions, "whose credential is this?" and "is it still?", and the chain of those who can answer them. The
//! answers for each kind of credential are in `token.rs`, `api_key.rs` and `session.rs`.

use std::fmt;
use std::sync::Arc;

use crate::credential::Credential;
use crate::principal::Principal;
use crate::refusal::Refusal;

/// Whatever went wrong in a storage.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Why there is no principal.
#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    /// Decided: the credential is no good. The reason is for logs; tell the caller only that it failed.
    #[error("authentication failed: {0}")]
    Refused(#[from] Refusal),
    /// Undecided: something needed for the decision could not be reached. Worth retrying with the same credential.
    #[error("authentication could not be decided")]
    Unavailable(#[source] BoxError),
}

/// Decides about one or more kinds of credential.
#[async_trait::async_trait]
pub trait Authenticator: Send + Sync {
    /// The caller behind `credential` at `now_ms` (Unix milliseconds). `None`: not a kind of credential that this one
    /// knows. A credential of a known kind that is wrong is an error, so that no other authenticator is asked.
    async fn authenticate(&self, credential: &Credential, now_ms: i64) -> Result<Option<Principal>, AuthError>;

    /// `principal` as it is at `now_ms` (Unix milliseconds): the same user by the same credential, with permissions,
    /// name, teams and end looked up again. `None`: its credential is of no kind that this one knows. Refused if the
    /// credential was revoked, was ended or has expired, or if the account is gone.
    async fn renew(&self, principal: &Principal, now_ms: i64) -> Result<Option<Principal>, AuthError>;
}

/// Authenticators in the order in which they are asked. The first that knows the kind of credential decides.
#[derive(Clone, Default)]
pub struct Authenticators(Vec<Arc<dyn Authenticator>>);

impl Authenticators {
    /// A chain of these, asked in this order. The empty chain refuses everything.
    pub fn new(chain: Vec<Arc<dyn Authenticator>>) -> Self {
        Self(chain)
    }

    /// The caller behind `credential` at `now_ms` (Unix milliseconds); [`Refusal::UnsupportedKind`] if nobody knows
    /// its kind. An error of one authenticator ends the search: a fallback must not turn an outage into a refusal.
    pub async fn authenticate(&self, credential: &Credential, now_ms: i64) -> Result<Principal, AuthError> {
        for authenticator in &self.0 {
            if let Some(principal) = authenticator.authenticate(credential, now_ms).await? {
                return Ok(principal);
            }
        }
        Err(Refusal::UnsupportedKind.into())
    }

    /// `principal` as it is at `now_ms` (Unix milliseconds), from the first that knows its kind of credential;
    /// [`Refusal::UnsupportedKind`] if nobody does. [`AuthError::Unavailable`] says nothing against the principal.
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
