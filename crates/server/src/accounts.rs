//! `boardwire user` and `boardwire token`: they work on the database, whether or not a server is running on it.

use std::{
    io::{self, BufRead as _, Read as _},
    sync::Arc,
    time::Duration,
};

use anyhow::{Context as _, Result, anyhow};
use async_trait::async_trait;
use boardwire_auth::{IssueRequest, Permissions, hash_password};
use boardwire_protocol::{BoardId, Seq, TeamId, Timestamp, UserId};
use boardwire_services::{
    Publisher, Services, UserEvent,
    clock::{Clock as _, SystemClock},
    storage::{LogEntry, SaveUser, Store, User},
};
use clap::Args;
use serde_json::json;

use crate::{
    database, directory, output, secret,
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
    #[arg(long, value_parser = values::display_name)]
    name: String,
    /// Whether the user is an agent: a program that works in its own name, and is shown as one [default: false for a
    /// new user, unchanged for an existing one].
    #[arg(long, num_args = 0..=1, default_missing_value = "true", require_equals = true, value_name = "true|false")]
    agent: Option<bool>,
    /// The user's permissions: read, write, admin, separated by commas; or none, which disables the account whatever
    /// its credentials [default: read,write for a new user, unchanged for an existing one].
    #[arg(long, value_parser = values::permissions_or_none)]
    permissions: Option<Permissions>,
    /// The user's teams, separated by commas; an empty text means none [default: unchanged for an existing user].
    #[arg(long)]
    teams: Option<String>,
    /// Read a password from standard input: one line of 8 to 1024 bytes. All sessions of the user end.
    #[arg(long)]
    password_stdin: bool,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    store: StoreSettings,
}

/// `boardwire token issue`.
#[derive(Debug, Args)]
pub(crate) struct TokenIssue {
    /// The user whom the token is for.
    #[arg(long)]
    user: String,
    /// The permissions of the token, at most the user's [default: all of the user's].
    #[arg(long)]
    permissions: Option<Permissions>,
    /// How long the token is valid, such as 90s, 30m, 24h or 7d.
    #[arg(long, default_value = "24h", value_parser = values::duration)]
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
    let teams = command.teams.as_deref().map(teams).transpose().context("--teams")?;
    let password = if command.password_stdin { Some(read_password()?) } else { None };
    let opened = database::open(&command.store).await?;
    let names = |permissions: Permissions| permissions.iter().map(|permission| permission.to_string()).collect();
    let user = SaveUser {
        id,
        name: Some(command.name),
        agent: command.agent,
        permissions: command.permissions.map(names),
        default_permissions: names(Permissions::READ_WRITE),
        teams,
        password,
        now: SystemClock.now(),
    };
    let user = save(opened.store(), &user).await;
    opened.close().await;
    let user = user?;
    if command.json {
        let user = json!({
            "id": user.id, "name": user.name, "agent": user.agent, "permissions": user.permissions, "teams": user.teams,
            "created_at": user.created_at,
        });
        output::line(&json!({ "user": user }).to_string())
    } else {
        let (id, name, permissions) = (&user.id, &user.name, user.permissions.join(", "));
        if permissions.is_empty() {
            return output::line(&format!(
                "user {id} ({name}) may do nothing; open connections receive no more events"
            ));
        }
        output::line(&format!(
            "user {id} ({name}) may {permissions}\na token to connect with: boardwire token issue --user {id}"
        ))
    }
}

/// Saves the user, and updates memberships to match the user's teams. A server that runs on the same database notices
/// both.
async fn save(store: Arc<dyn Store>, user: &SaveUser) -> Result<User> {
    let saved = store.save_user(user).await?;
    let services = Services::new(store, Arc::new(NullPublisher), Arc::new(SystemClock));
    services.sync_teams(&saved.id).await?;
    services.drain().await;
    Ok(saved)
}

/// Discards all events: no client is connected to this process.
pub(crate) struct NullPublisher;

#[async_trait]
impl Publisher for NullPublisher {
    async fn publish(&self, _: &[Arc<LogEntry>]) {}
    async fn wait_until_queued(&self, _: &BoardId, _: Seq) {}
    fn send_to_users(&self, _: &[UserEvent]) {}
    fn check_log(&self) {}
}

fn teams(text: &str) -> Result<Vec<TeamId>> {
    let names = text.split(',').map(str::trim).filter(|name| !name.is_empty());
    names.map(|name| Ok(TeamId::try_from(name)?)).collect()
}

/// Returns the hash of the password on standard input.
fn read_password() -> Result<String> {
    let mut line = String::new();
    io::stdin().lock().take(4096).read_line(&mut line).context("reading the password from standard input")?;
    let password = line.strip_suffix('\n').unwrap_or(&line);
    let password = password.strip_suffix('\r').unwrap_or(password);
    hash_password(password).context("the password on standard input")
}

pub(crate) fn no_such_user(id: &UserId) -> anyhow::Error {
    anyhow!("there is no user {id}; create one with: boardwire user create --id {id} --name NAME")
}

pub(crate) async fn issue_token(command: TokenIssue) -> Result<()> {
    let id = UserId::try_from(command.user.as_str()).context("--user")?;
    let opened = database::open_existing(&command.store).await?;
    let user = opened.store().user(&id).await;
    opened.close().await;
    let user = user?.ok_or_else(|| no_such_user(&id))?;
    let warning = command.permissions.and_then(|wanted| excess_warning(&user, wanted));
    let request = IssueRequest {
        subject: user.id.to_string(),
        permissions: command.permissions,
        name: Some(user.name),
        teams: None,
        ttl: command.ttl,
        now_ms: SystemClock.now().0,
        id: Some(SystemClock.new_uuid().to_string()),
    };
    let token = secret::issuer(&command.auth, &command.store)?.issue(&request).context("--ttl")?;
    if let Some(warning) = warning {
        output::warning(&warning);
    }
    if command.json {
        let expires_at = request.expires_at().map(Timestamp);
        output::line(&json!({ "token": token, "expiresAt": expires_at }).to_string())
    } else {
        output::line(&token)
    }
}

/// Returns a warning if a token is to allow more than its user may do.
fn excess_warning(user: &User, wanted: Permissions) -> Option<String> {
    let left = directory::permissions(&user.permissions).narrowed_to(wanted);
    if left == wanted {
        return None;
    }
    let left = if left.is_empty() { "nothing".to_owned() } else { left.to_string() };
    let id = &user.id;
    Some(format!("a token allows at most what its user may do; of {wanted} this one allows {id} {left}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_beyond_its_users_permissions_gets_a_warning() {
        let warning = |permissions: &[&str], wanted: &str| {
            let user = User {
                id: UserId::try_from("ann").unwrap(),
                name: "Ann".to_owned(),
                agent: false,
                permissions: permissions.iter().map(|name| (*name).to_owned()).collect(),
                teams: Vec::new(),
                created_at: Timestamp(0),
            };
            excess_warning(&user, wanted.parse().unwrap())
        };
        assert_eq!(warning(&["read", "write"], "read"), None);
        assert_eq!(warning(&["admin"], "read,write"), None, "admin allows everything");
        let text = warning(&["read", "write"], "read,admin").unwrap();
        assert!(text.ends_with("of read,admin this one allows ann read"), "{text}");
        let text = warning(&["read"], "admin").unwrap();
        assert!(text.ends_with("of admin this one allows ann nothing"), "{text}");
    }
}
