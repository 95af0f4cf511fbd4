//! Operators' changes to `users`, and statements on `team_users` and `passwords`.

use async_trait::async_trait;
use boardwire_protocol::UserId;
use boardwire_services::storage::{AccountChange, AccountStore, SaveUser, StorageResult, User};

use super::{account_change, session, user};
use crate::{
    connection::Connection,
    database::Database,
    error::broken,
    statement::{Statement, Value, json},
};

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

const LEAVE_TEAMS: Statement = Statement::new("user.leave_teams", "DELETE FROM team_users WHERE user_id = $1");

const JOIN_TEAM: Statement = Statement::new(
    "user.join_team",
    "INSERT INTO team_users (team_id, user_id) VALUES ($1, $2) ON CONFLICT DO NOTHING",
);

const PASSWORD: Statement = Statement::new("password.find", "SELECT hash FROM passwords WHERE user_id = $1");

const SET_PASSWORD: Statement = Statement::new(
    "password.set",
    "INSERT INTO passwords (user_id, hash) VALUES ($1, $2) ON CONFLICT (user_id) DO UPDATE SET hash = $2",
);

#[async_trait]
impl AccountStore for Database {
    async fn save_user(&self, user: &SaveUser) -> StorageResult<User> {
        let user = user.clone();
        self.change(move |connection| Box::pin(async move { save(connection, &user).await })).await
    }

    #[tracing::instrument(level = "debug", name = "db.password.find", skip_all)]
    async fn password(&self, user: &UserId) -> StorageResult<Option<String>> {
        let user = user.clone();
        self.read(move |mut reader| async move {
            let row = reader.connection().fetch_optional(&PASSWORD, &[Value::Text(user.as_str())]).await?;
            row.map(|row| row.text(0)).transpose()
        })
        .await
    }

    async fn last_account_change(&self) -> StorageResult<i64> {
        self.read(|mut reader| async move { account_change::last(&mut reader.connection()).await }).await
    }

    async fn account_changes(&self, after: i64) -> StorageResult<Vec<AccountChange>> {
        self.read(move |mut reader| async move { account_change::list(&mut reader.connection(), after).await }).await
    }
}

#[tracing::instrument(level = "debug", name = "db.user.save", skip_all)]
async fn save(connection: &mut Connection<'_>, user: &SaveUser) -> StorageResult<User> {
    let permissions = user.permissions.as_ref().map(json).transpose()?;
    let teams = user.teams.as_ref().map(json).transpose()?;
    let values = [
        Value::Text(user.id.as_str()),
        Value::OptText(user.name.as_deref()),
        Value::OptText(permissions.as_deref()),
        Value::json(&user.default_permissions)?,
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
        set_password(connection, &user.id, hash).await?;
        session::delete_all(connection, &user.id).await?;
    }
    account_change::record(connection, &user.id, user.now).await?;
    rows.first().map(user::read).transpose()?.ok_or_else(|| broken(SAVE.name, "no row"))
}

#[tracing::instrument(level = "debug", name = "db.password.set", skip_all)]
async fn set_password(connection: &mut Connection<'_>, user: &UserId, hash: &str) -> StorageResult<()> {
    connection.execute_one(&SET_PASSWORD, &[Value::Text(user.as_str()), Value::Text(hash)]).await
}
