//! One database of either kind, and the traits of the services on it.

use std::sync::Arc;

use async_trait::async_trait;
use boardwire_protocol::{
    Attachment, AttachmentId, Board, BoardId, Notification, Role, Seq, Status, Task, TaskId, Timestamp, UserId,
    board::Snapshot, task::Detail,
};
use boardwire_services::{
    Applied, Fault,
    storage::{
        AccountChange, Accounts, ApiKey, BoardState, BoxFuture, Head, Job, Log, LogEntry, Match, Outlook, Overdue,
        Prune, Reader, SaveUser, Session, Stored, User, WantedMatches, WantedNotifications, WantedTasks, Writer,
    },
};
use sqlx::{Postgres, Sqlite, Transaction, pool::PoolConnection};

use crate::{
    connection::Connection,
    migrations, outlook,
    postgres::PostgresDatabase,
    sqlite::SqliteDatabase,
    statements::{
        account, attachment, board, column, comment, dependency, event, lease, listing, member, notification, request,
        task, user,
    },
    work::{self, Body},
};

/// How many rows one unit of work prunes: few enough that others hardly wait for it.
const PRUNED_AT_ONCE: u32 = 1_000;

/// A database.
#[derive(Debug)]
pub(crate) enum Database {
    Sqlite(SqliteDatabase),
    Postgres(PostgresDatabase),
}

/// A connection for reading. Dropping it gives it back, and ends the transaction that it may be in.
pub(crate) enum Lease {
    Sqlite(PoolConnection<Sqlite>),
    Postgres(PoolConnection<Postgres>),
    /// One moment, over several statements.
    SqliteMoment(Transaction<'static, Sqlite>),
    /// The same.
    PostgresMoment(Transaction<'static, Postgres>),
}

impl Lease {
    pub(crate) fn connection(&mut self) -> Connection<'_> {
        match self {
            Self::Sqlite(lease) => Connection::sqlite(lease),
            Self::SqliteMoment(lease) => Connection::sqlite(lease),
            Self::Postgres(lease) => Connection::postgres(lease),
            Self::PostgresMoment(lease) => Connection::postgres(lease),
        }
    }
}

impl Database {
    async fn submit<T: Send + 'static>(&self, body: Body<T>) -> Result<T, Fault> {
        match self {
            Self::Sqlite(database) => database.submit(body).await,
            Self::Postgres(database) => database.submit(body).await,
        }
    }

    /// For one statement.
    async fn lease(&self) -> Stored<Lease> {
        match self {
            Self::Sqlite(database) => database.lease().await,
            Self::Postgres(database) => database.lease().await,
        }
    }

    /// For several statements that see the same moment.
    async fn moment(&self) -> Stored<Lease> {
        match self {
            Self::Sqlite(database) => database.moment().await,
            Self::Postgres(database) => database.moment().await,
        }
    }

    pub(crate) async fn lost(&self) {
        match self {
            // The system ends the lock on a file with the process alone.
            Self::Sqlite(_) => std::future::pending().await,
            Self::Postgres(database) => database.lost().await,
        }
    }

    pub(crate) async fn close(&self) {
        match self {
            Self::Sqlite(database) => database.close().await,
            Self::Postgres(database) => database.close().await,
        }
    }

    /// A unit of work that has no rules.
    async fn change<T, B>(&self, body: B) -> Stored<T>
    where
        T: Send + 'static,
        B: for<'u, 'c> FnOnce(&'u mut Connection<'c>) -> BoxFuture<'u, Stored<T>> + Send + 'static,
    {
        let body: Body<T> = Box::new(move |connection| {
            let done = body(connection);
            Box::pin(async move { Ok(done.await?) })
        });
        work::stored(self.submit(body).await)
    }

    /// Repeats a unit of work that deletes some rows, until it finds no more.
    async fn prune_all<B>(&self, body: B) -> Stored<()>
    where
        B: for<'u, 'c> Fn(&'u mut Connection<'c>) -> BoxFuture<'u, Stored<u64>> + Copy + Send + 'static,
    {
        while self.change(body).await? >= PRUNED_AT_ONCE.into() {}
        Ok(())
    }
}

#[async_trait]
impl Reader for Database {
    async fn user(&self, id: &UserId) -> Stored<Option<User>> {
        user::find(&mut self.lease().await?.connection(), id).await
    }

