//! The accounts behind tokens: stored users, created on their first visit where that is allowed.

use std::{error::Error, sync::Arc};

use async_trait::async_trait;
use boardwire_auth::{Account, Claimed, Directory, Permissions};
use boardwire_protocol::{TeamId, UserId};
use boardwire_services::{
    clock::Clock,
    storage::{SaveUser, Store, User},
};

/// Stored users.
pub(crate) struct StoredUsers {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<dyn Clock>,
    /// What a user may do whom a token creates; `None`: tokens create nobody.
    pub(crate) provision: Option<Permissions>,
}

#[async_trait]
impl Directory for StoredUsers {
    async fn account(&self, claimed: &Claimed) -> Result<Option<Account>, Box<dyn Error + Send + Sync>> {
        let id = UserId::try_from(claimed.subject.as_str())?;
        let known = self.store.user(&id).await?;
        let teams = claimed
            .teams
            .as_ref()
            .map(|teams| teams.iter().filter_map(|team| TeamId::try_from(team.as_str()).ok()).collect::<Vec<_>>());
        let user = match known {
            Some(user) if !differs(&user, claimed.name.as_deref(), teams.as_deref()) => user,
            None if self.provision.is_none() => return Ok(None),
            _ => {
                let default_permissions = self.provision.unwrap_or(Permissions::NONE);
                self.store
                    .save_user(&SaveUser {
                        id,
                        name: claimed.name.clone(),
                        permissions: None,
                        default_permissions: default_permissions.iter().map(|known| known.to_string()).collect(),
                        teams,
                        now: self.clock.now(),
                    })
                    .await?
            }
        };
        Ok(Some(Account {
            id: user.id.to_string(),
            name: user.name,
            permissions: user.permissions.iter().filter_map(|name| name.parse().ok()).collect(),
            teams: user.teams.iter().map(TeamId::to_string).collect(),
        }))
    }
}

fn differs(user: &User, name: Option<&str>, teams: Option<&[TeamId]>) -> bool {
    name.is_some_and(|name| name != user.name) || teams.is_some_and(|teams| teams != user.teams)
}
