//! `boardwire api-key`: keys for programs and agents. The commands work on the database, whether or not a server is
//! running on it.

use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use boardwire_auth::{Permissions, SecretKind};
use boardwire_protocol::{Timestamp, UserId};
use boardwire_services::{
    clock::{Clock as _, SystemClock},
    storage::ApiKey,
};
use clap::Args;
use serde_json::{Value, json};

use crate::{accounts::no_such_user, database, output, settings::StoreSettings, values};

/// `boardwire api-key create`.
#[derive(Debug, Args)]
pub(crate) struct ApiKeyCreate {
    /// The user whom the key is for.
    #[arg(long)]
    user: String,
    /// A name that says what the key is used for.
    #[arg(long, value_parser = values::display_name)]
    name: String,
    /// The permissions of the key, at most the user's [default: all of the user's].
    #[arg(long)]
    permissions: Option<Permissions>,
    /// How long the key is valid, such as 90s, 30m, 24h or 7d [default: until it is revoked].
    #[arg(long, value_parser = values::duration)]
    ttl: Option<Duration>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    store: StoreSettings,
}

/// `boardwire api-key list`.
#[derive(Debug, Args)]
pub(crate) struct ApiKeyList {
    /// List only this user's keys.
    #[arg(long)]
    user: Option<String>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    store: StoreSettings,
}

/// `boardwire api-key revoke`.
#[derive(Debug, Args)]
pub(crate) struct ApiKeyRevoke {
    /// The key's id, as `create` and `list` show it.
    id: String,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    store: StoreSettings,
}

pub(crate) async fn create(command: ApiKeyCreate) -> Result<()> {
    let user = UserId::try_from(command.user.as_str()).context("--user")?;
    if command.permissions.is_some_and(|permissions| permissions.is_empty()) {
        bail!("--permissions names none of read, write, admin");
    }
    let secret = SecretKind::ApiKey.generate().context("the system gave no random numbers")?;
    let now = SystemClock.now();
    let lifetime = command.ttl.map(|ttl| i64::try_from(ttl.as_millis())).transpose().context("--ttl")?;
    let key = ApiKey {
        id: secret.id,
        user: user.clone(),
        name: command.name,
        permissions: command
            .permissions
            .map(|permissions| permissions.iter().map(|permission| permission.to_string()).collect()),
        hash: secret.hash,
        created_at: now,
        expires_at: lifetime.map(|lifetime| Timestamp(now.0 + lifetime)),
        used_at: None,
        revoked_at: None,
    };
    let opened = database::open_existing(&command.store).await?;
    let store = opened.store();
    let inserted = match store.user(&user).await {
        Ok(Some(_)) => store.insert_api_key(&key).await.map_err(anyhow::Error::from),
        Ok(None) => Err(no_such_user(&user)),
        Err(error) => Err(error.into()),
    };
    drop(store);
    opened.close().await;
    inserted?;
    if command.json {
        output::line(&json!({ "id": key.id, "key": secret.text }).to_string())
    } else {
        let id = key.id;
        output::line(&format!("{}\nIt is not shown again. To revoke it: boardwire api-key revoke {id}", secret.text))
    }
}

pub(crate) async fn list(command: ApiKeyList) -> Result<()> {
    let user = command.user.as_deref().map(UserId::try_from).transpose().context("--user")?;
    let opened = database::open_existing(&command.store).await?;
    let keys = opened.store().api_keys(user.as_ref()).await;
    opened.close().await;
    let keys = keys?;
    if command.json {
        let keys: Vec<Value> = keys.iter().map(to_json).collect();
        return output::line(&json!({ "keys": keys }).to_string());
    }
    let now = SystemClock.now();
    for key in &keys {
        let state = state(key, now);
        let used = key.used_at.map_or_else(|| "never used".to_owned(), |at| format!("used {at}"));
        output::line(&format!("{}  {}  {}  {state}, {used}", key.id, key.user, key.name))?;
    }
    Ok(())
}

fn state(key: &ApiKey, now: Timestamp) -> &'static str {
    match key {
        ApiKey { revoked_at: Some(_), .. } => "revoked",
        ApiKey { expires_at: Some(end), .. } if *end <= now => "expired",
        _ => "valid",
    }
}

fn to_json(key: &ApiKey) -> Value {
    json!({
        "id": key.id, "user": key.user, "name": key.name, "permissions": key.permissions,
        "createdAt": key.created_at, "expiresAt": key.expires_at, "usedAt": key.used_at, "revokedAt": key.revoked_at,
    })
}

pub(crate) async fn revoke(command: ApiKeyRevoke) -> Result<()> {
    let opened = database::open_existing(&command.store).await?;
    let store = opened.store();
    let revoked = store.revoke_api_key(&command.id, SystemClock.now()).await;
    let known = store.api_key(&command.id).await;
    drop(store);
    opened.close().await;
    if !revoked? {
        match known? {
            Some(_) => bail!("the API key {} was revoked before", command.id),
            None => bail!("there is no API key {}; see: boardwire api-key list", command.id),
        }
    }
    if command.json {
        output::line(&json!({ "id": command.id }).to_string())
    } else {
        output::line(&format!("the API key {} is revoked", command.id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_valid_until_it_expires_or_is_revoked() {
        let key = |expires_at: Option<i64>, revoked_at: Option<i64>| ApiKey {
            id: "0123456789abcdef".to_owned(),
            user: UserId::try_from("ann").unwrap(),
            name: "Agent".to_owned(),
            permissions: None,
            hash: String::new(),
            created_at: Timestamp(0),
            expires_at: expires_at.map(Timestamp),
            used_at: None,
            revoked_at: revoked_at.map(Timestamp),
        };
        let now = Timestamp(1000);
        for (expires_at, revoked_at, expected) in [
            (None, None, "valid"),
            (Some(1001), None, "valid"),
            (Some(1000), None, "expired"),
            (Some(1001), Some(500), "revoked"),
            (Some(1000), Some(500), "revoked"),
        ] {
            assert_eq!(state(&key(expires_at, revoked_at), now), expected, "{expires_at:?} {revoked_at:?}");
        }
    }
}