    #[tracing::instrument(level = "debug", name = "db.snapshot", skip_all)]
    async fn snapshot(&self, id: &BoardId) -> Stored<Option<Snapshot>> {
        let mut moment = self.moment().await?;
        let mut connection = moment.connection();
        let Some(BoardState { board, seq, epoch, .. }) = board::find(&mut connection, id).await? else {
            return Ok(None);
        };
        let columns = column::list(&mut connection, id).await?.into_iter().map(|state| state.column).collect();
        let tasks = task::list_of_board(&mut connection, id).await?;
        let members = member::list(&mut connection, id).await?;
        let dependencies = dependency::list_of_board(&mut connection, id).await?;
        Ok(Some(Snapshot { board, columns, tasks, members, dependencies, seq, epoch }))
    }

    async fn task(&self, id: &TaskId) -> Stored<Option<Task>> {
        let found = task::find(&mut self.lease().await?.connection(), id).await?;
        Ok(found.map(|state| state.task))
    }

    #[tracing::instrument(level = "debug", name = "db.detail", skip_all)]
    async fn detail(&self, id: &TaskId) -> Stored<Option<Detail>> {
        let mut moment = self.moment().await?;
        let mut connection = moment.connection();
        let Some(task) = task::find(&mut connection, id).await?.map(|state| state.task) else { return Ok(None) };
        let comments = comment::list(&mut connection, id).await?;
        let attachments = attachment::list(&mut connection, id).await?;
        let dependencies = dependency::list_of_task(&mut connection, id).await?;
        let blocked_by = dependency::blockers(&mut connection, id).await?;
        let blocking = match task.status {
            Status::Done => Vec::new(),
            _ => dependency::blocked(&mut connection, id).await?,
        };
        Ok(Some(Detail { task, comments, attachments, dependencies, blocked_by, blocking }))
    }

    #[tracing::instrument(level = "debug", name = "db.outlook", skip_all)]
    async fn outlook(&self, board: &BoardId) -> Stored<Option<Outlook>> {
        let mut moment = self.moment().await?;
        outlook::of(&mut moment.connection(), board).await
    }

    async fn overdue_leases(&self, now: Timestamp, limit: u32) -> Stored<Vec<Overdue>> {
        lease::overdue(&mut self.lease().await?.connection(), now, limit).await
    }

    async fn tasks(&self, wanted: &WantedTasks<'_>) -> Stored<Vec<Task>> {
        listing::page(&mut self.lease().await?.connection(), wanted).await
    }

    async fn matches(&self, wanted: &WantedMatches<'_>) -> Stored<Vec<Match>> {
        listing::matches(&mut self.lease().await?.connection(), wanted).await
    }

    async fn attachment(&self, id: &AttachmentId) -> Stored<Option<Attachment>> {
        attachment::find(&mut self.lease().await?.connection(), id).await
    }

    async fn known_attachments(&self, ids: &[AttachmentId]) -> Stored<Vec<AttachmentId>> {
        let mut lease = self.lease().await?;
        let mut connection = lease.connection();
        let mut known = Vec::new();
        for id in ids {
            known.extend(attachment::find(&mut connection, id).await?.map(|attachment| attachment.id));
        }
        Ok(known)
    }

    #[tracing::instrument(level = "debug", name = "db.notifications", skip_all)]
    async fn notifications(&self, wanted: &WantedNotifications<'_>) -> Stored<(Vec<Notification>, u64)> {
        let mut moment = self.moment().await?;
        let mut connection = moment.connection();
        let listed = notification::list(&mut connection, wanted).await?;
        Ok((listed, notification::count_unread(&mut connection, wanted.user, wanted.everywhere).await?))
    }

    async fn team_boards(&self, user: &UserId) -> Stored<Vec<BoardId>> {
        member::team_boards(&mut self.lease().await?.connection(), user).await
    }

    async fn role(&self, board: &BoardId, user: &UserId) -> Stored<Option<Role>> {
        member::role(&mut self.lease().await?.connection(), board, user).await
    }

    async fn board(&self, id: &BoardId) -> Stored<Option<Board>> {
        Ok(board::find(&mut self.lease().await?.connection(), id).await?.map(|state| state.board))
    }

    async fn boards(&self, member: Option<&UserId>, archived: Option<bool>) -> Stored<Vec<Board>> {
        board::list(&mut self.lease().await?.connection(), member, archived).await
    }

    async fn ping(&self) -> Stored<()> {
        if let Self::Sqlite(database) = self {
            database.check_writer()?;
        }
        migrations::ping(&mut self.lease().await?.connection()).await
    }
}

