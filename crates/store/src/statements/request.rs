//! `requests`: what request ids were used for.

use boardwire_protocol::{RequestId, Timestamp, UserId};
use boardwire_services::storage::{Remembered, Stored};

use crate::connection::{Connection, Statement, Value};

const FIND: Statement = Statement::new(
    "request.find",
    "SELECT hash, reply FROM requests WHERE user_id = $1 AND request_id = $2 AND created_at >= $3",
);

const REMEMBER: Statement = Statement::new(
    "request.remember",
    "INSERT INTO requests (user_id, request_id, hash, reply, created_at) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (user_id, request_id) DO UPDATE SET hash = $3, reply = $4, created_at = $5
     WHERE requests.created_at < $6",
);

const PRUNE: Statement = Statement::new(
    "request.prune",
    "DELETE FROM requests
     WHERE (user_id, request_id) IN
        (SELECT user_id, request_id FROM requests WHERE created_at < $1 ORDER BY created_at LIMIT $2)
     AND created_at < $1",
);

#[tracing::instrument(level = "debug", name = "db.request.find", skip_all)]
pub(crate) async fn find(
    connection: &mut Connection<'_>,
    user: &UserId,
    request: &RequestId,
    since: Timestamp,
) -> Stored<Option<Remembered>> {
    let values = [Value::Text(user.as_str()), Value::Text(request.as_str()), Value::Int(since.0)];
    let row = connection.fetch_optional(&FIND, &values).await?;
    row.map(|row| Ok(Remembered { hash: row.text(0)?, reply: row.text(1)? })).transpose()
}

#[tracing::instrument(level = "debug", name = "db.request.remember", skip_all)]
pub(crate) async fn remember(
    connection: &mut Connection<'_>,
    user: &UserId,
    request: &RequestId,
    remembered: &Remembered,
    now: Timestamp,
    since: Timestamp,
) -> Stored<bool> {
    let values = [
        Value::Text(user.as_str()),
        Value::Text(request.as_str()),
        Value::Text(&remembered.hash),
        Value::Text(&remembered.reply),
        Value::Int(now.0),
        Value::Int(since.0),
    ];
    Ok(connection.execute(&REMEMBER, &values).await? == 1)
}

/// Deletes at most `limit` requests from before `before`; gives how many.
#[tracing::instrument(level = "debug", name = "db.request.prune", skip_all)]
pub(crate) async fn prune(connection: &mut Connection<'_>, before: Timestamp, limit: u32) -> Stored<u64> {
    connection.execute(&PRUNE, &[Value::Int(before.0), Value::Int(limit.into())]).await
}
