//! Authentication: who calls, and whether that still holds.

use std::{net::IpAddr, sync::Arc, time::Duration};

use boardwire_auth::{AuthError, Credential, CredentialId, Principal, Refusal};
use boardwire_protocol::{Code, ErrorBody};
use boardwire_services::Caller;

use crate::{ConnectionPermit, Gate, Peer};

/// Why a caller could not be authenticated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthenticationError {
    /// There are no credentials, or they are not accepted.
    Refused,
    /// The credentials have expired.
    Expired,
    /// Too many that were not accepted came from this address; how long to wait.
    TooOften(Duration),
    /// Whether they are valid can't be found out now; another try may succeed.
    Undecided,
}

impl AuthenticationError {
    /// Returns the error for clients that are answered with a code.
    #[must_use]
    pub fn body(self) -> ErrorBody {
        let too_many = "too many failed attempts from this address";
        match self {
            Self::Refused | Self::Expired => ErrorBody::new(
                Code::Unauthenticated,
                "this needs valid credentials: `Authorization: Bearer` with a token, `X-API-Key`, or a session",
            ),
            Self::TooOften(wait) => {
                ErrorBody { retry_after: Some(wait.as_secs_f64()), ..ErrorBody::new(Code::RateLimit, too_many) }
            }
            Self::Undecided => ErrorBody::new(Code::Unavailable, "the server can't check credentials now; try again"),
        }
    }
}

impl Gate {
    /// Authenticates a caller. Of several credentials the first that is accepted counts; where they are good for
    /// different users, none does: one of them was put there by somebody else. What is not accepted is counted against
    /// the address of `peer`; with what is, its connection is known.
    ///
    /// # Errors
    /// [`AuthenticationError`].
    pub async fn authenticate(
        &self,
        credentials: &[Credential],
        peer: Option<&Peer>,
    ) -> Result<Caller, AuthenticationError> {
        if self.closing.is_cancelled() {
            return Err(AuthenticationError::Undecided);
        }
        let address = peer.map(|peer| peer.address);
        let accepted = self.accept_one_of(credentials, address).await;
        if let (Ok(_), Some(peer)) = (&accepted, peer) {
            peer.connection.note_authenticated();
        }
        if let Err(AuthenticationError::Refused | AuthenticationError::Expired) = accepted
            && let Some(Err(wait)) = address.map(|address| self.failures.check(address))
        {
            return Err(AuthenticationError::TooOften(wait));
        }
        accepted
    }

    async fn accept_one_of(
        &self,
        credentials: &[Credential],
        address: Option<IpAddr>,
    ) -> Result<Caller, AuthenticationError> {
        let (mut accepted, mut denied) = (None::<Caller>, AuthenticationError::Refused);
        for credential in credentials {
            match self.accept(credential, address).await {
                Ok(caller) => match &accepted {
                    Some(first) if first.user() != caller.user() => {
                        tracing::info!("cookies of two users came together; none counts");
                        return Err(AuthenticationError::Refused);
                    }
                    Some(_) => {}
                    None => accepted = Some(caller),
                },
                // What is worth another try, or was good once, is told before what never was.
                Err(AuthenticationError::Undecided) => denied = AuthenticationError::Undecided,
                Err(why) if denied == AuthenticationError::Refused => denied = why,
                Err(_) => {}
            }
        }
        accepted.ok_or(denied)
    }

    async fn accept(&self, credential: &Credential, address: Option<IpAddr>) -> Result<Caller, AuthenticationError> {
        let address = address.map(tracing::field::display);
        let now = self.clock().now().0;
        let principal = match self.authenticators.authenticate(credential, now).await {
            // What is accepted as barely expired elsewhere would be thrown out again right away.
            Ok(principal) if principal.expired_at(now) => return Err(AuthenticationError::Expired),
            Ok(principal) => principal,
            Err(AuthError::Refused(refusal)) => {
                tracing::info!(kind = credential.kind(), reason = refusal.reason(), address, "credentials refused");
                return Err(if refusal == Refusal::Expired {
                    AuthenticationError::Expired
                } else {
                    AuthenticationError::Refused
                });
            }
            Err(AuthError::Unavailable(error)) => {
                tracing::warn!(%error, "credentials undecided");
                return Err(AuthenticationError::Undecided);
            }
        };
        Caller::new(Arc::new(principal)).map_err(|error| {
            tracing::info!(%error, address, "credentials refused");
            AuthenticationError::Refused
        })
    }

    /// Returns the id of the session that this is the secret of, unless it has ended. This authenticates nobody, and a wrong
    /// secret counts against nobody.
    ///
    /// # Errors
    /// [`AuthenticationError::Undecided`].
    pub async fn session_of(&self, credential: &Credential) -> Result<Option<String>, AuthenticationError> {
        match self.authenticators.authenticate(credential, self.clock().now().0).await {
            Ok(Principal { credential: CredentialId::Session(id), .. }) => Ok(Some(id)),
            Ok(_) | Err(AuthError::Refused(_)) => Ok(None),
            Err(AuthError::Unavailable(error)) => {
                tracing::warn!(%error, "a session can't be looked at");
                Err(AuthenticationError::Undecided)
            }
        }
    }

    /// Returns a permit for one more connection; `None`: there are too many, of this user, from this address, or in all.
    #[must_use]
    pub fn connection_permit(&self, caller: &Caller, address: Option<IpAddr>) -> Option<ConnectionPermit> {
        self.connection_limiter.acquire(&self.connection_limits, caller.user().as_str(), address)
    }

    /// Returns the caller with what the credentials allow now.
    ///
    /// # Errors
    /// [`AuthenticationError`] when the credentials have ended since, or when that can't be found out.
    pub async fn renew(&self, caller: &Caller) -> Result<Caller, AuthenticationError> {
        let now = self.clock().now().0;
        match self.authenticators.renew(caller.principal(), now).await {
            Ok(principal) if principal.expired_at(now) => Err(AuthenticationError::Expired),
            Ok(principal) => Caller::new(Arc::new(principal)).map_err(|_| AuthenticationError::Refused),
            Err(AuthError::Refused(Refusal::Expired)) => Err(AuthenticationError::Expired),
            Err(AuthError::Refused(refusal)) => {
                tracing::info!(reason = refusal.reason(), "credentials that had been accepted ended");
                Err(AuthenticationError::Refused)
            }
            Err(AuthError::Unavailable(error)) => {
                tracing::warn!(%error, "can't look at credentials again");
                Err(AuthenticationError::Undecided)
            }
        }
    }
}
