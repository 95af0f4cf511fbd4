//! Request ids that have been used.

use async_trait::async_trait;
use boardwire_protocol::{RequestId, Timestamp, UserId};

use super::StorageResult;

/// What a request id was used for.
#[derive(Debug, Clone)]
pub struct UsedRequest {
    /// The hash of the request, in lower-case hexadecimal.
    pub hash: String,
    /// The reply, as `ChangeOutcome` encodes it.
    pub reply: String,
}

/// Request ids, within a unit of work.
#[async_trait]
pub trait RequestRepository: Send {
    /// Claims a user's request id for this unit, if it has not been used at or after `since`. Returns `false` if it
    /// has. While another unit has claimed the same id, this waits until that one ends. A unit that claims an id must
    /// call [`store_reply`](Self::store_reply): until then the reply is empty.
    async fn claim_request(
        &mut self,
        user: &UserId,
        request: &RequestId,
        hash: &str,
        now: Timestamp,
        since: Timestamp,
    ) -> StorageResult<bool>;

    /// Returns what a user's request id was used for at or after `since`.
    async fn find_request(
        &mut self,
        user: &UserId,
        request: &RequestId,
        since: Timestamp,
    ) -> StorageResult<Option<UsedRequest>>;

    /// Stores the reply to a request that this unit has claimed.
    async fn store_reply(&mut self, user: &UserId, request: &RequestId, reply: &str) -> StorageResult<()>;
}
