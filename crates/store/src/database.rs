//! One database of either kind, and the traits of the services on it.

use std::sync::Arc;

use async_trait::async_trait;
use boardwire_protocol::{
    Attachment, AttachmentId, Board, BoardId, ListedBoard, Notification, Role, Seq, Task, TaskId, Timestamp, UserId,
    board::Snapshot, task::Detail,
};
use boardwire_services::{
    Applied, Fault,
    storage::{
        AccountChange, Accounts, ApiKey, BoxFuture, Head, Held, Job, Log, LogEntry, Match, Outlook, Overdue, Prune,
        Reader, Room, SaveUser, Session, Stored, User, WantedBoard, WantedMatches, WantedNotifications, WantedTasks,
        Writer,
    },
};

use crate::{
    connection::Connection,
    migrations,
    open::Lost,
    postgres::PostgresDatabase,
    readers::Readers,
    room::room_at,
    sqlite::SqliteDatabase,
    statements::{account, attachment, board, event, lease, listing, member, notification, request, task, user, words},
    whole,
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

impl Database {
    async fn submit<T: Send + 'static>(&self, body: Body<T>) -> Result<T, Fault> {
        match self {
            Self::Sqlite(database) => database.submit(body).await,
            Self::Postgres(database) => database.submit(body).await,
        }
    }

    fn readers(&self) -> &Readers {
        match self {
            Self::Sqlite(database) => database.readers(),
            Self::Postgres(database) => database.readers(),
        }
    }

    /// Runs one statement that only reads.
    async fn read_one<T, B>(&self, body: B) -> Stored<T>
    where
        T: Send + 'static,
        B: for<'u, 'c> FnOnce(&'u mut Connection<'c>) -> BoxFuture<'u, Stored<T>> + Send + 'static,
    {
        self.readers().read(body).await
    }

    /// Runs several statements that see the same moment.
    async fn read_moment<T, B>(&self, body: B) -> Stored<T>
    where
        T: Send + 'static,
        B: for<'u, 'c> FnOnce(&'u mut Connection<'c>) -> BoxFuture<'u, Stored<T>> + Send + 'static,
    {
        self.readers().read_moment(body).await
    }

    pub(crate) async fn lost(&self) -> Lost {
        match self {
            Self::Sqlite(database) => database.lost().await,
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
        let id = id.clone();
        self.read_one(move |connection| Box::pin(async move { user::find(connection, &id).await })).await
    }

    #[tracing::instrument(level = "debug", name = "db.snapshot", skip_all)]
    async fn snapshot(&self, wanted: &WantedBoard) -> Stored<Option<Snapshot>> {
        let wanted = wanted.clone();
        self.read_moment(move |connection| Box::pin(async move { whole::snapshot(connection, &wanted).await })).await
    }

    async fn task(&self, id: &TaskId) -> Stored<Option<Task>> {
        let id = id.clone();
        let found = self.read_one(move |connection| Box::pin(async move { task::find(connection, &id).await })).await?;
        Ok(found.map(|state| state.task))
    }

    async fn board_of_task(&self, id: &TaskId) -> Stored<Option<BoardId>> {
        let id = id.clone();
        self.read_one(move |connection| Box::pin(async move { task::board_of(connection, &id).await })).await
    }

    #[tracing::instrument(level = "debug", name = "db.detail", skip_all)]
    async fn detail(&self, id: &TaskId) -> Stored<Option<Detail>> {
        let id = id.clone();
        self.read_moment(move |connection| Box::pin(async move { whole::detail(connection, &id).await })).await
    }

    #[tracing::instrument(level = "debug", name = "db.outlook", skip_all)]
    async fn outlook(&self, board: &BoardId) -> Stored<Option<Outlook>> {
        let board = board.clone();
        self.read_moment(move |connection| Box::pin(async move { whole::outlook(connection, &board).await })).await
    }

    async fn overdue_leases(&self, now: Timestamp, after: Option<&Overdue>, limit: u32) -> Stored<Vec<Overdue>> {
        let after = after.cloned();
        self.read_one(move |connection| {
            Box::pin(async move { lease::overdue(connection, now, after.as_ref(), limit).await })
        })
        .await
    }

    async fn tasks(&self, wanted: &WantedTasks) -> Stored<Vec<Task>> {
        let wanted = wanted.clone();
        self.read_one(move |connection| Box::pin(async move { listing::page(connection, &wanted).await })).await
    }

    #[tracing::instrument(level = "debug", name = "db.matches", skip_all)]
    async fn matches(&self, wanted: &WantedMatches) -> Stored<Vec<Match>> {
        let wanted = wanted.clone();
        self.readers()
            .search(move |connection| Box::pin(async move { words::matches(connection, &wanted).await }))
            .await
    }

    async fn attachment(&self, id: &AttachmentId) -> Stored<Option<Attachment>> {
        let id = id.clone();
        self.read_one(move |connection| Box::pin(async move { attachment::find(connection, &id).await })).await
    }

    async fn count_attachments(&self, task: &TaskId) -> Stored<u64> {
        let task = task.clone();
        self.read_one(move |connection| Box::pin(async move { attachment::count(connection, &task).await })).await
    }

    async fn held(&self, user: &UserId) -> Stored<Held> {
        let user = user.clone();
        self.read_one(move |connection| Box::pin(async move { attachment::held(connection, &user).await })).await
    }

    async fn known_attachments(&self, ids: &[AttachmentId]) -> Stored<Vec<AttachmentId>> {
        let ids = ids.to_vec();
        self.read_one(move |connection| Box::pin(async move { attachment::known(connection, &ids).await })).await
    }

    async fn leftovers(&self, limit: u32) -> Stored<Vec<AttachmentId>> {
        self.read_one(move |connection| Box::pin(attachment::leftovers(connection, limit))).await
    }

    #[tracing::instrument(level = "debug", name = "db.notifications", skip_all)]
    async fn notifications(&self, wanted: &WantedNotifications) -> Stored<(Vec<Notification>, u64)> {
        let wanted = wanted.clone();
        self.read_moment(move |connection| {
            Box::pin(async move {
                let listed = notification::list(connection, &wanted).await?;
                Ok((listed, notification::count_unread(connection, &wanted.user, wanted.everywhere).await?))
            })
        })
        .await
    }

    async fn team_boards(&self, user: &UserId) -> Stored<Vec<BoardId>> {
        let user = user.clone();
        self.read_one(move |connection| Box::pin(async move { member::team_boards(connection, &user).await })).await
    }

    async fn role(&self, board: &BoardId, user: &UserId) -> Stored<Option<Role>> {
        let (board, user) = (board.clone(), user.clone());
        self.read_one(move |connection| Box::pin(async move { member::role(connection, &board, &user).await })).await
    }

    async fn board(&self, id: &BoardId) -> Stored<Option<Board>> {
        let id = id.clone();
        let found =
            self.read_one(move |connection| Box::pin(async move { board::find(connection, &id).await })).await?;
        Ok(found.map(|state| state.board))
    }

    async fn boards(&self, member: Option<&UserId>, archived: Option<bool>) -> Stored<Vec<ListedBoard>> {
        let member = member.cloned();
        self.read_one(move |connection| {
            Box::pin(async move { board::list(connection, member.as_ref(), archived).await })
        })
        .await
    }

    async fn ping(&self) -> Stored<()> {
        if let Self::Sqlite(database) = self {
            database.check_writer()?;
            database.check_room()?;
        }
        self.read_one(|connection| Box::pin(migrations::ping(connection))).await?;
        self.change(|connection| Box::pin(async move { migrations::touch(connection).await })).await
    }

    async fn room(&self) -> Stored<Option<Room>> {
        match self {
            Self::Sqlite(database) => room_at(database.file().to_owned()).await,
            Self::Postgres(_) => Ok(None),
        }
    }
}

#[async_trait]
impl Log for Database {
    async fn head(&self, board: &BoardId) -> Stored<Option<Head>> {
        let board = board.clone();
        self.read_one(move |connection| Box::pin(async move { event::head(connection, &board).await })).await
    }

    async fn read(&self, board: &BoardId, after: Seq, limit: u32) -> Stored<Vec<Arc<LogEntry>>> {
        let board = board.clone();
        self.read_one(move |connection| Box::pin(async move { event::read(connection, &board, after, limit).await }))
            .await
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
        let place = self.read_one(move |connection| Box::pin(event::first_kept(connection, before))).await?;
        self.prune_all(move |connection| Box::pin(event::prune(connection, place, before, PRUNED_AT_ONCE))).await
    }

    async fn forget_leftovers(&self, ids: &[AttachmentId]) -> Stored<()> {
        let ids = ids.to_vec();
        self.change(move |connection| Box::pin(async move { attachment::forget(connection, &ids).await })).await
    }
}

#[async_trait]
impl Accounts for Database {
    async fn save_user(&self, user: &SaveUser) -> Stored<User> {
        let user = user.clone();
        self.change(move |connection| Box::pin(async move { user::save(connection, &user).await })).await
    }

    async fn password(&self, user: &UserId) -> Stored<Option<String>> {
        let user = user.clone();
        self.read_one(move |connection| Box::pin(async move { account::password(connection, &user).await })).await
    }

    async fn session(&self, id: &str) -> Stored<Option<(Session, User)>> {
        let id = id.to_owned();
        self.read_moment(move |connection| {
            Box::pin(async move {
                let Some(session) = account::session(connection, &id).await? else { return Ok(None) };
                Ok(user::find(connection, &session.user).await?.map(|user| (session, user)))
            })
        })
        .await
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
        let id = id.to_owned();
        self.read_moment(move |connection| {
            Box::pin(async move {
                let Some(key) = account::api_key(connection, &id).await? else { return Ok(None) };
                Ok(user::find(connection, &key.user).await?.map(|user| (key, user)))
            })
        })
        .await
    }

    async fn api_keys(&self, user: Option<&UserId>) -> Stored<Vec<ApiKey>> {
        let user = user.cloned();
        self.read_one(move |connection| Box::pin(async move { account::api_keys(connection, user.as_ref()).await }))
            .await
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
        self.read_one(|connection| Box::pin(account::last_change(connection))).await
    }

    async fn account_changes(&self, after: i64) -> Stored<Vec<AccountChange>> {
        self.read_one(move |connection| Box::pin(account::changes(connection, after))).await
    }
}
