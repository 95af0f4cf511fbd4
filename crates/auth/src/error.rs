//! Why there is no principal: the credential was refused, or it could not be found out.

use crate::refusal::Refusal;

/// An error of a storage, of whatever type.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Why there is no principal.
#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    /// Decided: the credential is not valid. The reason is for logs; tell the caller only that authentication failed.
    #[error("authentication failed: {0}")]
    Refused(#[from] Refusal),
    /// Undecided: a storage that is needed for the decision failed. Worth retrying with the same credential.
    #[error("authentication could not be decided")]
    Unavailable(#[source] BoxError),
}
