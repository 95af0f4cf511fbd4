//! The services, as the server's interfaces use them.

use std::sync::Arc;

use boardwire_auth::Permission;
use boardwire_protocol::{Attachment, AttachmentId, BoardId, Query, TaskId};
use serde_json::value::RawValue;
use tokio_util::task::TaskTracker;

use crate::{Addable, Caller, Publisher, ServiceError, access, attachment, clock::Clock, query, storage::Store};

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
        access::require_write(&*self.store, caller, &board).await.map_err(|error| match error {
            ServiceError::NotFound(_) => ServiceError::NotFound("task"),
            other => other,
        })?;
        if self.store.count_attachments(task).await? >= attachment::MAX_ATTACHMENTS {
            return Err(attachment::too_many_attachments());
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
