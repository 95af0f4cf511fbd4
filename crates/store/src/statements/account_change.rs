//! `account_changes`: the list by which servers follow changes of accounts and credentials.

use boardwire_protocol::{Timestamp, UserId};
use boardwire_services::storage::{AccountChange, StorageResult};

use crate::{
    connection::Connection,
    statement::{Statement, Value},
};

const RECORD: Statement =
    Statement::new("account_change.note", "INSERT INTO account_changes (user_id, at) VALUES ($1, $2)");

const LAST: Statement = Statement::new("account_change.last", "SELECT COALESCE(MAX(id), 0) FROM account_changes");

const LIST: Statement =
    Statement::new("account_change.list", "SELECT id, user_id FROM account_changes WHERE id > $1 ORDER BY id");

/// Keeps the newest change, so that no number is used twice.
const PRUNE: Statement = Statement::new(
    "account_change.prune",
    "DELETE FROM account_changes WHERE at < $1 AND id < (SELECT MAX(id) FROM account_changes)",
);

/// Records a change of a user.
#[tracing::instrument(level = "debug", name = "db.account_change.note", skip_all)]
pub(super) async fn record(connection: &mut Connection<'_>, user: &UserId, now: Timestamp) -> StorageResult<()> {
    connection.execute_one(&RECORD, &[Value::Text(user.as_str()), Value::Int(now.0)]).await
}

/// Runs a statement that returns the id of the user it concerns, and records a change of that user. Returns `false` if
/// the statement returned no row.
pub(super) async fn run_and_record(
    connection: &mut Connection<'_>,
    statement: &'static Statement,
    values: &[Value<'_>],
    now: Timestamp,
) -> StorageResult<bool> {
    let rows = connection.fetch_all(statement, values).await?;
    let Some(row) = rows.first() else { return Ok(false) };
    record(connection, &row.id(0)?, now).await?;
    Ok(true)
}

/// Returns the number of the last change; 0 if there has been none.
#[tracing::instrument(level = "debug", name = "db.account_change.last", skip_all)]
pub(super) async fn last(connection: &mut Connection<'_>) -> StorageResult<i64> {
    connection.fetch_one(&LAST, &[]).await?.int(0)
}

/// Returns the changes after a number, in order.
#[tracing::instrument(level = "debug", name = "db.account_change.list", skip_all)]
pub(super) async fn list(connection: &mut Connection<'_>, after: i64) -> StorageResult<Vec<AccountChange>> {
    let rows = connection.fetch_all(&LIST, &[Value::Int(after)]).await?;
    rows.iter().map(|row| Ok(AccountChange { id: row.int(0)?, user: row.id(1)? })).collect()
}

/// Deletes the changes made before this time, except the newest.
#[tracing::instrument(level = "debug", name = "db.account_change.prune", skip_all)]
pub(super) async fn prune(connection: &mut Connection<'_>, before: Timestamp) -> StorageResult<()> {
    connection.execute(&PRUNE, &[Value::Int(before.0)]).await.map(drop)
}
