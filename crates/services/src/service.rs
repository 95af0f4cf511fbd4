//! The services as doors see them.

use std::sync::Arc;

use boardwire_auth::{Account, CredentialId, Permission, Permissions, Principal};
use boardwire_protocol::{Attachment, AttachmentId, BoardId, Change, Query, RequestId, TaskId, TeamId, UserId};
use serde_json::value::RawValue;
use tokio_util::task::TaskTracker;
use tracing::Instrument as _;

use crate::{
    Applied, Caller, Fault, Origin, Publisher, access,
    attachment::{self, NewAttachment},
    change::{Request, Work},
    clock::Clock,
    notification::{self, Announced, Announcement, Page},
    query,
    storage::{ExpiredLease, StorageError, Store},
};

/// How many leases whose time is over are read at once.
const EXPIRED_AT_ONCE: u32 = 500;
/// After so many units in a row for which storage was unavailable it is down: a round of ending leases breaks off.
const DOWN_AFTER: u32 = 3;

/// The most tasks of a board where nothing else is said.
const MAX_TASKS: u32 = 20_000;

/// Whom the owners of a board may make members of it. Admins may make anybody one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Addable {
    /// Every user.
    #[default]
    Anybody,
    /// Users with whom they share a team, or another board. All others are as good as none: nobody is put on a board of a
    /// stranger's, and nobody finds out who there is.
    Acquaintances,
}

/// All that may be done on boards. Cheap to clone.
#[derive(Clone)]
pub struct Services {
    store: Arc<dyn Store>,
    publisher: Arc<dyn Publisher>,
    clock: Arc<dyn Clock>,
    addable: Addable,
    running: TaskTracker,
    max_tasks: u32,
}

impl Services {
    /// Puts the services on top of storage; what is committed goes to `publisher`.
    pub fn new(store: Arc<dyn Store>, publisher: Arc<dyn Publisher>, clock: Arc<dyn Clock>) -> Self {
        let (max_tasks, addable) = (MAX_TASKS, Addable::default());
        Self { store, publisher, clock, running: TaskTracker::new(), max_tasks, addable }
    }

    /// The same, with so many tasks on a board at most.
    #[must_use]
    pub fn with_max_tasks(self, max_tasks: u32) -> Self {
        Self { max_tasks, ..self }
    }

    /// The same, where owners may add these users to their boards.
    #[must_use]
    pub fn with_addable(self, addable: Addable) -> Self {
        Self { addable, ..self }
    }

    /// Time and ids, for doors.
    #[must_use]
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// Storage, for reading what has no rule.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// Makes a change. When this returns `Ok` it is durable, and its events are on their way to everybody but `origin`.
    /// Once begun it goes on to the end, also when the caller stops waiting.
    ///
    /// # Errors
    /// Why it did not happen; nothing was changed then. Except for [`Fault::BrokenOff`]: whether it happened is unknown,
    /// and the same request id finds out.
    pub async fn change(
        &self,
        caller: &Caller,
        request_id: Option<RequestId>,
        change: Change,
        origin: Option<Origin>,
    ) -> Result<Applied, Fault> {
        caller.require(change.kind())?;
        self.run(caller, request_id, Work::Change(change), origin).await
    }

    /// Attaches a file whose bytes have been kept. As [`change`](Self::change).
    ///
    /// # Errors
    /// As [`change`](Self::change).
    pub async fn attach(
        &self,
        caller: &Caller,
        request_id: Option<RequestId>,
        new: NewAttachment,
    ) -> Result<Applied, Fault> {
        caller.require_permission(Permission::Write, "an upload")?;
        self.run(caller, request_id, Work::Attach(new), None).await
    }

