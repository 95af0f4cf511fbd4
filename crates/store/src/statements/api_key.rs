//! Statements on `api_keys`.

use async_trait::async_trait;
use boardwire_protocol::{Timestamp, UserId};
use boardwire_services::storage::{ApiKey, ApiKeyStore, StorageResult, User, UserRepository as _};

use super::account_change;
use crate::{
    database::Database,
    row::Row,
    statement::{Statement, Value, json},
};

macro_rules! fields {
    () => {
        "id, user_id, name, permissions, hash, created_at, expires_at, used_at, revoked_at"
    };
}

const FIND: Statement = Statement::new("api_key.find", concat!("SELECT ", fields!(), " FROM api_keys WHERE id = $1"));

const LIST: Statement = Statement::new(
    "api_key.list",
    concat!("SELECT ", fields!(), " FROM api_keys WHERE $1 IS NULL OR user_id = $1 ORDER BY created_at, id"),
);

const INSERT: Statement = Statement::new(
    "api_key.insert",
    concat!("INSERT INTO api_keys (", fields!(), ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"),
);

const RECORD_USE: Statement = Statement::new("api_key.use", "UPDATE api_keys SET used_at = $2 WHERE id = $1");

const REVOKE: Statement = Statement::new(
    "api_key.revoke",
    "UPDATE api_keys SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL RETURNING user_id",
);

#[async_trait]
impl ApiKeyStore for Database {
    #[tracing::instrument(level = "debug", name = "db.api_key.find", skip_all)]
    async fn api_key(&self, id: &str) -> StorageResult<Option<(ApiKey, User)>> {
        let id = id.to_owned();
        self.read_snapshot(move |mut reader| async move {
            let connection = &mut reader.connection();
            let row = connection.fetch_optional(&FIND, &[Value::Text(&id)]).await?;
            let Some(key) = row.as_ref().map(read).transpose()? else { return Ok(None) };
            Ok(connection.user(&key.user).await?.map(|user| (key, user)))
        })
        .await
    }

    #[tracing::instrument(level = "debug", name = "db.api_key.list", skip_all)]
    async fn api_keys(&self, user: Option<&UserId>) -> StorageResult<Vec<ApiKey>> {
        let user = user.cloned();
        self.read(move |mut reader| async move {
            let user = Value::OptText(user.as_ref().map(UserId::as_str));
            let rows = reader.connection().fetch_all(&LIST, &[user]).await?;
            rows.iter().map(read).collect()
        })
        .await
    }

    #[tracing::instrument(level = "debug", name = "db.api_key.insert", skip_all)]
    async fn insert_api_key(&self, key: &ApiKey) -> StorageResult<()> {
        let key = key.clone();
        self.change(move |connection| {
            Box::pin(async move {
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
                connection.execute_one(&INSERT, &values).await
            })
        })
        .await
    }

    #[tracing::instrument(level = "debug", name = "db.api_key.use", skip_all)]
    async fn api_key_used(&self, id: &str, at: Timestamp) -> StorageResult<()> {
        let id = id.to_owned();
        self.change(move |connection| {
            Box::pin(
                async move { connection.execute(&RECORD_USE, &[Value::Text(&id), Value::Int(at.0)]).await.map(drop) },
            )
        })
        .await
    }

    #[tracing::instrument(level = "debug", name = "db.api_key.revoke", skip_all)]
    async fn revoke_api_key(&self, id: &str, now: Timestamp) -> StorageResult<bool> {
        let id = id.to_owned();
        self.change(move |connection| {
            Box::pin(async move {
                let values = [Value::Text(&id), Value::Int(now.0)];
                account_change::run_and_record(connection, &REVOKE, &values, now).await
            })
        })
        .await
    }
}

fn read(row: &Row) -> StorageResult<ApiKey> {
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
