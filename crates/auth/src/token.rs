//! The authenticator for tokens: checks a token with a verifier and finds its account in a directory.

use std::fmt;
use std::sync::Arc;

use crate::authenticator::Authenticator;
use crate::credential::Credential;
use crate::directory::{Claimed, Directory};
use crate::error::AuthError;
use crate::principal::{CredentialId, Principal};
use crate::refusal::Refusal;
use crate::verifier::TokenVerifier;

/// Turns [`Credential::Token`] into a [`Principal`]; handles no other kind.
///
/// The principal's permissions are the account's, [narrowed](crate::Permissions::narrowed_to) to the token's
/// `permissions` claim; a token without the claim has all of the account's.
#[derive(Clone)]
pub struct TokenAuthenticator {
    verifier: TokenVerifier,
    directory: Arc<dyn Directory>,
}

impl TokenAuthenticator {
    /// Makes an authenticator that checks tokens with `verifier` and looks their subjects up in `directory`.
    pub fn new(verifier: TokenVerifier, directory: Arc<dyn Directory>) -> Self {
        Self { verifier, directory }
    }
}

#[async_trait::async_trait]
impl Authenticator for TokenAuthenticator {
    async fn authenticate(&self, credential: &Credential, now_ms: i64) -> Result<Option<Principal>, AuthError> {
        let Credential::Token(token) = credential else { return Ok(None) };
        let claims = self.verifier.verify(token, now_ms)?;
        let claimed = Claimed { subject: claims.sub, name: claims.name, teams: claims.teams };
        let account = self.directory.account(&claimed).await.map_err(AuthError::Unavailable)?;
        let account = account.ok_or(Refusal::UnknownAccount)?;
        let credential = CredentialId::Token { id: claims.jti };
        Ok(Some(Principal::of(account, claims.permissions, Some(claims.exp * 1_000), credential)))
    }

    /// Nothing is stored about a token: only its account can have changed, and the token itself can have expired.
    async fn renew(&self, principal: &Principal, now_ms: i64) -> Result<Option<Principal>, AuthError> {
        let CredentialId::Token { .. } = &principal.credential else { return Ok(None) };
        if principal.expired_at(now_ms) {
            return Err(Refusal::Expired.into());
        }
        let account = self.directory.known(&principal.user).await.map_err(AuthError::Unavailable)?;
        let account = account.ok_or(Refusal::UnknownAccount)?;
        Ok(Some(Principal::of(account, principal.scope, principal.expires_at, principal.credential.clone())))
    }
}

impl fmt::Debug for TokenAuthenticator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenAuthenticator").finish_non_exhaustive()
    }
}