    /// May the caller attach a file to this task now? To be asked before a file is taken in.
    ///
    /// # Errors
    /// Why not.
    pub async fn may_attach(&self, caller: &Caller, task: &TaskId) -> Result<(), Fault> {
        caller.require_permission(Permission::Write, "an upload")?;
        let board = self.store.board_of_task(task).await?.ok_or(Fault::NotFound("task"))?;
        access::may_write(&*self.store, caller, &board).await.map_err(|fault| match fault {
            Fault::NotFound(_) => Fault::NotFound("task"),
            other => other,
        })?;
        if self.store.count_attachments(task).await? >= attachment::MAX_ATTACHMENTS {
            return Err(attachment::too_many());
        }
        Ok(())
    }

    /// An attachment that the caller may read now.
    ///
    /// # Errors
    /// [`Fault::NotFound`] when not, or when there is none.
    pub async fn readable_attachment(&self, caller: &Caller, id: &AttachmentId) -> Result<Attachment, Fault> {
        caller.require_permission(Permission::Read, "a download")?;
        let attachment = self.store.attachment(id).await?.ok_or(Fault::NotFound("attachment"))?;
        if access::may_read(&*self.store, caller, &attachment.board_id).await? {
            Ok(attachment)
        } else {
            Err(Fault::NotFound("attachment"))
        }
    }

    /// Sends a system notification; the result is `{"notified": N}`. As [`change`](Self::change), page by page: where one
    /// fails, those before have been sent, and the same request id goes on behind them.
    ///
    /// # Errors
    /// As [`change`](Self::change).
    pub async fn announce(
        &self,
        caller: &Caller,
        request_id: Option<RequestId>,
        announcement: Announcement,
    ) -> Result<Applied, Fault> {
        caller.require_permission(Permission::Admin, "a system notification")?;
        let (services, caller) = (self.clone(), caller.clone());
        let pages = async move { services.announce_pages(&caller, request_id, announcement).await };
        self.running.spawn(pages.in_current_span()).await.unwrap_or(Err(Fault::BrokenOff))
    }

    async fn announce_pages(
        &self,
        caller: &Caller,
        request_id: Option<RequestId>,
        announcement: Announcement,
    ) -> Result<Applied, Fault> {
        let (mut after, mut id, mut notified) = (None, request_id.clone(), 0);
        loop {
            let page = Page { announcement: announcement.clone(), after };
            let applied = self.run(caller, id.take(), Work::Announce(page), None).await?;
            let told: Announced = serde_json::from_str(applied.result.get())?;
            notified += told.notified;
            let Some(last) = told.last else { return Applied::beside_boards(&Announced { notified, last: None }) };
            id = request_id.as_ref().map(|request| notification::id_of_page(request, &last)).transpose()?;
            after = Some(last);
        }
    }

    /// Brings a user's memberships in line with the user's teams; to be called when those changed. The user is the actor
    /// of what follows.
    ///
    /// # Errors
    /// What storage could not do; the same call goes on where this one ended.
    pub async fn sync_teams(&self, user: &UserId) -> Result<(), Fault> {
        let boards = self.store.team_boards(user).await?;
        if boards.is_empty() {
            return Ok(());
        }
        let Some(caller) = self.on_behalf_of(user).await? else { return Ok(()) };
        for board in boards {
            self.run(&caller, None, Work::SyncTeams(board, user.clone()), None).await?;
        }
        Ok(())
    }

    /// Ends the leases whose time is over; to be called again and again, on every node.
    ///
    /// # Errors
    /// What storage could not do last. All other leases have been ended, unless storage is down.
    pub async fn expire_leases(&self) -> Result<(), Fault> {
        let (now, nobody) = (self.clock.now(), by_itself("nobody", "Nobody".to_owned(), &[])?);
        let (mut ended, mut after, mut unavailable) = (Ok(()), None, 0);
        loop {
            let expired = self.store.expired_leases(now, after.as_ref(), EXPIRED_AT_ONCE).await?;
            let Some(last) = expired.last().cloned() else { return ended };
            after = Some(last);
            for ExpiredLease { task, .. } in expired {
                let fault = match self.run(&nobody, None, Work::ExpireLease(task), None).await {
                    // Without the task there is no lease.
                    Ok(_) | Err(Fault::NotFound(_)) => {
                        unavailable = 0;
                        continue;
                    }
                    Err(fault) => fault,
                };
                let is_down = matches!(fault, Fault::Storage(StorageError::Unavailable(_)));
                unavailable = if is_down { unavailable + 1 } else { 0 };
                // One that can't be ended now keeps no other.
                ended = Err(fault);
                if unavailable == DOWN_AFTER {
                    return ended;
                }
            }
        }
    }

