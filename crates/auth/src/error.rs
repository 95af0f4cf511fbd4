//! Why there is no principal: the credential was refused, or could not be checked.

use crate::refusal::Refusal;

/// An error of a storage, of any type.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Why there is no principal.
#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    /// The credential is not valid. The reason is for logs: tell the caller only that authentication failed, or that
    /// the credential has expired.
    #[error("authentication failed: {0}")]
    Refused(#[from] Refusal),
    /// A storage that is needed for the decision failed. Retrying with the same credential may succeed.
    #[error("authentication could not be decided")]
    Unavailable(#[source] BoxError),
}
