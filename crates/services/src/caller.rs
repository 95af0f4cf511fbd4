//! Who calls, in the types of the wire.

use std::{fmt, sync::Arc};

use boardwire_auth::{Permission, Principal};
use boardwire_protocol::{CommandKind, TeamId, UserId};

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

    /// The first lock: what the credential allows.
    ///
    /// # Errors
    /// [`Fault::Forbidden`] when it does not allow this command.
    pub fn require(&self, kind: CommandKind) -> Result<(), Fault> {
        let needed = match kind.permission() {
            boardwire_protocol::Permission::Read => Permission::Read,
            boardwire_protocol::Permission::Write => Permission::Write,
        };
        if self.principal.allows(needed) {
            return Ok(());
        }
        Err(Fault::Forbidden(format!(
            "this credential does not have the permission {needed}, which {} needs",
            kind.name()
        )))
    }
}
