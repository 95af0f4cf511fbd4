//! Who is calling.

use std::{fmt, sync::Arc};

use boardwire_auth::{Permission, Principal};
use boardwire_protocol::{CommandKind, ConnectedUser, TeamId, UserId};

use crate::ServiceError;

/// An authenticated caller, with its ids as the protocol's types. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Caller {
    principal: Arc<Principal>,
    user: UserId,
    teams: Arc<[TeamId]>,
}

/// The principal's user id is not valid in the protocol.
#[derive(Debug)]
pub struct InvalidCaller;

impl fmt::Display for InvalidCaller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the principal's user id is not 1 to 64 characters of A-Z a-z 0-9 _ -")
    }
}

impl std::error::Error for InvalidCaller {}

impl Caller {
    /// Creates a caller from a principal. Teams whose ids are not valid in the protocol are left out.
    ///
    /// # Errors
    /// Returns [`InvalidCaller`] if the user's id is not valid in the protocol.
    pub fn new(principal: Arc<Principal>) -> Result<Self, InvalidCaller> {
        let user = UserId::try_from(principal.user.as_str()).map_err(|_| InvalidCaller)?;
        let teams = principal.teams.iter().filter_map(|team| TeamId::try_from(team.as_str()).ok()).collect();
        Ok(Self { principal, user, teams })
    }

    /// Returns the caller's user id.
    #[must_use]
    pub fn user(&self) -> &UserId {
        &self.user
    }

    /// Returns the teams of the caller's user.
    #[must_use]
    pub fn teams(&self) -> &[TeamId] {
        &self.teams
    }

    /// Returns the principal that authentication produced.
    #[must_use]
    pub fn principal(&self) -> &Arc<Principal> {
        &self.principal
    }

    /// Returns whether the caller may do everything on every board, whatever its role.
    #[must_use]
    pub fn is_admin(&self) -> bool {
        self.principal.permissions.contains(Permission::Admin)
    }

    /// Returns the caller's user as the caller's own client sees it.
    #[must_use]
    pub fn to_user(&self) -> ConnectedUser {
        ConnectedUser {
            id: self.user.clone(),
            name: self.principal.name.clone(),
            permissions: self.principal.permissions.iter().map(|permission| permission.to_string()).collect(),
            teams: self.teams.to_vec(),
        }
    }

    /// Returns whether the caller's credential allows reading.
    #[must_use]
    pub fn reads(&self) -> bool {
        self.principal.allows(Permission::Read)
    }

    /// Checks that the caller's credential allows a command.
    ///
    /// # Errors
    /// Returns [`ServiceError::Forbidden`] if it does not.
    pub fn require(&self, kind: CommandKind) -> Result<(), ServiceError> {
        let needed = match kind.permission() {
            boardwire_protocol::Permission::Read => Permission::Read,
            boardwire_protocol::Permission::Write => Permission::Write,
        };
        self.require_permission(needed, kind.name())
    }

    /// Checks that the caller's credential has a permission. `what` names, in the error, the action that needs it.
    ///
    /// # Errors
    /// Returns [`ServiceError::Forbidden`] if it does not.
    pub fn require_permission(&self, needed: Permission, what: &str) -> Result<(), ServiceError> {
        if self.principal.allows(needed) {
            return Ok(());
        }
        Err(ServiceError::Forbidden(format!(
            "this credential does not have the permission {needed}, which {what} needs"
        )))
    }
}
