//! `users`.

use boardwire_protocol::{BoardId, Role, TeamId, UserId};
use boardwire_services::storage::{SaveUser, Stored, User, UserAccess};

use super::{account, json, of_rows};
use crate::{
    connection::{Connection, Statement, Value},
    error::broken,
    row::Row,
};

const FIND: Statement =
    Statement::new("user.find", "SELECT id, name, permissions, teams, created_at, agent FROM users WHERE id = $1");

/// Of the rows: those that are users, their roles on board `$2`, and the permissions of those that have none.
const ACCESS: Statement = of_rows!(
    "user.access",
    "SELECT users.id, members.role, CASE WHEN members.role IS NULL THEN users.permissions ELSE '[]' END FROM",
    "JOIN users ON users.id = item.value ->> 0
     LEFT JOIN members ON members.board_id = $2 AND members.user_id = users.id"
);

const SAVE: Statement = Statement::new(
    "user.save",
    "INSERT INTO users (id, name, permissions, teams, created_at, agent)
     VALUES ($1, COALESCE($2, $1), COALESCE($3, $4), COALESCE($5, '[]'), $6, COALESCE($7, 0))
     ON CONFLICT (id) DO UPDATE SET
        name = COALESCE($2, users.name),
        permissions = COALESCE($3, users.permissions),
        teams = COALESCE($5, users.teams),
        agent = COALESCE($7, users.agent)
     RETURNING id, name, permissions, teams, created_at, agent",
);

const PAGE: Statement = Statement::new("user.page", "SELECT id FROM users WHERE id > $1 ORDER BY id LIMIT $2");

const PAGE_OF_TEAM: Statement = Statement::new(
    "user.page_of_team",
    "SELECT user_id FROM team_users WHERE team_id = $3 AND user_id > $1 ORDER BY user_id LIMIT $2",
);

/// The users of a team who are no members of a board.
const NEWCOMERS: Statement = Statement::new(
    "user.newcomers",
    "SELECT users.id, users.name, users.permissions, users.teams, users.created_at, users.agent
     FROM team_users JOIN users ON users.id = team_users.user_id
     WHERE team_users.team_id = $2
        AND NOT EXISTS (SELECT 1 FROM members WHERE members.board_id = $1 AND members.user_id = users.id)
     ORDER BY users.id",
);

const LEAVE_TEAMS: Statement = Statement::new("user.leave_teams", "DELETE FROM team_users WHERE user_id = $1");

const JOIN_TEAM: Statement = Statement::new(
    "user.join_team",
    "INSERT INTO team_users (team_id, user_id) VALUES ($1, $2) ON CONFLICT DO NOTHING",
);

#[tracing::instrument(level = "debug", name = "db.user.find", skip_all)]
pub(crate) async fn find(connection: &mut Connection<'_>, id: &UserId) -> Stored<Option<User>> {
    let row = connection.fetch_optional(&FIND, &[Value::Text(id.as_str())]).await?;
    row.as_ref().map(read).transpose()
}

#[tracing::instrument(level = "debug", name = "db.user.save", skip_all)]
pub(crate) async fn save(connection: &mut Connection<'_>, user: &SaveUser) -> Stored<User> {
    let permissions = user.permissions.as_ref().map(json).transpose()?;
    let teams = user.teams.as_ref().map(json).transpose()?;
    let values = [
        Value::Text(user.id.as_str()),
        Value::OptText(user.name.as_deref()),
        Value::OptText(permissions.as_deref()),
        Value::Made(json(&user.default_permissions)?),
        Value::OptText(teams.as_deref()),
        Value::Int(user.now.0),
        Value::OptInt(user.agent.map(i64::from)),
    ];
    let rows = connection.fetch_all(&SAVE, &values).await?;
    if let Some(teams) = &user.teams {
        connection.execute(&LEAVE_TEAMS, &[Value::Text(user.id.as_str())]).await?;
        for team in teams {
            connection.execute(&JOIN_TEAM, &[Value::Text(team.as_str()), Value::Text(user.id.as_str())]).await?;
        }
    }
    if let Some(hash) = &user.password {
        account::set_password(connection, &user.id, hash).await?;
        account::delete_sessions(connection, &user.id).await?;
    }
    account::note_change(connection, &user.id, user.now).await?;
    rows.first().map(read).transpose()?.ok_or_else(|| broken(SAVE.name, "no row"))
}

/// What lets these users read a board.
#[tracing::instrument(level = "debug", name = "db.user.access", skip_all)]
pub(crate) async fn access_of(
    connection: &mut Connection<'_>,
    board: &BoardId,
    ids: &[UserId],
) -> Stored<Vec<UserAccess>> {
    let ids: Vec<_> = ids.iter().map(|id| [id]).collect();
    let rows = connection.fetch_all(&ACCESS, &[Value::Made(json(&ids)?), Value::Text(board.as_str())]).await?;
    let read = |row: &Row| {
        Ok(UserAccess { user: row.id(0)?, role: row.opt_named(1, Role::from_name)?, permissions: row.json(2)? })
    };
    rows.iter().map(read).collect()
}

/// The users of a team, or all users, behind an id.
#[tracing::instrument(level = "debug", name = "db.user.page", skip_all)]
pub(crate) async fn page(
    connection: &mut Connection<'_>,
    team: Option<&TeamId>,
    after: Option<&UserId>,
    limit: u32,
) -> Stored<Vec<UserId>> {
    let (after, limit) = (Value::Text(after.map_or("", UserId::as_str)), Value::Int(limit.into()));
    let rows = match team {
        Some(team) => connection.fetch_all(&PAGE_OF_TEAM, &[after, limit, Value::Text(team.as_str())]).await?,
        None => connection.fetch_all(&PAGE, &[after, limit]).await?,
    };
    rows.iter().map(|row| row.id(0)).collect()
}

#[tracing::instrument(level = "debug", name = "db.user.newcomers", skip_all)]
pub(crate) async fn newcomers(connection: &mut Connection<'_>, board: &BoardId, team: &TeamId) -> Stored<Vec<User>> {
    let rows = connection.fetch_all(&NEWCOMERS, &[Value::Text(board.as_str()), Value::Text(team.as_str())]).await?;
    rows.iter().map(read).collect()
}

fn read(row: &Row) -> Stored<User> {
    Ok(User {
        id: row.id(0)?,
        name: row.text(1)?,
        permissions: row.json(2)?,
        teams: row.json(3)?,
        created_at: row.time(4)?,
        agent: row.int(5)? != 0,
    })
}
