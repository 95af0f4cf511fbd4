//! The handshake: whether a client may connect, and as whom.

use std::fmt;

use boardwire_auth::Credential;
use boardwire_gate::{AuthenticationError, ConnectionPermit, Peer};
use boardwire_services::Caller;
use serde::Deserialize;

use crate::Gateway;

/// The credentials in the handshake; the first one given counts.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Handshake {
    token: Option<String>,
    api_key: Option<String>,
    session_id: Option<String>,
}

impl Handshake {
    /// Returns the credential that the client named, or else those from its cookies.
    fn credentials(self, cookies: Vec<Credential>) -> Vec<Credential> {
        let (token, key) = (self.token.map(Credential::Token), self.api_key.map(Credential::ApiKey));
        let named = token.or(key).or(self.session_id.map(Credential::Session));
        named.map_or(cookies, |named| vec![named])
    }
}

/// Why a handshake was refused. The client gets one of these three texts and nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HandshakeRejection {
    Failed,
    Undecided,
    TooMany,
}

impl fmt::Display for HandshakeRejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Failed => "Authentication failed",
            Self::Undecided => "Authentication error",
            Self::TooMany => "Too many connections",
        })
    }
}

/// A client whose handshake was accepted.
pub(crate) struct Accepted {
    pub(crate) caller: Caller,
    pub(crate) permit: ConnectionPermit,
}

impl Gateway {
    /// Decides on a handshake. `cookies` are the sessions in a browser's cookies.
    pub(crate) async fn accept(
        &self,
        handshake: Handshake,
        cookies: Vec<Credential>,
        peer: Option<&Peer>,
    ) -> Result<Accepted, HandshakeRejection> {
        let caller = match self.gate.authenticate(&handshake.credentials(cookies), peer).await {
            Ok(caller) => caller,
            Err(AuthenticationError::Refused | AuthenticationError::Expired) => return Err(HandshakeRejection::Failed),
            Err(AuthenticationError::TooOften(_)) => return Err(HandshakeRejection::TooMany),
            Err(AuthenticationError::Undecided) => return Err(HandshakeRejection::Undecided),
        };
        let permit =
            self.gate.connection_permit(&caller, peer.map(|peer| peer.address)).ok_or(HandshakeRejection::TooMany)?;
        Ok(Accepted { caller, permit })
    }
}
