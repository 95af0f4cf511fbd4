//! Why a credential was refused. For logs and metrics: a client is only ever told that authentication failed.

/// The reason for a refusal. No variant's text holds a secret or unescaped text of the caller's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The token is longer than [`MAX_TOKEN_BYTES`](crate::MAX_TOKEN_BYTES).
    #[error("the token is longer than 8 KiB")]
    TooLong,
    /// Not a JWT, or one with an algorithm that does not exist here, such as `none`.
    #[error("the token is not a JWT with a supported algorithm")]
    Malformed,
    /// The header demands extensions (`crit`) that this verifier does not have.
    #[error("the token demands header extensions that are not supported")]
    CriticalHeader,
    /// The token names a key that no configured key of its algorithm goes by.
    #[error("the token names the key {0:?} (kid), which no configured key of its algorithm goes by")]
    UnknownKey(String),
    /// No key is configured for the token's algorithm.
    #[error("no key is configured for the token's algorithm")]
    NoKeyForAlgorithm,
    /// The token names no key, and several named ones could have signed it.
    #[error("the token names no key (kid), and more than one could fit")]
    AmbiguousKey,
    /// The signature is not by any of the keys that it could be by.
    #[error("the signature does not match")]
    Signature,
    /// A required claim is absent or null.
    #[error("the token has no claim {0:?}")]
    MissingClaim(&'static str),
    /// A claim has the wrong type or is out of range.
    #[error("the claim {0:?} is not valid")]
    InvalidClaim(&'static str),
    /// The credential's time is over.
    #[error("the credential has expired")]
    Expired,
    /// The token's `nbf` lies in the future.
    #[error("the token is not valid yet")]
    NotYetValid,
    /// `iss` is not the configured issuer.
    #[error("the token is from another issuer")]
    Issuer,
    /// `aud` does not include the configured audience.
    #[error("the token is for another audience")]
    Audience,
    /// The token is good, but its subject has no account here, or no longer.
    #[error("the token's subject has no account")]
    UnknownAccount,
    /// No such API key or session, or its secret is wrong, or it was ended. Which of them, nobody is told.
    #[error("no such API key or session")]
    UnknownCredential,
    /// The API key was there once and has been taken back.
    #[error("the credential has been revoked")]
    Revoked,
    /// No authenticator in the chain takes this kind of credential.
    #[error("this kind of credential is not accepted")]
    UnsupportedKind,
}

impl Refusal {
    /// One stable word for each reason, fit for a metric's label.
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::TooLong => "too_long",
            Self::Malformed => "malformed",
            Self::CriticalHeader => "critical_header",
            Self::UnknownKey(_) => "unknown_key",
            Self::NoKeyForAlgorithm => "no_key_for_algorithm",
            Self::AmbiguousKey => "ambiguous_key",
            Self::Signature => "signature",
            Self::MissingClaim(_) => "missing_claim",
            Self::InvalidClaim(_) => "invalid_claim",
            Self::Expired => "expired",
            Self::NotYetValid => "not_yet_valid",
            Self::Issuer => "issuer",
            Self::Audience => "audience",
            Self::UnknownAccount => "unknown_account",
            Self::UnknownCredential => "unknown_credential",
            Self::Revoked => "revoked",
            Self::UnsupportedKind => "unsupported_kind",
        }
    }
}
