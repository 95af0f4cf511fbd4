//! `members`.

use boardwire_protocol::{BoardId, Member, Role, UserId};
use boardwire_services::storage::Stored;

use crate::connection::{Connection, Statement, Value};

const ROLE: Statement = Statement::new("member.role", "SELECT role FROM members WHERE board_id = $1 AND user_id = $2");

const LIST: Statement = Statement::new(
    "member.list",
    "SELECT members.board_id, members.user_id, users.name, members.role
     FROM members JOIN users ON users.id = members.user_id
     WHERE members.board_id = $1
     ORDER BY users.name, users.id",
);

const SET: Statement = Statement::new(
    "member.set",
    "INSERT INTO members (board_id, user_id, role) VALUES ($1, $2, $3)
     ON CONFLICT (board_id, user_id) DO UPDATE SET role = $3",
);

const REMOVE: Statement = Statement::new("member.remove", "DELETE FROM members WHERE board_id = $1 AND user_id = $2");

const COUNT: Statement =
    Statement::new("member.count", "SELECT COUNT(*) FROM members WHERE board_id = $1 AND role = $2");

#[tracing::instrument(level = "debug", name = "db.member.role", skip_all)]
pub(crate) async fn role(connection: &mut Connection<'_>, board: &BoardId, user: &UserId) -> Stored<Option<Role>> {
    let row = connection.fetch_optional(&ROLE, &[Value::Text(board.as_str()), Value::Text(user.as_str())]).await?;
    row.map(|row| row.named(0, Role::from_name)).transpose()
}

#[tracing::instrument(level = "debug", name = "db.member.list", skip_all)]
pub(crate) async fn list(connection: &mut Connection<'_>, board: &BoardId) -> Stored<Vec<Member>> {
    let rows = connection.fetch_all(&LIST, &[Value::Text(board.as_str())]).await?;
    let read = rows.iter().map(|row| {
        Ok(Member {
            board_id: row.id(0)?,
            user_id: row.id(1)?,
            name: row.text(2)?,
            role: row.named(3, Role::from_name)?,
        })
    });
    read.collect()
}

#[tracing::instrument(level = "debug", name = "db.member.set", skip_all)]
pub(crate) async fn set(connection: &mut Connection<'_>, board: &BoardId, user: &UserId, role: Role) -> Stored<()> {
    let values = [Value::Text(board.as_str()), Value::Text(user.as_str()), Value::Text(role.name())];
    connection.execute_one(&SET, &values).await
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
