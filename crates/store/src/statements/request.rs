//! `requests`: the request ids that have been used, and the replies.

use async_trait::async_trait;
use boardwire_protocol::{RequestId, Timestamp, UserId};
use boardwire_services::storage::{RequestRepository, StorageResult, UsedRequest};

use crate::{
    connection::Connection,
    statement::{Statement, Value},
};

/// On Postgres, this waits for any unit that has claimed the same id and not ended yet. Then it locks the row, even if
/// it does not change it, so that what is read next stays the same until the unit ends.
const CLAIM: Statement = Statement::new(
    "request.claim",
    "INSERT INTO requests (user_id, request_id, hash, reply, created_at) VALUES ($1, $2, $3, '', $4)
     ON CONFLICT (user_id, request_id) DO UPDATE SET hash = $3, reply = '', created_at = $4
     WHERE requests.created_at < $5",
);

const FIND: Statement = Statement::new(
    "request.find",
    "SELECT hash, reply FROM requests WHERE user_id = $1 AND request_id = $2 AND created_at >= $3",
);

const STORE_REPLY: Statement =
    Statement::new("request.remember", "UPDATE requests SET reply = $3 WHERE user_id = $1 AND request_id = $2");

const PRUNE: Statement = Statement::new(
    "request.prune",
    "DELETE FROM requests
     WHERE (user_id, request_id) IN
        (SELECT user_id, request_id FROM requests WHERE created_at < $1 ORDER BY created_at LIMIT $2)
     AND created_at < $1",
);

#[async_trait]
impl RequestRepository for Connection<'_> {
    #[tracing::instrument(level = "debug", name = "db.request.claim", skip_all)]
    async fn claim_request(
        &mut self,
        user: &UserId,
        request: &RequestId,
        hash: &str,
        now: Timestamp,
        since: Timestamp,
    ) -> StorageResult<bool> {
        let values = [
            Value::Text(user.as_str()),
            Value::Text(request.as_str()),
            Value::Text(hash),
            Value::Int(now.0),
            Value::Int(since.0),
        ];
        Ok(self.execute(&CLAIM, &values).await? == 1)
    }

    #[tracing::instrument(level = "debug", name = "db.request.find", skip_all)]
    async fn find_request(
        &mut self,
        user: &UserId,
        request: &RequestId,
        since: Timestamp,
    ) -> StorageResult<Option<UsedRequest>> {
        let values = [Value::Text(user.as_str()), Value::Text(request.as_str()), Value::Int(since.0)];
        let row = self.fetch_optional(&FIND, &values).await?;
        row.map(|row| Ok(UsedRequest { hash: row.text(0)?, reply: row.text(1)? })).transpose()
    }

    #[tracing::instrument(level = "debug", name = "db.request.remember", skip_all)]
    async fn store_reply(&mut self, user: &UserId, request: &RequestId, reply: &str) -> StorageResult<()> {
        let values = [Value::Text(user.as_str()), Value::Text(request.as_str()), Value::Text(reply)];
        self.execute_one(&STORE_REPLY, &values).await
    }
}

/// Deletes at most `limit` request ids used before `before`. Returns how many.
#[tracing::instrument(level = "debug", name = "db.request.prune", skip_all)]
pub(super) async fn prune(connection: &mut Connection<'_>, before: Timestamp, limit: u32) -> StorageResult<u64> {
    connection.execute(&PRUNE, &[Value::Int(before.0), Value::Int(limit.into())]).await
}
