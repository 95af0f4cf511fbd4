//! The authenticator for API keys. Where the keys are stored, and who may make or revoke one, is the other side of
//! [`ApiKeys`].

use std::fmt;
use std::sync::Arc;

use crate::authenticator::{AuthError, Authenticator, BoxError};
use crate::credential::Credential;
use crate::directory::Account;
use crate::permission::Permissions;
use crate::principal::{CredentialId, Principal};
use crate::refusal::Refusal;
use crate::secret::SecretKind;
use crate::usage::Usage;

/// How often the use of one key is recorded at most, in milliseconds.
const RECORD_EVERY_MS: i64 = 60_000;

/// An API key as it is stored, with the account that it speaks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKeyRecord {
    /// The account as it is now.
    pub account: Account,
    /// SHA-256 of the secret part as lower-case hexadecimal digits: [`IssuedSecret::hash`](crate::IssuedSecret::hash).
    pub hash: String,
    /// What the key is narrowed to; `None`: all that the account has.
    pub scope: Option<Permissions>,
    /// Taken back for good.
    pub revoked: bool,
    /// The millisecond (Unix time) from which on the key is no longer good; `None`: it does not end by itself.
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

/// The border to wherever API keys are stored.
#[async_trait::async_trait]
pub trait ApiKeys: Send + Sync {
    /// The key of this id (16 lower-case hexadecimal digits). `None`: there is no such key, or its account is gone. An
    /// error: it could not be found out.
    async fn api_key(&self, id: &str) -> Result<Option<ApiKeyRecord>, BoxError>;

    /// Records that the key was used at `now_ms` (Unix milliseconds). A key that is gone is no error.
    async fn api_key_used(&self, id: &str, now_ms: i64) -> Result<(), BoxError>;
}

/// Turns [`Credential::ApiKey`] into a [`Principal`]; knows no other kind.
///
/// - A key that is not one in form, an id that does not exist and a secret that is wrong are the same refusal,
///   [`Refusal::UnknownCredential`]; that a key was revoked or has expired is said only where its secret was right.
/// - The first use is recorded, and from then on one a minute; failing to do so refuses nobody. Renewal is not a use.
pub struct ApiKeyAuthenticator {
    keys: Arc<dyn ApiKeys>,
    usage: Usage,
}

impl ApiKeyAuthenticator {
    /// Looks keys up in `keys`.
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
            // Who may come in does not hang on it, and the next use tries again.
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
