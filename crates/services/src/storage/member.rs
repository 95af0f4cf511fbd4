//! Members of boards, and which users have been removed from a team's board.

use async_trait::async_trait;
use boardwire_protocol::{BoardId, Role, TeamId, UserId};

use super::StorageResult;

/// How a user is a member of a board.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    /// The user's role.
    pub role: Role,
    /// The team that made the user a member; `None` if an owner did.
    pub team: Option<TeamId>,
}

/// Members, within a unit of work.
#[async_trait]
pub trait MemberRepository: Send {
    /// Returns a user's role on a board.
    async fn role(&mut self, board: &BoardId, user: &UserId) -> StorageResult<Option<Role>>;

    /// Returns how a user is a member of a board.
    async fn membership(&mut self, board: &BoardId, user: &UserId) -> StorageResult<Option<Membership>>;

    /// Returns whether two users are members of the same board.
    async fn share_a_board(&mut self, one: &UserId, other: &UserId) -> StorageResult<bool>;

    /// Returns how many owners a board has.
    async fn count_owners(&mut self, board: &BoardId) -> StorageResult<u64>;

    /// Returns the users whom a team made members.
    async fn members_through(&mut self, board: &BoardId, team: &TeamId) -> StorageResult<Vec<UserId>>;

    /// Adds a member, or changes an existing membership.
    async fn set_member(&mut self, board: &BoardId, user: &UserId, membership: &Membership) -> StorageResult<()>;

    /// Adds users who are not members yet.
    async fn add_members(&mut self, board: &BoardId, users: &[UserId], membership: &Membership) -> StorageResult<()>;

    /// Removes a member. Returns `false` if the user was not one.
    async fn remove_member(&mut self, board: &BoardId, user: &UserId) -> StorageResult<bool>;

    /// Removes the users whom a team made members.
    async fn remove_members_through(&mut self, board: &BoardId, team: &TeamId) -> StorageResult<()>;

    /// Records that a user was removed from a team's board and is not to become a member through the team again.
    async fn depart(&mut self, board: &BoardId, user: &UserId) -> StorageResult<()>;

    /// Returns whether [`depart`](Self::depart) has recorded this user.
    async fn has_departed(&mut self, board: &BoardId, user: &UserId) -> StorageResult<bool>;

    /// Deletes what [`depart`](Self::depart) has recorded, for one user or for all.
    async fn forget_departures(&mut self, board: &BoardId, user: Option<&UserId>) -> StorageResult<()>;
}

/// Members, outside units of work.
#[async_trait]
pub trait MemberStore: Send + Sync + 'static {
    /// Returns a user's role on a board.
    async fn role(&self, board: &BoardId, user: &UserId) -> StorageResult<Option<Role>>;

    /// Returns the boards where the user's membership does not match the user's teams: the user should become a member,
    /// or should no longer be one.
    async fn team_boards(&self, user: &UserId) -> StorageResult<Vec<BoardId>>;
}
