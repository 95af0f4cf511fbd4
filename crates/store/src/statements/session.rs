//! Statements on `sessions`.

use async_trait::async_trait;
use boardwire_protocol::{Timestamp, UserId};
use boardwire_services::storage::{Session, SessionStore, StorageResult, User, UserRepository as _};

use super::account_change;
use crate::{
    connection::Connection,
    database::Database,
    statement::{Statement, Value, locking},
};

/// How many sessions a user may have. A further one ends the least recently used.
const MAX_SESSIONS: i64 = 100;

/// A change of the password waits for this lock, and then ends the new session too.
const LOCK_PASSWORD: Statement = locking!("password.lock", "SELECT hash FROM passwords WHERE user_id = $1");

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

const RECORD_USE: Statement =
    Statement::new("session.use", "UPDATE sessions SET used_at = $2 WHERE id = $1 AND used_at < $2");

const DELETE_SESSION: Statement =
    Statement::new("session.delete", "DELETE FROM sessions WHERE id = $1 RETURNING user_id");

const DELETE_SESSIONS: Statement = Statement::new("session.delete_all", "DELETE FROM sessions WHERE user_id = $1");

const PRUNE_SESSIONS: Statement = Statement::new("session.prune", "DELETE FROM sessions WHERE expires_at < $1");

#[async_trait]
impl SessionStore for Database {
    async fn session(&self, id: &str) -> StorageResult<Option<(Session, User)>> {
        let id = id.to_owned();
        self.read_snapshot(move |mut reader| async move {
            let connection = &mut reader.connection();
            let Some(session) = find(connection, &id).await? else { return Ok(None) };
            Ok(connection.user(&session.user).await?.map(|user| (session, user)))
        })
        .await
    }

    async fn insert_session(&self, session: &Session, password: &str) -> StorageResult<bool> {
        let (session, password) = (session.clone(), password.to_owned());
        self.change(move |connection| Box::pin(async move { insert(connection, &session, &password).await })).await
    }

    #[tracing::instrument(level = "debug", name = "db.session.use", skip_all)]
    async fn session_used(&self, id: &str, at: Timestamp) -> StorageResult<()> {
        let id = id.to_owned();
        self.change(move |connection| {
            Box::pin(
                async move { connection.execute(&RECORD_USE, &[Value::Text(&id), Value::Int(at.0)]).await.map(drop) },
            )
        })
        .await
    }

    #[tracing::instrument(level = "debug", name = "db.session.delete", skip_all)]
    async fn delete_session(&self, id: &str, now: Timestamp) -> StorageResult<bool> {
        let id = id.to_owned();
        self.change(move |connection| {
            Box::pin(async move {
                account_change::run_and_record(connection, &DELETE_SESSION, &[Value::Text(&id)], now).await
            })
        })
        .await
    }
}

#[tracing::instrument(level = "debug", name = "db.session.find", skip_all)]
async fn find(connection: &mut Connection<'_>, id: &str) -> StorageResult<Option<Session>> {
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
async fn insert(connection: &mut Connection<'_>, session: &Session, password: &str) -> StorageResult<bool> {
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
        account_change::record(connection, &session.user, session.created_at).await?;
    }
    Ok(true)
}

/// Ends all sessions of a user.
#[tracing::instrument(level = "debug", name = "db.session.delete_all", skip_all)]
pub(super) async fn delete_all(connection: &mut Connection<'_>, user: &UserId) -> StorageResult<()> {
    connection.execute(&DELETE_SESSIONS, &[Value::Text(user.as_str())]).await.map(drop)
}

/// Deletes the sessions that expired before this time.
#[tracing::instrument(level = "debug", name = "db.session.prune", skip_all)]
pub(super) async fn prune(connection: &mut Connection<'_>, before: Timestamp) -> StorageResult<()> {
    connection.execute(&PRUNE_SESSIONS, &[Value::Int(before.0)]).await.map(drop)
}
