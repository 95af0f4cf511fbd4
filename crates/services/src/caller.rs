//! Who calls, in the types of the wire.

use std::{fmt, sync::Arc};

use boardwire_auth::{Permission, Principal};
use boardwire_protocol::{CommandKind, ConnectedUser, TeamId, UserId};

use crate::Fault;

/// An authenticated caller. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Caller {
    principal: Arc<Principal>,
    user: UserId,
    teams: Arc<[TeamId]>,
}

/// The principal's ids do not fit the wire.
#[derive(Debug)]
pub struct InvalidCaller;

impl fmt::Display for InvalidCaller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the principal's user id is not 1 to 64 characters of A-Z a-z 0-9 _ -")
    }
}

impl std::error::Error for InvalidCaller {}

impl Caller {
    /// Takes over what authentication found. Teams whose ids do not fit the wire are left out.
    ///
    /// # Errors
    /// [`InvalidCaller`] when the user's id does not fit the wire.
    pub fn new(principal: Arc<Principal>) -> Result<Self, InvalidCaller> {
        let user = UserId::try_from(principal.user.as_str()).map_err(|_| InvalidCaller)?;
        let teams = principal.teams.iter().filter_map(|team| TeamId::try_from(team.as_str()).ok()).collect();
        Ok(Self { principal, user, teams })
    }

    /// The user.
    #[must_use]
    pub fn user(&self) -> &UserId {
        &self.user
    }

    /// The user's teams.
    #[must_use]
    pub fn teams(&self) -> &[TeamId] {
        &self.teams
    }

    /// What authentication found.
    #[must_use]
    pub fn principal(&self) -> &Arc<Principal> {
        &self.principal
    }

    /// Does the credential pass the second lock everywhere?
    #[must_use]
    pub fn is_admin(&self) -> bool {
        self.principal.permissions.contains(Permission::Admin)
    }

    /// The caller as clients are told who they are.
    #[must_use]
    pub fn to_user(&self) -> ConnectedUser {
        ConnectedUser {
            id: self.user.clone(),
            name: self.principal.name.clone(),
            permissions: self.principal.permissions.iter().map(|permission| permission.to_string()).collect(),
            teams: self.teams.to_vec(),
        }
    }

    /// Does the credential allow to read at all?
    #[must_use]
    pub fn reads(&self) -> bool {
        self.principal.allows(Permission::Read)
    }

    /// The first lock: what the credential allows.
    ///
    /// # Errors
    /// [`Fault::Forbidden`] when it does not allow this command.
    pub fn require(&self, kind: CommandKind) -> Result<(), Fault> {
        let needed = match kind.permission() {
            boardwire_protocol::Permission::Read => Permission::Read,
            boardwire_protocol::Permission::Write => Permission::Write,
        };
        self.require_permission(needed, kind.name())
    }

    /// The first lock, for what is no command.
    ///
    /// # Errors
    /// [`Fault::Forbidden`] when the credential does not have this permission.
    pub fn require_permission(&self, needed: Permission, what: &str) -> Result<(), Fault> {
        if self.principal.allows(needed) {
            return Ok(());
        }
        Err(Fault::Forbidden(format!("this credential does not have the permission {needed}, which {what} needs")))
    }
}
