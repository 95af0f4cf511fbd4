//! Authentication: identifies the caller, and checks whether the credentials are still valid.

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
    /// Too many refused credentials came from this address; the next try must wait this long.
    TooOften(Duration),
    /// It can't be determined now whether they are valid; another try may succeed.
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
    /// Authenticates a caller. The first accepted credential counts; if several are accepted for different users, none
    /// counts, because someone else put one of them there. A refusal is counted against the address of `peer`;
    /// a success marks its connection as authenticated.
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
                        tracing::info!("a request has session cookies of two users; neither counts");
                        return Err(AuthenticationError::Refused);
                    }
                    Some(_) => {}
                    None => accepted = Some(caller),
                },
                // An error that is worth a retry, or a credential that was valid once, takes precedence over a plain
                // refusal.
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
            // Authenticators may tolerate a credential for a while after its expiry, but its connection would soon end.
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
                tracing::warn!(%error, "can't check credentials");
                return Err(AuthenticationError::Undecided);
            }
        };
        Caller::new(Arc::new(principal)).map_err(|error| {
            tracing::info!(%error, address, "credentials refused");
            AuthenticationError::Refused
        })
    }

    /// Returns the id of the session with this secret, unless it has ended. This authenticates nobody, and a wrong
    /// secret is not counted.
    ///
    /// # Errors
    /// [`AuthenticationError::Undecided`].
    pub async fn session_of(&self, credential: &Credential) -> Result<Option<String>, AuthenticationError> {
        match self.authenticators.authenticate(credential, self.clock().now().0).await {
            Ok(Principal { credential: CredentialId::Session(id), .. }) => Ok(Some(id)),
            Ok(_) | Err(AuthError::Refused(_)) => Ok(None),
            Err(AuthError::Unavailable(error)) => {
                tracing::warn!(%error, "can't look up a session");
                Err(AuthenticationError::Undecided)
            }
        }
    }

    /// Returns a permit for one more connection, or `None` if there are too many of this user, from this address, or in
    /// all.
    #[must_use]
    pub fn connection_permit(&self, caller: &Caller, address: Option<IpAddr>) -> Option<ConnectionPermit> {
        self.connection_limiter.acquire(&self.connection_limits, caller.user().as_str(), address)
    }

    /// Returns the caller with the permissions that the credentials give now.
    ///
    /// # Errors
    /// [`AuthenticationError`] if the credentials have ended since, or if that can't be determined.
    pub async fn renew(&self, caller: &Caller) -> Result<Caller, AuthenticationError> {
        let now = self.clock().now().0;
        match self.authenticators.renew(caller.principal(), now).await {
            Ok(principal) if principal.expired_at(now) => Err(AuthenticationError::Expired),
            Ok(principal) => Caller::new(Arc::new(principal)).map_err(|_| AuthenticationError::Refused),
            Err(AuthError::Refused(Refusal::Expired)) => Err(AuthenticationError::Expired),
            Err(AuthError::Refused(refusal)) => {
                tracing::info!(reason = refusal.reason(), "the credentials of a connection are no longer valid");
                Err(AuthenticationError::Refused)
            }
            Err(AuthError::Unavailable(error)) => {
                tracing::warn!(%error, "can't check the credentials of a connection again");
                Err(AuthenticationError::Undecided)
            }
        }
    }
}
