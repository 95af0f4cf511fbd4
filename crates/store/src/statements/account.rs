//! `passwords`, `sessions`, `api_keys` and `account_changes`.

use boardwire_protocol::{Timestamp, UserId};
use boardwire_services::storage::{AccountChange, ApiKey, Session, Stored};

use super::json;
use crate::{
    connection::{Connection, Statement, Value, locking},
    row::Row,
};

/// The most sessions of one user.
const MAX_SESSIONS: i64 = 100;

const PASSWORD: Statement = Statement::new("password.find", "SELECT hash FROM passwords WHERE user_id = $1");

/// Whoever changes it waits until the session that begins by it is there, and ends that one too.
const LOCK_PASSWORD: Statement = locking!("password.lock", "SELECT hash FROM passwords WHERE user_id = $1");

const SET_PASSWORD: Statement = Statement::new(
    "password.set",
    "INSERT INTO passwords (user_id, hash) VALUES ($1, $2) ON CONFLICT (user_id) DO UPDATE SET hash = $2",
);

const SESSION: Statement = Statement::new(
    "session.find",
    "SELECT id, user_id, hash, created_at, used_at, expires_at FROM sessions WHERE id = $1",
);

const INSERT_SESSION: Statement = Statement::new(
    "session.insert",
    "INSERT INTO sessions (id, user_id, hash, created_at, used_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6)",
);

const END_OLDEST: Statement = Statement::new(
    "session.end_oldest",
    "DELETE FROM sessions WHERE user_id = $1 AND id NOT IN
        (SELECT id FROM sessions WHERE user_id = $1 ORDER BY used_at DESC, id LIMIT $2)",
);

const USE_SESSION: Statement =
    Statement::new("session.use", "UPDATE sessions SET used_at = $2 WHERE id = $1 AND used_at < $2");

const DELETE_SESSION: Statement =
    Statement::new("session.delete", "DELETE FROM sessions WHERE id = $1 RETURNING user_id");

const DELETE_SESSIONS: Statement = Statement::new("session.delete_all", "DELETE FROM sessions WHERE user_id = $1");

const PRUNE_SESSIONS: Statement = Statement::new("session.prune", "DELETE FROM sessions WHERE expires_at < $1");

macro_rules! key_fields {
    () => {
        "id, user_id, name, permissions, hash, created_at, expires_at, used_at, revoked_at"
    };
}

const API_KEY: Statement =
    Statement::new("api_key.find", concat!("SELECT ", key_fields!(), " FROM api_keys WHERE id = $1"));

const API_KEYS: Statement = Statement::new(
    "api_key.list",
    concat!("SELECT ", key_fields!(), " FROM api_keys WHERE $1 IS NULL OR user_id = $1 ORDER BY created_at, id"),
);

