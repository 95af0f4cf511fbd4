//! `boardwire user` and `boardwire token`: they work on the database, whether or not a server runs on it.

use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use boardwire_auth::{IssueRequest, Permissions};
use boardwire_protocol::{Timestamp, UserId};
use boardwire_services::{
    clock::{Clock as _, SystemClock},
    storage::SaveUser,
};
use clap::Args;
use serde_json::json;

use crate::{
    database, output, secret,
    settings::{AuthSettings, StoreSettings},
    values,
};

/// `boardwire user create`.
#[derive(Debug, Args)]
pub(crate) struct UserCreate {
    /// The user's id: 1 to 64 characters of A-Z a-z 0-9 _ -
    #[arg(long)]
    id: String,
    /// The user's name.
    #[arg(long, value_parser = values::user_name)]
    name: String,
    /// What the user may do: read, write, admin [default: read,write for a new user; an existing one keeps them].
    #[arg(long)]
    permissions: Option<Permissions>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    store: StoreSettings,
}

/// `boardwire token issue`.
#[derive(Debug, Args)]
pub(crate) struct TokenIssue {
    /// The user that the token is for.
    #[arg(long)]
    user: String,
    /// What the token allows, at most what the user may do [default: all of that].
    #[arg(long)]
    permissions: Option<Permissions>,
    /// How long it is valid: 90s, 30m, 24h, 7d.
    #[arg(long, default_value = "24h", value_parser = values::ttl)]
    ttl: Duration,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    store: StoreSettings,
    #[command(flatten)]
    auth: AuthSettings,
}

pub(crate) async fn create_user(command: UserCreate) -> Result<()> {
    let id = UserId::try_from(command.id.as_str()).context("--id")?;
    if command.permissions.is_some_and(|permissions| permissions.is_empty()) {
        bail!("--permissions names none of read, write, admin");
    }
    let opened = database::open(&command.store).await?;
    let named = |permissions: Permissions| permissions.iter().map(|permission| permission.to_string()).collect();
    let user = SaveUser {
        id,
        name: Some(command.name),
        permissions: command.permissions.map(named),
        default_permissions: named(Permissions::READ_WRITE),
        teams: None,
        now: SystemClock.now(),
    };
    let user = opened.store().save_user(&user).await;
    opened.close().await;
    let user = user?;
    if command.json {
        let user = json!({
            "id": user.id, "name": user.name, "permissions": user.permissions, "teams": user.teams,
            "created_at": user.created_at,
        });
        output::line(&json!({ "user": user }).to_string())
    } else {
        let (id, name, permissions) = (&user.id, &user.name, user.permissions.join(", "));
        output::line(&format!(
            "user {id} ({name}) may {permissions}\na token to connect with: boardwire token issue --user {id}"
        ))
    }
}

pub(crate) async fn issue_token(command: TokenIssue) -> Result<()> {
    let id = UserId::try_from(command.user.as_str()).context("--user")?;
    let opened = database::open(&command.store).await?;
    let user = opened.store().user(&id).await;
    opened.close().await;
    let Some(user) = user? else {
        bail!("there is no user {id}; create one with: boardwire user create --id {id} --name NAME");
    };
    let request = IssueRequest {
        subject: user.id.to_string(),
        permissions: command.permissions,
        name: Some(user.name),
        teams: None,
        ttl: command.ttl,
        now_ms: SystemClock.now().0,
        id: Some(SystemClock.new_id()),
    };
    let token = secret::issuer(&command.auth, &command.store)?.issue(&request).context("--ttl")?;
    if command.json {
        let expires_at = request.expires_at().map(Timestamp);
        output::line(&json!({ "token": token, "expiresAt": expires_at }).to_string())
    } else {
        output::line(&token)
    }
}
