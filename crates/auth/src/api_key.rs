//! The authenticator for API keys. Storing them, and deciding who may make or revoke one, is left to the implementation
//! of [`ApiKeys`].

use std::fmt;
use std::sync::Arc;

use crate::authenticator::Authenticator;
use crate::credential::Credential;
use crate::directory::Account;
use crate::error::{AuthError, BoxError};
use crate::permission::Permissions;
use crate::principal::{CredentialId, Principal};
use crate::refusal::Refusal;
use crate::secret::SecretKind;
use crate::usage::Usage;

/// The least time between two recorded uses of one key, in milliseconds.
const RECORD_EVERY_MS: i64 = 60_000;

/// An API key as it is stored, with its account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKeyRecord {
    /// The account as it is now.
    pub account: Account,
    /// SHA-256 of the secret part as lower-case hexadecimal digits: [`IssuedSecret::hash`](crate::IssuedSecret::hash).
    pub hash: String,
    /// The permissions that the key is limited to; `None`: all that the account has.
    pub scope: Option<Permissions>,
    /// Whether the key was revoked, which can't be undone.
    pub revoked: bool,
    /// When the key expires, in Unix milliseconds; `None`: never.
    pub expires_at: Option<i64>,
    /// When a use was last recorded, in Unix milliseconds.
    pub last_used: Option<i64>,
}

impl ApiKeyRecord {
    fn principal(self, id: String, now_ms: i64) -> Result<Principal, Refusal> {
        if self.revoked {
            return Err(Refusal::Revoked);
        }
        let principal = Principal::of(self.account, self.scope, self.expires_at, CredentialId::ApiKey(id));
        if principal.expired_at(now_ms) { Err(Refusal::Expired) } else { Ok(principal) }
    }
}

/// Where API keys are stored.
#[async_trait::async_trait]
pub trait ApiKeys: Send + Sync {
    /// Returns the key with this id (16 lower-case hexadecimal digits). `None`: there is no such key, or its account
    /// no longer exists. An error: the storage failed.
    async fn api_key(&self, id: &str) -> Result<Option<ApiKeyRecord>, BoxError>;

    /// Records that the key was used at `now_ms` (Unix milliseconds). It is not an error if the key no longer
    /// exists.
    async fn api_key_used(&self, id: &str, now_ms: i64) -> Result<(), BoxError>;
}

/// Turns [`Credential::ApiKey`] into a [`Principal`]; handles no other kind.
///
/// - A text that is not an API key, an unknown id and a wrong secret give the same refusal,
///   [`Refusal::UnknownCredential`]. [`Refusal::Revoked`] and [`Refusal::Expired`] require the right secret.
/// - The first use is recorded, and from then on at most one a minute. The caller is accepted even if recording fails.
///   Renewal is not a use.
pub struct ApiKeyAuthenticator {
    keys: Arc<dyn ApiKeys>,
    usage: Usage,
}

impl ApiKeyAuthenticator {
    /// Makes an authenticator that looks keys up in `keys`.
    pub fn new(keys: Arc<dyn ApiKeys>) -> Self {
        Self { keys, usage: Usage::every(RECORD_EVERY_MS) }
    }
}

#[async_trait::async_trait]
impl Authenticator for ApiKeyAuthenticator {
    async fn authenticate(&self, credential: &Credential, now_ms: i64) -> Result<Option<Principal>, AuthError> {
        let Credential::ApiKey(text) = credential else { return Ok(None) };
        let presented = SecretKind::ApiKey.parse(text).ok_or(Refusal::UnknownCredential)?;
        let id = presented.id();
        let record = self.keys.api_key(id).await.map_err(AuthError::Unavailable)?;
        let matches = presented.matches(record.as_ref().map(|record| record.hash.as_str()));
        let record = record.filter(|_| matches).ok_or(Refusal::UnknownCredential)?;
        let last_used = record.last_used;
        let principal = record.principal(id.to_owned(), now_ms)?;
        if self.usage.claim(id, last_used, now_ms) && self.keys.api_key_used(id, now_ms).await.is_err() {
            // The caller is accepted nevertheless; the next use is recorded instead.
            self.usage.release(id);
        }
        Ok(Some(principal))
    }

    async fn renew(&self, principal: &Principal, now_ms: i64) -> Result<Option<Principal>, AuthError> {
        let CredentialId::ApiKey(id) = &principal.credential else { return Ok(None) };
        let record = self.keys.api_key(id).await.map_err(AuthError::Unavailable)?;
        let record = record.filter(|record| record.account.id == principal.user).ok_or(Refusal::UnknownCredential)?;
        Ok(Some(record.principal(id.clone(), now_ms)?))
    }
}

impl fmt::Debug for ApiKeyAuthenticator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiKeyAuthenticator").finish_non_exhaustive()
    }
}
