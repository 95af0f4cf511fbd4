//! `members`.

use boardwire_protocol::{BoardId, Member, Role, TeamId, UserId};
use boardwire_services::storage::{Membership, Stored};

use super::{json, of_rows};
use crate::connection::{Connection, Statement, Value};

const ROLE: Statement = Statement::new("member.role", "SELECT role FROM members WHERE board_id = $1 AND user_id = $2");

const LIST: Statement = Statement::new(
    "member.list",
    "SELECT members.board_id, members.user_id, users.name, users.agent, members.role
     FROM members JOIN users ON users.id = members.user_id
     WHERE members.board_id = $1
     ORDER BY users.name, users.id",
);

const FIND: Statement =
    Statement::new("member.find", "SELECT role, team_id FROM members WHERE board_id = $1 AND user_id = $2");

const SHARE_A_BOARD: Statement = Statement::new(
    "member.share_a_board",
    "SELECT 1 FROM members AS one JOIN members AS other ON other.board_id = one.board_id
     WHERE one.user_id = $1 AND other.user_id = $2 LIMIT 1",
);

const LIST_THROUGH: Statement = Statement::new(
    "member.list_through",
    "SELECT user_id FROM members WHERE board_id = $1 AND team_id = $2 ORDER BY user_id",
);

/// The boards of the user's teams of which the user is no member, and those of which the user is one through a team that
/// the user or the board has left.
const TEAM_BOARDS: Statement = Statement::new(
    "member.team_boards",
    "SELECT boards.id FROM boards JOIN team_users ON team_users.team_id = boards.team_id
     WHERE team_users.user_id = $1
        AND NOT EXISTS (SELECT 1 FROM members WHERE members.board_id = boards.id AND members.user_id = $1)
        AND NOT EXISTS (SELECT 1 FROM departures WHERE departures.board_id = boards.id AND departures.user_id = $1)
     UNION
     SELECT members.board_id FROM members JOIN boards ON boards.id = members.board_id
     WHERE members.user_id = $1 AND members.team_id IS NOT NULL
        AND NOT (boards.team_id IS NOT NULL AND boards.team_id = members.team_id AND EXISTS (
            SELECT 1 FROM team_users WHERE team_users.user_id = $1 AND team_users.team_id = members.team_id))",
);

const SET: Statement = Statement::new(
    "member.set",
    "INSERT INTO members (board_id, user_id, role, team_id) VALUES ($1, $2, $3, $4)
     ON CONFLICT (board_id, user_id) DO UPDATE SET role = $3, team_id = $4",
);

const ADD_ALL: Statement = of_rows!(
    "member.add_all",
    "INSERT INTO members (board_id, user_id, role, team_id)
     SELECT item.value ->> 0, item.value ->> 1, item.value ->> 2, item.value ->> 3 FROM",
    "WHERE 1 = 1"
);

const REMOVE_THROUGH: Statement =
    Statement::new("member.remove_through", "DELETE FROM members WHERE board_id = $1 AND team_id = $2");

const REMOVE: Statement = Statement::new("member.remove", "DELETE FROM members WHERE board_id = $1 AND user_id = $2");

const DEPART: Statement = Statement::new(
    "member.depart",
    "INSERT INTO departures (board_id, user_id) VALUES ($1, $2) ON CONFLICT DO NOTHING",
);

const HAS_DEPARTED: Statement =
    Statement::new("member.has_departed", "SELECT 1 FROM departures WHERE board_id = $1 AND user_id = $2");

const RETURN: Statement =
    Statement::new("member.return", "DELETE FROM departures WHERE board_id = $1 AND ($2 IS NULL OR user_id = $2)");

const COUNT: Statement =
    Statement::new("member.count", "SELECT COUNT(*) FROM members WHERE board_id = $1 AND role = $2");

#[tracing::instrument(level = "debug", name = "db.member.role", skip_all)]
pub(crate) async fn role(connection: &mut Connection<'_>, board: &BoardId, user: &UserId) -> Stored<Option<Role>> {
    let row = connection.fetch_optional(&ROLE, &[Value::Text(board.as_str()), Value::Text(user.as_str())]).await?;
    row.map(|row| row.named(0, Role::from_name)).transpose()
}

#[tracing::instrument(level = "debug", name = "db.member.share_a_board", skip_all)]
pub(crate) async fn share_a_board(connection: &mut Connection<'_>, one: &UserId, other: &UserId) -> Stored<bool> {
    let users = [Value::Text(one.as_str()), Value::Text(other.as_str())];
    Ok(connection.fetch_optional(&SHARE_A_BOARD, &users).await?.is_some())
}

#[tracing::instrument(level = "debug", name = "db.member.list", skip_all)]
pub(crate) async fn list(connection: &mut Connection<'_>, board: &BoardId) -> Stored<Vec<Member>> {
    let rows = connection.fetch_all(&LIST, &[Value::Text(board.as_str())]).await?;
    let read = rows.iter().map(|row| {
        Ok(Member {
            board_id: row.id(0)?,
            user_id: row.id(1)?,
            name: row.text(2)?,
            agent: row.int(3)? != 0,
            role: row.named(4, Role::from_name)?,
        })
    });
    read.collect()
}