#[async_trait]
impl Log for Database {
    async fn head(&self, board: &BoardId) -> Stored<Option<Head>> {
        event::head(&mut self.lease().await?.connection(), board).await
    }

    async fn read(&self, board: &BoardId, after: Seq, limit: u32) -> Stored<Vec<Arc<LogEntry>>> {
        event::read(&mut self.lease().await?.connection(), board, after, limit).await
    }
}

#[async_trait]
impl Writer for Database {
    #[tracing::instrument(level = "debug", name = "db.write", skip_all)]
    async fn write(&self, job: Job) -> Result<Applied, Fault> {
        self.submit(work::of_job(job)).await
    }

    #[tracing::instrument(level = "debug", name = "db.prune", skip_all)]
    async fn prune(&self, before: &Prune) -> Stored<()> {
        let Prune { requests, events, notifications, accounts } = *before;
        self.prune_all(move |connection| Box::pin(request::prune(connection, requests, PRUNED_AT_ONCE))).await?;
        self.prune_all(move |connection| Box::pin(notification::prune(connection, notifications, PRUNED_AT_ONCE)))
            .await?;
        self.change(move |connection| Box::pin(account::prune(connection, accounts))).await?;
        let Some(before) = events else { return Ok(()) };
        let place = event::first_kept(&mut self.lease().await?.connection(), before).await?;
        self.prune_all(move |connection| Box::pin(event::prune(connection, place, before, PRUNED_AT_ONCE))).await
    }
}

#[async_trait]
impl Accounts for Database {
    async fn save_user(&self, user: &SaveUser) -> Stored<User> {
        let user = user.clone();
        self.change(move |connection| Box::pin(async move { user::save(connection, &user).await })).await
    }

    async fn password(&self, user: &UserId) -> Stored<Option<String>> {
        account::password(&mut self.lease().await?.connection(), user).await
    }

    async fn session(&self, id: &str) -> Stored<Option<(Session, User)>> {
        let mut moment = self.moment().await?;
        let mut connection = moment.connection();
        let Some(session) = account::session(&mut connection, id).await? else { return Ok(None) };
        Ok(user::find(&mut connection, &session.user).await?.map(|user| (session, user)))
    }

    async fn insert_session(&self, session: &Session, password: &str) -> Stored<bool> {
        let (session, password) = (session.clone(), password.to_owned());
        self.change(move |connection| {
            Box::pin(async move { account::insert_session(connection, &session, &password).await })
        })
        .await
    }

    async fn session_used(&self, id: &str, at: Timestamp) -> Stored<()> {
        let id = id.to_owned();
        self.change(move |connection| Box::pin(async move { account::use_session(connection, &id, at).await })).await
    }

    async fn delete_session(&self, id: &str, now: Timestamp) -> Stored<bool> {
        let id = id.to_owned();
        self.change(move |connection| Box::pin(async move { account::delete_session(connection, &id, now).await }))
            .await
    }

    async fn api_key(&self, id: &str) -> Stored<Option<(ApiKey, User)>> {
        let mut moment = self.moment().await?;
        let mut connection = moment.connection();
        let Some(key) = account::api_key(&mut connection, id).await? else { return Ok(None) };
        Ok(user::find(&mut connection, &key.user).await?.map(|user| (key, user)))
    }

    async fn api_keys(&self, user: Option<&UserId>) -> Stored<Vec<ApiKey>> {
        account::api_keys(&mut self.lease().await?.connection(), user).await
    }

    async fn insert_api_key(&self, key: &ApiKey) -> Stored<()> {
        let key = key.clone();
        self.change(move |connection| Box::pin(async move { account::insert_api_key(connection, &key).await })).await
    }

    async fn api_key_used(&self, id: &str, at: Timestamp) -> Stored<()> {
        let id = id.to_owned();
        self.change(move |connection| Box::pin(async move { account::use_api_key(connection, &id, at).await })).await
    }

    async fn revoke_api_key(&self, id: &str, now: Timestamp) -> Stored<bool> {
        let id = id.to_owned();
        self.change(move |connection| Box::pin(async move { account::revoke_api_key(connection, &id, now).await }))
            .await
    }

    async fn last_account_change(&self) -> Stored<i64> {
        account::last_change(&mut self.lease().await?.connection()).await
    }

    async fn account_changes(&self, after: i64) -> Stored<Vec<AccountChange>> {
        account::changes(&mut self.lease().await?.connection(), after).await
    }
}
