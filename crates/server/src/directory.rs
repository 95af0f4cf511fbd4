//! The accounts and credentials behind authentication: stored users, who may be created on their first visit, their API
//! keys and their sessions.

use std::sync::Arc;

use async_trait::async_trait;
use boardwire_auth::{
    Account, ApiKeyRecord, ApiKeys, BoxError, Claimed, Directory, Permissions, SessionRecord, Sessions,
};
use boardwire_protocol::{TeamId, Timestamp, UserId, is_hidden};
use boardwire_services::{
    clock::Clock,
    storage::{SaveUser, Store, User},
};

use crate::values::MAX_NAME_CHARS;

/// Stored users.
pub(crate) struct StoredUsers {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<dyn Clock>,
    /// The permissions of users created by a token; `None` means that tokens create no users.
    pub(crate) provision: Option<Permissions>,
}

#[async_trait]
impl Directory for StoredUsers {
    async fn account(&self, claimed: &Claimed) -> Result<Option<Account>, BoxError> {
        let id = UserId::try_from(claimed.subject.as_str())?;
        let known = self.store.user(&id).await?;
        let name = claimed.name.as_deref().and_then(sanitized_name);
        let teams = claimed
            .teams
            .as_ref()
            .map(|teams| teams.iter().filter_map(|team| TeamId::try_from(team.as_str()).ok()).collect::<Vec<_>>());
        let user = match known {
            Some(user) if !differs(&user, name.as_deref(), teams.as_deref()) => user,
            None if self.provision.is_none() => return Ok(None),
            _ => {
                let default_permissions = self.provision.unwrap_or(Permissions::NONE);
                self.store
                    .save_user(&SaveUser {
                        id,
                        name,
                        agent: None,
                        permissions: None,
                        default_permissions: default_permissions.iter().map(|known| known.to_string()).collect(),
                        teams,
                        password: None,
                        now: self.clock.now(),
                    })
                    .await?
            }
        };
        Ok(Some(account(user)))
    }

    async fn known(&self, user: &str) -> Result<Option<Account>, BoxError> {
        let id = UserId::try_from(user)?;
        Ok(self.store.user(&id).await?.map(account))
    }
}

#[async_trait]
impl ApiKeys for StoredUsers {
    async fn api_key(&self, id: &str) -> Result<Option<ApiKeyRecord>, BoxError> {
        let found = self.store.api_key(id).await?;
        Ok(found.map(|(key, user)| ApiKeyRecord {
            account: account(user),
            hash: key.hash,
            scope: key.permissions.as_deref().map(permissions),
            revoked: key.revoked_at.is_some(),
            expires_at: key.expires_at.map(|time| time.0),
            last_used: key.used_at.map(|time| time.0),
        }))
    }

    async fn api_key_used(&self, id: &str, now_ms: i64) -> Result<(), BoxError> {
        Ok(self.store.api_key_used(id, Timestamp(now_ms)).await?)
    }
}

#[async_trait]
impl Sessions for StoredUsers {
    async fn session(&self, id: &str) -> Result<Option<SessionRecord>, BoxError> {
        let found = self.store.session(id).await?;
        Ok(found.map(|(session, user)| SessionRecord {
            account: account(user),
            hash: session.hash,
            last_used: session.used_at.0,
            expires_at: session.expires_at.0,
        }))
    }

    async fn session_used(&self, id: &str, now_ms: i64) -> Result<(), BoxError> {
        Ok(self.store.session_used(id, Timestamp(now_ms)).await?)
    }
}

fn account(user: User) -> Account {
    Account {
        id: user.id.to_string(),
        name: user.name,
        permissions: permissions(&user.permissions),
        teams: user.teams.iter().map(TeamId::to_string).collect(),
    }
}

/// Returns the permissions with these names. Names that this program does not know allow nothing.
pub(crate) fn permissions(names: &[String]) -> Permissions {
    names.iter().filter_map(|name| name.parse().ok()).collect()
}

fn differs(user: &User, name: Option<&str>, teams: Option<&[TeamId]>) -> bool {
    name.is_some_and(|name| name != user.name) || teams.is_some_and(|teams| teams != user.teams)
}

/// Returns the name in a token in a form that may be stored: without characters that hide text or change its direction,
/// and not too long. `None` if nothing visible is left.
fn sanitized_name(claimed: &str) -> Option<String> {
    let name: String = claimed.chars().filter(|&letter| !is_hidden(letter)).take(MAX_NAME_CHARS).collect();
    (!name.trim().is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_from_a_token_is_sanitized() {
        assert_eq!(sanitized_name("Ada Lovelace").as_deref(), Some("Ada Lovelace"));
        assert_eq!(sanitized_name("A\u{1b}[2Jd\r\na\u{9b}\u{7f}").as_deref(), Some("A[2Jda"));
        assert_eq!(sanitized_name(&"ä".repeat(10_000)), Some("ä".repeat(MAX_NAME_CHARS)));
        assert_eq!(sanitized_name("Ada\u{202e}ecalevoL\u{2069}\u{e0041}").as_deref(), Some("AdaecalevoL"));
        for nothing in ["", " ", "\n\u{1b}", " \t ", "\u{202e}\u{200b}"] {
            assert_eq!(sanitized_name(nothing), None, "{nothing:?}");
        }
    }
}