#[tracing::instrument(level = "debug", name = "db.member.find", skip_all)]
pub(crate) async fn find(
    connection: &mut Connection<'_>,
    board: &BoardId,
    user: &UserId,
) -> Stored<Option<Membership>> {
    let row = connection.fetch_optional(&FIND, &[Value::Text(board.as_str()), Value::Text(user.as_str())]).await?;
    row.map(|row| Ok(Membership { role: row.named(0, Role::from_name)?, team: row.opt_id(1)? })).transpose()
}

#[tracing::instrument(level = "debug", name = "db.member.list_through", skip_all)]
pub(crate) async fn list_through(
    connection: &mut Connection<'_>,
    board: &BoardId,
    team: &TeamId,
) -> Stored<Vec<UserId>> {
    let values = [Value::Text(board.as_str()), Value::Text(team.as_str())];
    let rows = connection.fetch_all(&LIST_THROUGH, &values).await?;
    rows.iter().map(|row| row.id(0)).collect()
}

#[tracing::instrument(level = "debug", name = "db.member.team_boards", skip_all)]
pub(crate) async fn team_boards(connection: &mut Connection<'_>, user: &UserId) -> Stored<Vec<BoardId>> {
    let rows = connection.fetch_all(&TEAM_BOARDS, &[Value::Text(user.as_str())]).await?;
    rows.iter().map(|row| row.id(0)).collect()
}

#[tracing::instrument(level = "debug", name = "db.member.set", skip_all)]
pub(crate) async fn set(
    connection: &mut Connection<'_>,
    board: &BoardId,
    user: &UserId,
    membership: &Membership,
) -> Stored<()> {
    let values = [
        Value::Text(board.as_str()),
        Value::Text(user.as_str()),
        Value::Text(membership.role.name()),
        Value::OptText(membership.team.as_ref().map(TeamId::as_str)),
    ];
    connection.execute_one(&SET, &values).await
}

/// Adds users who are no members, any number in one statement.
#[tracing::instrument(level = "debug", name = "db.member.add_all", skip_all)]
pub(crate) async fn add_all(
    connection: &mut Connection<'_>,
    board: &BoardId,
    users: &[UserId],
    membership: &Membership,
) -> Stored<()> {
    let (role, team) = (membership.role.name(), membership.team.as_ref());
    let rows: Vec<_> = users.iter().map(|user| serde_json::json!([board, user, role, team])).collect();
    connection.execute_each(&ADD_ALL, rows.len(), &[Value::Made(json(&rows)?)]).await
}

/// Removes those who are members through a team.
#[tracing::instrument(level = "debug", name = "db.member.remove_through", skip_all)]
pub(crate) async fn remove_through(connection: &mut Connection<'_>, board: &BoardId, team: &TeamId) -> Stored<()> {
    let values = [Value::Text(board.as_str()), Value::Text(team.as_str())];
    connection.execute(&REMOVE_THROUGH, &values).await.map(drop)
}

#[tracing::instrument(level = "debug", name = "db.member.remove", skip_all)]
pub(crate) async fn remove(connection: &mut Connection<'_>, board: &BoardId, user: &UserId) -> Stored<bool> {
    let values = [Value::Text(board.as_str()), Value::Text(user.as_str())];
    Ok(connection.execute(&REMOVE, &values).await? == 1)
}

#[tracing::instrument(level = "debug", name = "db.member.count", skip_all)]
pub(crate) async fn count(connection: &mut Connection<'_>, board: &BoardId, role: Role) -> Stored<u64> {
    let row = connection.fetch_one(&COUNT, &[Value::Text(board.as_str()), Value::Text(role.name())]).await?;
    row.number(0)
}

/// Notes that somebody was taken off a team's board by name.
#[tracing::instrument(level = "debug", name = "db.member.depart", skip_all)]
pub(crate) async fn depart(connection: &mut Connection<'_>, board: &BoardId, user: &UserId) -> Stored<()> {
    connection.execute(&DEPART, &[Value::Text(board.as_str()), Value::Text(user.as_str())]).await.map(drop)
}

#[tracing::instrument(level = "debug", name = "db.member.has_departed", skip_all)]
pub(crate) async fn has_departed(connection: &mut Connection<'_>, board: &BoardId, user: &UserId) -> Stored<bool> {
    let values = [Value::Text(board.as_str()), Value::Text(user.as_str())];
    Ok(connection.fetch_optional(&HAS_DEPARTED, &values).await?.is_some())
}

/// Forgets that a user was taken off, or that anybody was.
#[tracing::instrument(level = "debug", name = "db.member.return", skip_all)]
pub(crate) async fn return_to(connection: &mut Connection<'_>, board: &BoardId, user: Option<&UserId>) -> Stored<()> {
    let values = [Value::Text(board.as_str()), Value::OptText(user.map(UserId::as_str))];
    connection.execute(&RETURN, &values).await.map(drop)
}
