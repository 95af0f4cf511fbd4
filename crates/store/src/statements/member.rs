//! Statements on `members` and `departures`.

use async_trait::async_trait;
use boardwire_protocol::{BoardId, Member, Role, TeamId, UserId};
use boardwire_services::storage::{MemberRepository, MemberStore, Membership, StorageResult};

use crate::{
    connection::Connection,
    database::Database,
    statement::{Statement, Value, of_rows},
};

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

/// The boards of the user's teams that the user is not a member of, unless the user was removed from them, and those that
/// the user is a member of through a team that the user or the board has left.
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

const FORGET_DEPARTURES: Statement = Statement::new(
    "member.forget_departures",
    "DELETE FROM departures WHERE board_id = $1 AND ($2 IS NULL OR user_id = $2)",
);

const COUNT_WITH_ROLE: Statement =
    Statement::new("member.count", "SELECT COUNT(*) FROM members WHERE board_id = $1 AND role = $2");

#[async_trait]
impl MemberRepository for Connection<'_> {
    #[tracing::instrument(level = "debug", name = "db.member.role", skip_all)]
    async fn role(&mut self, board: &BoardId, user: &UserId) -> StorageResult<Option<Role>> {
        let row = self.fetch_optional(&ROLE, &[Value::Text(board.as_str()), Value::Text(user.as_str())]).await?;
        row.map(|row| row.named(0, Role::from_name)).transpose()
    }

    #[tracing::instrument(level = "debug", name = "db.member.find", skip_all)]
    async fn membership(&mut self, board: &BoardId, user: &UserId) -> StorageResult<Option<Membership>> {
        let row = self.fetch_optional(&FIND, &[Value::Text(board.as_str()), Value::Text(user.as_str())]).await?;
        row.map(|row| Ok(Membership { role: row.named(0, Role::from_name)?, team: row.opt_id(1)? })).transpose()
    }

    #[tracing::instrument(level = "debug", name = "db.member.share_a_board", skip_all)]
    async fn share_a_board(&mut self, one: &UserId, other: &UserId) -> StorageResult<bool> {
        let users = [Value::Text(one.as_str()), Value::Text(other.as_str())];
        Ok(self.fetch_optional(&SHARE_A_BOARD, &users).await?.is_some())
    }

    #[tracing::instrument(level = "debug", name = "db.member.count", skip_all)]
    async fn count_owners(&mut self, board: &BoardId) -> StorageResult<u64> {
        let row =
            self.fetch_one(&COUNT_WITH_ROLE, &[Value::Text(board.as_str()), Value::Text(Role::Owner.name())]).await?;
        row.number(0)
    }

    #[tracing::instrument(level = "debug", name = "db.member.list_through", skip_all)]
    async fn members_through(&mut self, board: &BoardId, team: &TeamId) -> StorageResult<Vec<UserId>> {
        let values = [Value::Text(board.as_str()), Value::Text(team.as_str())];
        let rows = self.fetch_all(&LIST_THROUGH, &values).await?;
        rows.iter().map(|row| row.id(0)).collect()
    }

    #[tracing::instrument(level = "debug", name = "db.member.set", skip_all)]
    async fn set_member(&mut self, board: &BoardId, user: &UserId, membership: &Membership) -> StorageResult<()> {
        let values = [
            Value::Text(board.as_str()),
            Value::Text(user.as_str()),
            Value::Text(membership.role.name()),
            Value::OptText(membership.team.as_ref().map(TeamId::as_str)),
        ];
        self.execute_one(&SET, &values).await
    }

    #[tracing::instrument(level = "debug", name = "db.member.add_all", skip_all)]
    async fn add_members(&mut self, board: &BoardId, users: &[UserId], membership: &Membership) -> StorageResult<()> {
        let (role, team) = (membership.role.name(), membership.team.as_ref());
        let rows: Vec<_> = users.iter().map(|user| serde_json::json!([board, user, role, team])).collect();
        self.execute_exactly(&ADD_ALL, rows.len(), &[Value::json(&rows)?]).await
    }

    #[tracing::instrument(level = "debug", name = "db.member.remove", skip_all)]
    async fn remove_member(&mut self, board: &BoardId, user: &UserId) -> StorageResult<bool> {
        let values = [Value::Text(board.as_str()), Value::Text(user.as_str())];
        Ok(self.execute(&REMOVE, &values).await? == 1)
    }

    #[tracing::instrument(level = "debug", name = "db.member.remove_through", skip_all)]
    async fn remove_members_through(&mut self, board: &BoardId, team: &TeamId) -> StorageResult<()> {
        let values = [Value::Text(board.as_str()), Value::Text(team.as_str())];
        self.execute(&REMOVE_THROUGH, &values).await.map(drop)
    }

    #[tracing::instrument(level = "debug", name = "db.member.depart", skip_all)]
    async fn depart(&mut self, board: &BoardId, user: &UserId) -> StorageResult<()> {
        self.execute(&DEPART, &[Value::Text(board.as_str()), Value::Text(user.as_str())]).await.map(drop)
    }

    #[tracing::instrument(level = "debug", name = "db.member.has_departed", skip_all)]
    async fn has_departed(&mut self, board: &BoardId, user: &UserId) -> StorageResult<bool> {
        let values = [Value::Text(board.as_str()), Value::Text(user.as_str())];
        Ok(self.fetch_optional(&HAS_DEPARTED, &values).await?.is_some())
    }

    #[tracing::instrument(level = "debug", name = "db.member.forget_departures", skip_all)]
    async fn forget_departures(&mut self, board: &BoardId, user: Option<&UserId>) -> StorageResult<()> {
        let values = [Value::Text(board.as_str()), Value::OptText(user.map(UserId::as_str))];
        self.execute(&FORGET_DEPARTURES, &values).await.map(drop)
    }
}

#[async_trait]
impl MemberStore for Database {
    async fn role(&self, board: &BoardId, user: &UserId) -> StorageResult<Option<Role>> {
        let (board, user) = (board.clone(), user.clone());
        self.read(move |mut reader| async move { reader.connection().role(&board, &user).await }).await
    }

    #[tracing::instrument(level = "debug", name = "db.member.team_boards", skip_all)]
    async fn team_boards(&self, user: &UserId) -> StorageResult<Vec<BoardId>> {
        let user = user.clone();
        self.read(move |mut reader| async move {
            let connection = &mut reader.connection();
            let rows = connection.fetch_all(&TEAM_BOARDS, &[Value::Text(user.as_str())]).await?;
            rows.iter().map(|row| row.id(0)).collect()
        })
        .await
    }
}

#[tracing::instrument(level = "debug", name = "db.member.list", skip_all)]
pub(super) async fn list(connection: &mut Connection<'_>, board: &BoardId) -> StorageResult<Vec<Member>> {
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
