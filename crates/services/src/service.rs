//! The services, as the server's interfaces use them.

use std::sync::Arc;

use boardwire_auth::{Account, CredentialId, Permission, Permissions, Principal};
use boardwire_protocol::{Attachment, AttachmentId, BoardId, Query, RequestId, TaskId, TeamId, UserId};
use serde_json::value::RawValue;
use tokio_util::task::TaskTracker;
use tracing::Instrument as _;

use crate::{
    Addable, Caller, ChangeOutcome, Publisher, ServiceError, access, attachment,
    change::Work,
    clock::Clock,
    notification::{self, Announced, Announcement, Page},
    query,
    storage::{ExpiredLease, StorageError, Store},
};

/// How many expired leases are read at once.
const EXPIRED_AT_ONCE: u32 = 500;
/// After this many units in a row for which storage was unavailable, it counts as down, and a round of ending leases
/// stops.
const DOWN_AFTER: u32 = 3;

/// The most tasks of a board, unless set otherwise.
const MAX_TASKS: u32 = 20_000;

/// Everything that can be done on boards. Cheap to clone.
#[derive(Clone)]
pub struct Services {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) publisher: Arc<dyn Publisher>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) addable: Addable,
    pub(crate) running: TaskTracker,
    pub(crate) max_tasks: u32,
}

impl Services {
    /// Creates services on top of storage. They pass whatever was committed to `publisher`.
    pub fn new(store: Arc<dyn Store>, publisher: Arc<dyn Publisher>, clock: Arc<dyn Clock>) -> Self {
        let (max_tasks, addable) = (MAX_TASKS, Addable::default());
        Self { store, publisher, clock, running: TaskTracker::new(), max_tasks, addable }
    }

    /// Sets the most tasks that a board may have.
    #[must_use]
    pub fn with_max_tasks(self, max_tasks: u32) -> Self {
        Self { max_tasks, ..self }
    }

    /// Sets which users owners may add to their boards.
    #[must_use]
    pub fn with_addable(self, addable: Addable) -> Self {
        Self { addable, ..self }
    }

    /// Returns the source of time and ids.
    #[must_use]
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// Returns storage, for reading what is not subject to any rule.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// Checks that the caller may attach a file to this task now. Call this before receiving the file.
    ///
    /// # Errors
    /// Returns why the caller may not.
    pub async fn may_attach(&self, caller: &Caller, task: &TaskId) -> Result<(), ServiceError> {
        caller.require_permission(Permission::Write, "an upload")?;
        let board = self.store.board_of_task(task).await?.ok_or(ServiceError::NotFound("task"))?;
        access::may_write(&*self.store, caller, &board).await.map_err(|error| match error {
            ServiceError::NotFound(_) => ServiceError::NotFound("task"),
            other => other,
        })?;
        if self.store.count_attachments(task).await? >= attachment::MAX_ATTACHMENTS {
            return Err(attachment::too_many());
        }
        Ok(())
    }

    /// Returns an attachment that the caller may read now.
    ///
    /// # Errors
    /// Returns [`ServiceError::NotFound`] if there is none, or if the caller may not read it.
    pub async fn readable_attachment(&self, caller: &Caller, id: &AttachmentId) -> Result<Attachment, ServiceError> {
        caller.require_permission(Permission::Read, "a download")?;
        let attachment = self.store.attachment(id).await?.ok_or(ServiceError::NotFound("attachment"))?;
        if access::may_read(&*self.store, caller, &attachment.board_id).await? {
            Ok(attachment)
        } else {
            Err(ServiceError::NotFound("attachment"))
        }
    }

    /// Sends a system notification. The result is `{"notified": N}`. Works like [`change`](Self::change), but page by
    /// page: if a page fails, the earlier ones have been sent, and sending the same request id again continues after
    /// them.
    ///
    /// # Errors
    /// Returns the same errors as [`change`](Self::change).
    pub async fn announce(
        &self,
        caller: &Caller,
        request_id: Option<RequestId>,
        announcement: Announcement,
    ) -> Result<ChangeOutcome, ServiceError> {
        caller.require_permission(Permission::Admin, "a system notification")?;
        let (services, caller) = (self.clone(), caller.clone());
        let pages = async move { services.announce_pages(&caller, request_id, announcement).await };
        self.running.spawn(pages.in_current_span()).await.unwrap_or(Err(ServiceError::BrokenOff))
    }

