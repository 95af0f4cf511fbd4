//! The content of the demo's board, and the commands that create it, as its users would send them.

use std::{collections::HashMap, sync::Arc, time::Duration};

use anyhow::{Context as _, Result, bail};
use boardwire_auth::{CredentialId, Permissions, Principal};
use boardwire_protocol::{Command, CommandKind, Decoded, Timestamp, UserId};
use boardwire_services::{
    Caller, Services,
    clock::{Clock as _, SystemClock},
    storage::SaveUser,
};
use serde::Deserialize;
use serde_json::{Value, json};

/// The id of the board.
pub(super) const BOARD: &str = "demo";

/// A user of the demo.
pub(super) struct User {
    pub(super) id: &'static str,
    pub(super) name: &'static str,
    agent: bool,
    permissions: &'static [&'static str],
}

/// Two people and an agent who work on the board, a reader, and the operator. The first one owns the board.
pub(super) const USERS: [User; 5] = [
    User { id: "alice", name: "Alice", agent: false, permissions: &["read", "write"] },
    User { id: "bob", name: "Bob", agent: false, permissions: &["read", "write"] },
    User { id: "scout", name: "Scout", agent: true, permissions: &["read", "write"] },
    User { id: "olga", name: "Olga", agent: false, permissions: &["read"] },
    User { id: "ada", name: "Ada", agent: false, permissions: &["read", "write", "admin"] },
];

const DAY: Duration = Duration::from_secs(86_400);
/// How long the demo's agent holds its card, in seconds: the longest lease there is.
const LEASE_SECONDS: u32 = 3600;

#[derive(Deserialize)]
struct Content {
    board: Value,
    members: Vec<(String, String)>,
    cards: Vec<Card>,
}

#[derive(Deserialize)]
struct Card {
    id: Option<String>,
    column: usize,
    title: String,
    by: String,
    assignee: Option<String>,
    #[serde(default)]
    priority: u8,
    #[serde(default)]
    tags: Vec<String>,
    #[serde(default)]
    description: String,
    /// When it is due, in days from now.
    due: Option<u32>,
    #[serde(default)]
    blocked_by: Vec<String>,
    /// The comments: author and text.
    #[serde(default)]
    comments: Vec<(String, String)>,
    /// The lease: the user who holds it, and the name that the agent gives itself.
    lease: Option<(String, String)>,
}

/// Creates the users and the board.
pub(super) async fn fill(services: &Services) -> Result<()> {
    let content: Content =
        serde_json::from_str(include_str!("board.json")).context("the demo's board can't be read")?;
    for user in &USERS {
        let save = SaveUser {
            id: UserId::try_from(user.id)?,
            name: Some(user.name.to_owned()),
            agent: Some(user.agent),
            permissions: Some(user.permissions.iter().map(|&one| one.to_owned()).collect()),
            default_permissions: Vec::new(),
            teams: None,
            password: None,
            now: SystemClock.now(),
        };
        services.store().save_user(&save).await?;
    }
    let owner = USERS[0].id;
    let created = change(services, owner, CommandKind::BoardCreate, content.board).await?;
    for (user, role) in content.members {
        let member = json!({"boardId": BOARD, "userId": user, "role": role});
        change(services, owner, CommandKind::BoardMemberSet, member).await?;
    }
    let mut ids = HashMap::new();
    for card in &content.cards {
        let due = card.due.map(|days| date(SystemClock.now(), days));
        let mut task = json!({
            "boardId": BOARD, "columnId": created["columns"][card.column]["id"], "title": card.title,
            "description": card.description, "priority": card.priority, "tags": card.tags,
            "assignee": card.assignee, "due_date": due,
        });
        if let Some(id) = &card.id {
            task["id"] = id.as_str().into();
        }
        let created = change(services, &card.by, CommandKind::TaskCreate, task).await?;
        ids.insert(&card.title, created["task"]["id"].clone());
    }
    for card in &content.cards {
        let id = &ids[&card.title];
        for other in &card.blocked_by {
            let dependency = json!({"taskId": id, "dependsOn": other});
            change(services, &card.by, CommandKind::TaskDependencyAdd, dependency).await?;
        }
        for (author, body) in &card.comments {
            change(services, author, CommandKind::TaskCommentAdd, json!({"taskId": id, "body": body})).await?;
        }
        if let Some((holder, agent)) = &card.lease {
            let claim = json!({"boardId": BOARD, "taskId": id, "agent": agent, "ttl": LEASE_SECONDS});
            change(services, holder, CommandKind::TaskClaim, claim).await?;
        }
    }
    Ok(())
}

/// Returns the date this many days after a moment.
fn date(now: Timestamp, days: u32) -> String {
    let offset = i64::try_from((DAY * days).as_millis()).unwrap_or_default();
    Timestamp(now.0.saturating_add(offset)).to_string().chars().take("2026-01-05".len()).collect()
}

/// Executes a command as a user's client would send it, and returns the content of the reply.
async fn change(services: &Services, user: &str, kind: CommandKind, payload: Value) -> Result<Value> {
    let name = USERS.iter().find(|one| one.id == user).map_or(user, |one| one.name);
    let caller = Caller::new(Arc::new(Principal {
        user: user.to_owned(),
        name: name.to_owned(),
        permissions: Permissions::READ_WRITE,
        scope: None,
        teams: Vec::new(),
        expires_at: None,
        credential: CredentialId::Token { id: None },
    }))?;
    match Decoded::from_payload(kind, payload) {
        Ok(Decoded { command: Command::Change(change), .. }) => {
            let applied = services.change(&caller, None, change, None).await?;
            Ok(serde_json::from_str(applied.result.get())?)
        }
        other => bail!("the demo's own {} is wrong: {other:?}", kind.name()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_due_date_is_counted_in_days_from_now() {
        let now = Timestamp(1_800_000_000_000);
        assert_eq!(date(now, 0), "2027-01-15");
        assert_eq!(date(now, 20), "2027-02-04");
    }
}
