//! `boardwire user` and `boardwire token`: they work on the database, whether or not a server runs on it.

use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use boardwire_auth::{IssueRequest, Permissions};
use boardwire_protocol::{Timestamp, UserId};
use boardwire_services::{
    clock::{Clock as _, SystemClock},
    storage::SaveUser,
};
use boardwire_store::Options;
use clap::Args;
use serde_json::json;

use crate::{
    secret,
    settings::{AuthSettings, StoreSettings},
};

/// `boardwire user create`.
#[derive(Debug, Args)]
pub(crate) struct UserCreate {
    /// The user's id: 1 to 64 characters of A-Z a-z 0-9 _ -
    #[arg(long)]
    id: String,
    /// The user's name.
    #[arg(long)]
    name: String,
    /// What the user may do: read, write, admin.
    #[arg(long, default_value = "read,write")]
    permissions: Permissions,
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
    #[arg(long, default_value = "24h", value_parser = parse_ttl)]
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
    if command.permissions.is_empty() {
        bail!("--permissions names none of read, write, admin");
    }
    let opened = boardwire_store::open(&command.store.database_url, Options::default()).await?;
    let permissions: Vec<_> = command.permissions.iter().map(|permission| permission.to_string()).collect();
    let user = SaveUser {
        id,
        name: Some(command.name),
        permissions: Some(permissions.clone()),
        default_permissions: permissions,
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
        println!("{}", json!({ "user": user }));
    } else {
        println!("user {} ({}) may {}", user.id, user.name, user.permissions.join(", "));
        println!("a token to connect with: boardwire token issue --user {}", user.id);
    }
    Ok(())
}

pub(crate) async fn issue_token(command: TokenIssue) -> Result<()> {
    let id = UserId::try_from(command.user.as_str()).context("--user")?;
    let opened = boardwire_store::open(&command.store.database_url, Options::default()).await?;
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
        println!("{}", json!({ "token": token, "expiresAt": expires_at }));
    } else {
        println!("{token}");
    }
    Ok(())
}

fn parse_ttl(text: &str) -> Result<Duration, String> {
    let wrong = || "a number with s, m, h or d behind it, such as 24h".to_owned();
    let (number, unit) = text.split_at_checked(text.len().saturating_sub(1)).ok_or_else(wrong)?;
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        _ => return Err(wrong()),
    };
    let number: u64 = number.parse().map_err(|_| wrong())?;
    number.checked_mul(seconds).map(Duration::from_secs).filter(|ttl| !ttl.is_zero()).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_to_live() {
        assert_eq!(parse_ttl("24h"), Ok(Duration::from_secs(86_400)));
        assert_eq!(parse_ttl("90s"), Ok(Duration::from_secs(90)));
        for wrong in ["", "h", "24", "-1h", "0s", "1w", "ä"] {
            assert!(parse_ttl(wrong).is_err(), "{wrong}");
        }
    }
}
