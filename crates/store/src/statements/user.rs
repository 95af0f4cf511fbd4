//! Statements on `users`.

use async_trait::async_trait;
use boardwire_protocol::{BoardId, Role, TeamId, UserId};
use boardwire_services::storage::{StorageResult, User, UserAccess, UserRepository, UserStore};

use crate::{
    connection::Connection,
    database::Database,
    row::Row,
    statement::{Statement, Value, of_rows},
};

const FIND: Statement =
    Statement::new("user.find", "SELECT id, name, permissions, teams, created_at, agent FROM users WHERE id = $1");

/// For each id that is a user's: the role on board `$2` or, without one, the user's permissions.
const ACCESS: Statement = of_rows!(
    "user.access",
    "SELECT users.id, members.role, CASE WHEN members.role IS NULL THEN users.permissions ELSE '[]' END FROM",
    "JOIN users ON users.id = item.value ->> 0
     LEFT JOIN members ON members.board_id = $2 AND members.user_id = users.id"
);

const PAGE: Statement = Statement::new("user.page", "SELECT id FROM users WHERE id > $1 ORDER BY id LIMIT $2");

const PAGE_OF_TEAM: Statement = Statement::new(
    "user.page_of_team",
    "SELECT user_id FROM team_users WHERE team_id = $3 AND user_id > $1 ORDER BY user_id LIMIT $2",
);

/// The users of a team who are not members of a board.
const NEWCOMERS: Statement = Statement::new(
    "user.newcomers",
    "SELECT users.id, users.name, users.permissions, users.teams, users.created_at, users.agent
     FROM team_users JOIN users ON users.id = team_users.user_id
     WHERE team_users.team_id = $2
        AND NOT EXISTS (SELECT 1 FROM members WHERE members.board_id = $1 AND members.user_id = users.id)
     ORDER BY users.id",
);

#[async_trait]
impl UserRepository for Connection<'_> {
    #[tracing::instrument(level = "debug", name = "db.user.find", skip_all)]
    async fn user(&mut self, id: &UserId) -> StorageResult<Option<User>> {
        let row = self.fetch_optional(&FIND, &[Value::Text(id.as_str())]).await?;
        row.as_ref().map(read).transpose()
    }

    #[tracing::instrument(level = "debug", name = "db.user.page", skip_all)]
    async fn users(&mut self, team: Option<&TeamId>, after: Option<&UserId>, limit: u32) -> StorageResult<Vec<UserId>> {
        let (after, limit) = (Value::Text(after.map_or("", UserId::as_str)), Value::Int(limit.into()));
        let rows = match team {
            Some(team) => self.fetch_all(&PAGE_OF_TEAM, &[after, limit, Value::Text(team.as_str())]).await?,
            None => self.fetch_all(&PAGE, &[after, limit]).await?,
        };
        rows.iter().map(|row| row.id(0)).collect()
    }

    #[tracing::instrument(level = "debug", name = "db.user.access", skip_all)]
    async fn access_of(&mut self, board: &BoardId, ids: &[UserId]) -> StorageResult<Vec<UserAccess>> {
        let ids: Vec<_> = ids.iter().map(|id| [id]).collect();
        let rows = self.fetch_all(&ACCESS, &[Value::json(&ids)?, Value::Text(board.as_str())]).await?;
        let read = |row: &Row| {
            Ok(UserAccess { user: row.id(0)?, role: row.opt_named(1, Role::from_name)?, permissions: row.json(2)? })
        };
        rows.iter().map(read).collect()
    }

    #[tracing::instrument(level = "debug", name = "db.user.newcomers", skip_all)]
    async fn newcomers(&mut self, board: &BoardId, team: &TeamId) -> StorageResult<Vec<User>> {
        let rows = self.fetch_all(&NEWCOMERS, &[Value::Text(board.as_str()), Value::Text(team.as_str())]).await?;
        rows.iter().map(read).collect()
    }
}

#[async_trait]
impl UserStore for Database {
    async fn user(&self, id: &UserId) -> StorageResult<Option<User>> {
        let id = id.clone();
        self.read(move |mut reader| async move { reader.connection().user(&id).await }).await
    }
}

pub(super) fn read(row: &Row) -> StorageResult<User> {
    Ok(User {
        id: row.id(0)?,
        name: row.text(1)?,
        permissions: row.json(2)?,
        teams: row.json(3)?,
        created_at: row.time(4)?,
        agent: row.int(5)? != 0,
    })
}