    async fn announce_pages(
        &self,
        caller: &Caller,
        request_id: Option<RequestId>,
        announcement: Announcement,
    ) -> Result<ChangeOutcome, ServiceError> {
        let (mut after, mut id, mut notified) = (None, request_id.clone(), 0);
        loop {
            let page = Page { announcement: announcement.clone(), after };
            let outcome = self.run(caller, id.take(), Work::Announce(page), None).await?;
            let told: Announced = serde_json::from_str(outcome.result.get())?;
            notified += told.notified;
            let Some(last) = told.last else {
                return ChangeOutcome::beside_boards(&Announced { notified, last: None });
            };
            id = request_id.as_ref().map(|request| notification::id_of_page(request, &last)).transpose()?;
            after = Some(last);
        }
    }

    /// Brings a user's memberships in line with the user's teams; call this when the teams have changed. The user is
    /// the actor of the events.
    ///
    /// # Errors
    /// Returns an error of storage. Calling this again continues where it stopped.
    pub async fn sync_teams(&self, user: &UserId) -> Result<(), ServiceError> {
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

    /// Ends the leases that have expired. Call this regularly, on every node.
    ///
    /// # Errors
    /// Returns the last error of storage. All other expired leases have been ended, unless storage is down.
    pub async fn expire_leases(&self) -> Result<(), ServiceError> {
        let (now, nobody) = (self.clock.now(), by_itself("nobody", "Nobody".to_owned(), &[])?);
        let (mut ended, mut after, mut unavailable) = (Ok(()), None, 0);
        loop {
            let expired = self.store.expired_leases(now, after.as_ref(), EXPIRED_AT_ONCE).await?;
            let Some(last) = expired.last().cloned() else { return ended };
            after = Some(last);
            for ExpiredLease { task, .. } in expired {
                let error = match self.run(&nobody, None, Work::ExpireLease(task), None).await {
                    // If the task is gone, so is its lease.
                    Ok(_) | Err(ServiceError::NotFound(_)) => {
                        unavailable = 0;
                        continue;
                    }
                    Err(error) => error,
                };
                let is_down = matches!(error, ServiceError::Storage(StorageError::Unavailable(_)));
                unavailable = if is_down { unavailable + 1 } else { 0 };
                // If one lease can't be ended, the others still are.
                ended = Err(error);
                if unavailable == DOWN_AFTER {
                    return ended;
                }
            }
        }
    }

    /// Returns a caller for what the program does on behalf of a user.
    async fn on_behalf_of(&self, user: &UserId) -> Result<Option<Caller>, ServiceError> {
        let Some(stored) = self.store.user(user).await? else { return Ok(None) };
        by_itself(stored.id.as_str(), stored.name, &stored.teams).map(Some)
    }

    /// Runs a query. The result is a JSON object. If it shows a board, all events up to the board's `seq` have been
    /// queued for delivery.
    ///
    /// # Errors
    /// Returns why the caller gets no answer.
    pub async fn query(&self, caller: &Caller, query: Query) -> Result<Box<RawValue>, ServiceError> {
        caller.require(query.kind())?;
        let answer = query::run(&*self.store, caller, self.clock.now(), query).await?;
        if let Some((board, seq)) = &answer.at {
            self.publisher.wait_until_queued(board, *seq).await;
        }
        Ok(answer.result)
    }

    /// Checks that the caller may read this board now.
    ///
    /// # Errors
    /// Returns [`ServiceError::NotFound`] if there is none, or if the caller may not read it.
    pub async fn readable_board(&self, caller: &Caller, board: &BoardId) -> Result<(), ServiceError> {
        if access::may_read(&*self.store, caller, board).await? { Ok(()) } else { Err(ServiceError::NotFound("board")) }
    }

    /// Returns the board of a task that the caller may read now.
    ///
    /// # Errors
    /// Returns [`ServiceError::NotFound`] if there is none, or if the caller may not read it.
    pub async fn readable_task(&self, caller: &Caller, task: &TaskId) -> Result<BoardId, ServiceError> {
        access::readable_task(&*self.store, caller, task).await
    }

    /// Waits for the changes that have begun. Call this when no more can begin.
    pub async fn drain(&self) {
        self.running.close();
        self.running.wait().await;
    }
}

/// Returns a caller for what the program does on its own: one without any permission.
fn by_itself(id: &str, name: String, teams: &[TeamId]) -> Result<Caller, ServiceError> {
    let teams = teams.iter().map(TeamId::to_string).collect();
    let account = Account { id: id.to_owned(), name, permissions: Permissions::NONE, teams };
    let principal = Principal::of(account, None, None, CredentialId::Token { id: None });
    Caller::new(Arc::new(principal)).map_err(|_| ServiceError::BrokenOff)
}
