//! The services as doors see them.

use std::sync::Arc;

use boardwire_protocol::{BoardId, Change, Query, RequestId, TaskId};
use serde_json::value::RawValue;
use tokio_util::task::TaskTracker;
use tracing::Instrument as _;

use crate::{Applied, Caller, Fault, Origin, Publisher, access, change::Request, clock::Clock, query, storage::Store};

/// All that may be done on boards. Cheap to clone.
#[derive(Clone)]
pub struct Services {
    store: Arc<dyn Store>,
    publisher: Arc<dyn Publisher>,
    clock: Arc<dyn Clock>,
    running: TaskTracker,
}

impl Services {
    /// Puts the services on top of storage; what is committed goes to `publisher`.
    pub fn new(store: Arc<dyn Store>, publisher: Arc<dyn Publisher>, clock: Arc<dyn Clock>) -> Self {
        Self { store, publisher, clock, running: TaskTracker::new() }
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
        let request = Request { caller: caller.clone(), change, request_id, origin, clock: Arc::clone(&self.clock) };
        let (store, publisher) = (Arc::clone(&self.store), Arc::clone(&self.publisher));
        let work = async move {
            let written = store.write(Box::new(move |tx| Box::pin(request.run(tx)))).await;
            match &written {
                Ok(applied) if applied.entries.is_empty() => publisher.settle(&applied.board, applied.seq).await,
                Ok(applied) => publisher.publish(&applied.entries).await,
                Err(Fault::Storage(_)) => publisher.suspect(),
                _ => {}
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
        let answer = query::run(&*self.store, caller, query).await?;
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
        let task = self.store.task(task).await?.ok_or(Fault::NotFound("task"))?;
        if access::may_read(&*self.store, caller, &task.board_id).await? {
            Ok(task.board_id)
        } else {
            Err(Fault::NotFound("task"))
        }
    }

    /// Waits for the changes that have begun. Call it when no more can come.
    pub async fn drain(&self) {
        self.running.close();
        self.running.wait().await;
    }
}
