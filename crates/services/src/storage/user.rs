//! Users.

use async_trait::async_trait;
use boardwire_protocol::{BoardId, Role, TeamId, Timestamp, UserId};

use super::StorageResult;

/// A user as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The user's id.
    pub id: UserId,
    /// The name that others see.
    pub name: String,
    /// Whether the user is an agent.
    pub agent: bool,
    /// What the user may do at most: `read`, `write`, `admin`.
    pub permissions: Vec<String>,
    /// The user's teams.
    pub teams: Vec<TeamId>,
    /// When the user was created.
    pub created_at: Timestamp,
}

/// What decides whether a user may read a board.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserAccess {
    /// The user's id.
    pub user: UserId,
    /// The user's role on the board; `None` if the user is not a member.
    pub role: Option<Role>,
    /// The user's permissions; empty if there is a role.
    pub permissions: Vec<String>,
}

/// Users, within a unit of work.
#[async_trait]
pub trait UserRepository: Send {
    /// Returns a user.
    async fn user(&mut self, id: &UserId) -> StorageResult<Option<User>>;

    /// Returns the ids of all users, or of a team's, in order of id: at most `limit` of them, starting after `after`.
    async fn users(&mut self, team: Option<&TeamId>, after: Option<&UserId>, limit: u32) -> StorageResult<Vec<UserId>>;

    /// Returns what decides whether each of these users may read a board. Users who do not exist are left out.
    async fn access_of(&mut self, board: &BoardId, users: &[UserId]) -> StorageResult<Vec<UserAccess>>;

    /// Returns the users of a team who are not members of a board.
    async fn newcomers(&mut self, board: &BoardId, team: &TeamId) -> StorageResult<Vec<User>>;
}

/// Users, outside units of work.
#[async_trait]
pub trait UserStore: Send + Sync + 'static {
    /// Returns a user.
    async fn user(&self, id: &UserId) -> StorageResult<Option<User>>;
}