const INSERT_API_KEY: Statement = Statement::new(
    "api_key.insert",
    concat!("INSERT INTO api_keys (", key_fields!(), ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"),
);

const USE_API_KEY: Statement = Statement::new("api_key.use", "UPDATE api_keys SET used_at = $2 WHERE id = $1");

const REVOKE_API_KEY: Statement = Statement::new(
    "api_key.revoke",
    "UPDATE api_keys SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL RETURNING user_id",
);

const NOTE_CHANGE: Statement =
    Statement::new("account_change.note", "INSERT INTO account_changes (user_id, at) VALUES ($1, $2)");

const LAST_CHANGE: Statement =
    Statement::new("account_change.last", "SELECT COALESCE(MAX(id), 0) FROM account_changes");

const CHANGES: Statement =
    Statement::new("account_change.list", "SELECT id, user_id FROM account_changes WHERE id > $1 ORDER BY id");

/// The newest stays: places are counted from there on, so that none is given twice.
const PRUNE_CHANGES: Statement = Statement::new(
    "account_change.prune",
    "DELETE FROM account_changes WHERE at < $1 AND id < (SELECT MAX(id) FROM account_changes)",
);

#[tracing::instrument(level = "debug", name = "db.password.find", skip_all)]
pub(crate) async fn password(connection: &mut Connection<'_>, user: &UserId) -> Stored<Option<String>> {
    let row = connection.fetch_optional(&PASSWORD, &[Value::Text(user.as_str())]).await?;
    row.map(|row| row.text(0)).transpose()
}

#[tracing::instrument(level = "debug", name = "db.password.set", skip_all)]
pub(crate) async fn set_password(connection: &mut Connection<'_>, user: &UserId, hash: &str) -> Stored<()> {
    connection.execute_one(&SET_PASSWORD, &[Value::Text(user.as_str()), Value::Text(hash)]).await
}

#[tracing::instrument(level = "debug", name = "db.session.find", skip_all)]
pub(crate) async fn session(connection: &mut Connection<'_>, id: &str) -> Stored<Option<Session>> {
    let row = connection.fetch_optional(&SESSION, &[Value::Text(id)]).await?;
    let session = row.map(|row| {
        Ok(Session {
            id: row.text(0)?,
            user: row.id(1)?,
            hash: row.text(2)?,
            created_at: row.time(3)?,
            used_at: row.time(4)?,
            expires_at: row.time(5)?,
        })
    });
    session.transpose()
}

#[tracing::instrument(level = "debug", name = "db.session.insert", skip_all)]
pub(crate) async fn insert_session(connection: &mut Connection<'_>, session: &Session, password: &str) -> Stored<bool> {
    let user = Value::Text(session.user.as_str());
    let current = connection.fetch_optional(&LOCK_PASSWORD, &[user]).await?;
    if current.map(|row| row.text(0)).transpose()?.as_deref() != Some(password) {
        return Ok(false);
    }
    let values = [
        Value::Text(&session.id),
        Value::Text(session.user.as_str()),
        Value::Text(&session.hash),
        Value::Int(session.created_at.0),
        Value::Int(session.used_at.0),
        Value::Int(session.expires_at.0),
    ];
    connection.execute_one(&INSERT_SESSION, &values).await?;
    let ended =
        connection.execute(&END_OLDEST, &[Value::Text(session.user.as_str()), Value::Int(MAX_SESSIONS)]).await?;
    if ended > 0 {
        note_change(connection, &session.user, session.created_at).await?;
    }
    Ok(true)
}

#[tracing::instrument(level = "debug", name = "db.session.use", skip_all)]
pub(crate) async fn use_session(connection: &mut Connection<'_>, id: &str, at: Timestamp) -> Stored<()> {
    connection.execute(&USE_SESSION, &[Value::Text(id), Value::Int(at.0)]).await.map(drop)
}

#[tracing::instrument(level = "debug", name = "db.session.delete", skip_all)]
pub(crate) async fn delete_session(connection: &mut Connection<'_>, id: &str, now: Timestamp) -> Stored<bool> {
    changed_by(connection, &DELETE_SESSION, &[Value::Text(id)], now).await
}

#[tracing::instrument(level = "debug", name = "db.session.delete_all", skip_all)]
pub(crate) async fn delete_sessions(connection: &mut Connection<'_>, user: &UserId) -> Stored<()> {
    connection.execute(&DELETE_SESSIONS, &[Value::Text(user.as_str())]).await.map(drop)
}

#[tracing::instrument(level = "debug", name = "db.api_key.find", skip_all)]
pub(crate) async fn api_key(connection: &mut Connection<'_>, id: &str) -> Stored<Option<ApiKey>> {
    let row = connection.fetch_optional(&API_KEY, &[Value::Text(id)]).await?;
    row.as_ref().map(read_api_key).transpose()
}

#[tracing::instrument(level = "debug", name = "db.api_key.list", skip_all)]
pub(crate) async fn api_keys(connection: &mut Connection<'_>, user: Option<&UserId>) -> Stored<Vec<ApiKey>> {
    let rows = connection.fetch_all(&API_KEYS, &[Value::OptText(user.map(UserId::as_str))]).await?;
    rows.iter().map(read_api_key).collect()
}

#[tracing::instrument(level = "debug", name = "db.api_key.insert", skip_all)]
pub(crate) async fn insert_api_key(connection: &mut Connection<'_>, key: &ApiKey) -> Stored<()> {
    let permissions = key.permissions.as_ref().map(json).transpose()?;
    let values = [
        Value::Text(&key.id),
        Value::Text(key.user.as_str()),
        Value::Text(&key.name),
        Value::OptText(permissions.as_deref()),
        Value::Text(&key.hash),
        Value::Int(key.created_at.0),
        Value::OptInt(key.expires_at.map(|time| time.0)),
        Value::OptInt(key.used_at.map(|time| time.0)),
        Value::OptInt(key.revoked_at.map(|time| time.0)),
    ];
    connection.execute_one(&INSERT_API_KEY, &values).await
}

#[tracing::instrument(level = "debug", name = "db.api_key.use", skip_all)]
pub(crate) async fn use_api_key(connection: &mut Connection<'_>, id: &str, at: Timestamp) -> Stored<()> {
    connection.execute(&USE_API_KEY, &[Value::Text(id), Value::Int(at.0)]).await.map(drop)
}

#[tracing::instrument(level = "debug", name = "db.api_key.revoke", skip_all)]
pub(crate) async fn revoke_api_key(connection: &mut Connection<'_>, id: &str, now: Timestamp) -> Stored<bool> {
    changed_by(connection, &REVOKE_API_KEY, &[Value::Text(id), Value::Int(now.0)], now).await
}

#[tracing::instrument(level = "debug", name = "db.account_change.note", skip_all)]
pub(crate) async fn note_change(connection: &mut Connection<'_>, user: &UserId, now: Timestamp) -> Stored<()> {
    connection.execute_one(&NOTE_CHANGE, &[Value::Text(user.as_str()), Value::Int(now.0)]).await
}

#[tracing::instrument(level = "debug", name = "db.account_change.last", skip_all)]
pub(crate) async fn last_change(connection: &mut Connection<'_>) -> Stored<i64> {
    connection.fetch_one(&LAST_CHANGE, &[]).await?.int(0)
}

#[tracing::instrument(level = "debug", name = "db.account_change.list", skip_all)]
pub(crate) async fn changes(connection: &mut Connection<'_>, after: i64) -> Stored<Vec<AccountChange>> {
    let rows = connection.fetch_all(&CHANGES, &[Value::Int(after)]).await?;
    rows.iter().map(|row| Ok(AccountChange { id: row.int(0)?, user: row.id(1)? })).collect()
}

/// Forgets sessions that ended, and changes that were made, before this.
#[tracing::instrument(level = "debug", name = "db.account.prune", skip_all)]
pub(crate) async fn prune(connection: &mut Connection<'_>, before: Timestamp) -> Stored<()> {
    connection.execute(&PRUNE_SESSIONS, &[Value::Int(before.0)]).await?;
    connection.execute(&PRUNE_CHANGES, &[Value::Int(before.0)]).await.map(drop)
}

/// Runs a statement that returns the user whom it concerns, and notes the change; `false`: it found no row.
async fn changed_by(
    connection: &mut Connection<'_>,
    statement: &'static Statement,
    values: &[Value<'_>],
    now: Timestamp,
) -> Stored<bool> {
    let rows = connection.fetch_all(statement, values).await?;
    let Some(row) = rows.first() else { return Ok(false) };
    note_change(connection, &row.id(0)?, now).await?;
    Ok(true)
}

fn read_api_key(row: &Row) -> Stored<ApiKey> {
    Ok(ApiKey {
        id: row.text(0)?,
        user: row.id(1)?,
        name: row.text(2)?,
        permissions: row.opt_str(3)?.map(|_| row.json(3)).transpose()?,
        hash: row.text(4)?,
        created_at: row.time(5)?,
        expires_at: row.opt_time(6)?,
        used_at: row.opt_time(7)?,
        revoked_at: row.opt_time(8)?,
    })
}
