//! Why a credential was refused, for logs. Clients are told at most that it has expired.

/// Why a credential was refused. The messages contain no secret, and text from the caller only in escaped form.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The token is longer than [`MAX_TOKEN_BYTES`](crate::MAX_TOKEN_BYTES).
    #[error("the token is longer than 8 KiB")]
    TooLong,
    /// The token is not a JWT, or its algorithm is not supported, such as `none`.
    #[error("the token is not a JWT with a supported algorithm")]
    Malformed,
    /// The token's header demands extensions (`crit`), of which none is supported.
    #[error("the token demands header extensions that are not supported")]
    CriticalHeader,
    /// The token names a key (`kid`), and no configured key of its algorithm has that name.
    #[error("the token names the key {0:?} (kid), but no configured key of its algorithm has that name")]
    UnknownKey(String),
    /// No key is configured for the token's algorithm.
    #[error("no key is configured for the token's algorithm")]
    NoKeyForAlgorithm,
    /// The token names no key (`kid`), and several named keys have its algorithm.
    #[error("the token names no key (kid), and several keys could fit")]
    AmbiguousKey,
    /// The signature matches none of the keys in question.
    #[error("the signature does not match")]
    Signature,
    /// A required claim is absent or `null`.
    #[error("the token has no claim {0:?}")]
    MissingClaim(&'static str),
    /// A claim has the wrong type or is out of range.
    #[error("the claim {0:?} is not valid")]
    InvalidClaim(&'static str),
    /// The credential has expired.
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
    /// The token is valid, but its subject has no account.
    #[error("the token's subject has no account")]
    UnknownAccount,
    /// There is no such API key or session, its secret is wrong, or the session has ended. The refusal does not tell
    /// which.
    #[error("no such API key or session")]
    UnknownCredential,
    /// The API key has been revoked.
    #[error("the credential has been revoked")]
    Revoked,
    /// No authenticator in the chain knows this kind of credential.
    #[error("this kind of credential is not accepted")]
    UnsupportedKind,
}

impl Refusal {
    /// Returns a stable word for the reason, for logs.
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
