//! API keys.

use async_trait::async_trait;
use boardwire_protocol::{Timestamp, UserId};

use super::{StorageResult, User};

/// An API key as stored: with the hash of its secret in place of the secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// The public part of the key.
    pub id: String,
    /// The user whom the key stands for.
    pub user: UserId,
    /// What the key is for, in the user's words.
    pub name: String,
    /// What the key allows at most; `None`: everything that the user may do.
    pub permissions: Option<Vec<String>>,
    /// The hash of the secret part, in lower-case hexadecimal.
    pub hash: String,
    /// When the key was created.
    pub created_at: Timestamp,
    /// When the key expires.
    pub expires_at: Option<Timestamp>,
    /// When a use of the key was last recorded.
    pub used_at: Option<Timestamp>,
    /// When the key was revoked.
    pub revoked_at: Option<Timestamp>,
}

/// API keys. Revoking one adds an [`AccountChange`](super::AccountChange).
#[async_trait]
pub trait ApiKeyStore: Send + Sync + 'static {
    /// Returns an API key and its user.
    async fn api_key(&self, id: &str) -> StorageResult<Option<(ApiKey, User)>>;

    /// Returns the API keys of a user, or of all users, oldest first.
    async fn api_keys(&self, user: Option<&UserId>) -> StorageResult<Vec<ApiKey>>;

    /// Inserts an API key.
    async fn insert_api_key(&self, key: &ApiKey) -> StorageResult<()>;

    /// Records that an API key was used.
    async fn api_key_used(&self, id: &str, at: Timestamp) -> StorageResult<()>;

    /// Revokes an API key. Returns `false` if there is none, or if it was revoked before.
    async fn revoke_api_key(&self, id: &str, now: Timestamp) -> StorageResult<bool>;
}