    /// The caller of what the program does for a user by itself.
    async fn on_behalf_of(&self, user: &UserId) -> Result<Option<Caller>, Fault> {
        let Some(stored) = self.store.user(user).await? else { return Ok(None) };
        by_itself(stored.id.as_str(), stored.name, &stored.teams).map(Some)
    }

    async fn run(
        &self,
        caller: &Caller,
        request_id: Option<RequestId>,
        work: Work,
        origin: Option<Origin>,
    ) -> Result<Applied, Fault> {
        let (caller, clock) = (caller.clone(), Arc::clone(&self.clock));
        let (max_tasks, addable) = (self.max_tasks, self.addable);
        let request = Request { caller, work, request_id, origin, clock, max_tasks, addable };
        let (store, publisher) = (Arc::clone(&self.store), Arc::clone(&self.publisher));
        let work = async move {
            let written = store.write(Box::new(move |tx| Box::pin(request.run(tx)))).await;
            match &written {
                Ok(applied) => {
                    match &applied.at {
                        Some((board, seq)) if applied.entries.is_empty() => publisher.settle(board, *seq).await,
                        Some(_) => publisher.publish(&applied.entries).await,
                        None => {}
                    }
                    publisher.tell(&applied.personal);
                }
                Err(Fault::Storage(_)) => publisher.suspect(),
                Err(_) => {}
            }
            written
        };
        self.running.spawn(work.in_current_span()).await.unwrap_or(Err(Fault::BrokenOff))
    }

    /// Reads. The result is a JSON object; when it shows a board at some `seq`, all events up to that are on their way.
    ///
    /// # Errors
    /// Why the caller gets nothing.
    pub async fn query(&self, caller: &Caller, query: Query) -> Result<Box<RawValue>, Fault> {
        caller.require(query.kind())?;
        let answer = query::run(&*self.store, caller, self.clock.now(), query).await?;
        if let Some((board, seq)) = &answer.at {
            self.publisher.settle(board, *seq).await;
        }
        Ok(answer.result)
    }

    /// May the caller read this board now?
    ///
    /// # Errors
    /// [`Fault::NotFound`] when not, or when there is none.
    pub async fn readable_board(&self, caller: &Caller, board: &BoardId) -> Result<(), Fault> {
        if access::may_read(&*self.store, caller, board).await? { Ok(()) } else { Err(Fault::NotFound("board")) }
    }

    /// The board of a task that the caller may read now.
    ///
    /// # Errors
    /// [`Fault::NotFound`] when not, or when there is none.
    pub async fn readable_task(&self, caller: &Caller, task: &TaskId) -> Result<BoardId, Fault> {
        access::readable_task(&*self.store, caller, task).await
    }

    /// Waits for the changes that have begun. Call it when no more can come.
    pub async fn drain(&self) {
        self.running.close();
        self.running.wait().await;
    }
}

/// The caller of what the program does by itself: with no permission to do more.
fn by_itself(id: &str, name: String, teams: &[TeamId]) -> Result<Caller, Fault> {
    let teams = teams.iter().map(TeamId::to_string).collect();
    let account = Account { id: id.to_owned(), name, permissions: Permissions::NONE, teams };
    let principal = Principal::of(account, None, None, CredentialId::Token { id: None });
    Caller::new(Arc::new(principal)).map_err(|_| Fault::BrokenOff)
}
