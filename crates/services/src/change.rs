//! A change from beginning to end. In one unit of work the request id is claimed, the change is made, and the reply is
//! stored. Then the committed events are published.

use std::sync::Arc;

use boardwire_auth::Permission;
use boardwire_protocol::{BoardId, Change, RequestId, TaskId, Timestamp, UserId, match_change};
use serde_json::json;
use sha2::{Digest, Sha256};
use tracing::Instrument as _;

use crate::{
    Addable, Caller, ChangeOutcome, Origin, ServiceError, Services,
    attachment::NewAttachment,
    clock::Clock,
    lease, notification,
    storage::{StorageError, Transaction, UsedRequest},
    team,
    unit::{Execute as _, Unit},
};

/// How long a request id is remembered, in milliseconds.
const REMEMBERED_FOR_MS: i64 = 24 * 60 * 60 * 1000;

/// What a unit of work does.
pub(crate) enum Work {
    /// Runs a command.
    Change(Change),
    /// Attaches a file that has been uploaded.
    Attach(NewAttachment),
    /// Sends a page of an announcement.
    Announce(notification::Page),
    /// Brings a user's membership of a board in line with the user's teams.
    SyncTeams(BoardId, UserId),
    /// Ends a task's lease if it has expired.
    ExpireLease(TaskId),
}

impl Services {
    /// Makes a change. When this returns `Ok`, the change is durable, and its events are on their way to all
    /// connections but `origin`. Once begun, a change is completed even if the caller stops waiting.
    ///
    /// # Errors
    /// Returns why the change was not made. After [`ServiceError::Storage`] and [`ServiceError::BrokenOff`] it is
    /// unknown whether it was made: to find out, send it again with the same request id.
    pub async fn change(
        &self,
        caller: &Caller,
        request_id: Option<RequestId>,
        change: Change,
        origin: Option<Origin>,
    ) -> Result<ChangeOutcome, ServiceError> {
        caller.require(change.kind())?;
        self.run(caller, request_id, Work::Change(change), origin).await
    }

    /// Attaches a file whose bytes have been stored. Works like [`change`](Self::change).
    ///
    /// # Errors
    /// Returns the same errors as [`change`](Self::change).
    pub async fn attach(
        &self,
        caller: &Caller,
        request_id: Option<RequestId>,
        new: NewAttachment,
    ) -> Result<ChangeOutcome, ServiceError> {
        caller.require_permission(Permission::Write, "an upload")?;
        self.run(caller, request_id, Work::Attach(new), None).await
    }

    /// Runs a unit of work to its end, even if its caller stops waiting, and publishes what it has committed.
    pub(crate) async fn run(
        &self,
        caller: &Caller,
        request_id: Option<RequestId>,
        work: Work,
        origin: Option<Origin>,
    ) -> Result<ChangeOutcome, ServiceError> {
        let (caller, clock) = (caller.clone(), Arc::clone(&self.clock));
        let (max_tasks, addable) = (self.max_tasks, self.addable);
        let request = Request { caller, work, request_id, origin, clock, max_tasks, addable };
        let (store, publisher) = (Arc::clone(&self.store), Arc::clone(&self.publisher));
        let work = async move {
            let written = store.write(Box::new(move |tx| Box::pin(request.run(tx)))).await;
            match &written {
                Ok(outcome) => {
                    match &outcome.at {
                        Some((board, seq)) if outcome.entries.is_empty() => {
                            publisher.wait_until_queued(board, *seq).await
                        }
                        Some(_) => publisher.publish(&outcome.entries).await,
                        None => {}
                    }
                    publisher.send_to_users(&outcome.user_events);
                }
                Err(ServiceError::Storage(_)) => publisher.check_log(),
                Err(_) => {}
            }
            written
        };
        self.running.spawn(work.in_current_span()).await.unwrap_or(Err(ServiceError::BrokenOff))
    }
}

/// A unit of work that is to be run.
struct Request {
    caller: Caller,
    work: Work,
    request_id: Option<RequestId>,
    origin: Option<Origin>,
    clock: Arc<dyn Clock>,
    max_tasks: u32,
    addable: Addable,
}

impl Request {
    /// Runs the unit of work.
    async fn run(self, tx: &mut dyn Transaction) -> Result<ChangeOutcome, ServiceError> {
        let Self { caller, work, request_id, origin, clock, max_tasks, addable } = self;
        let now = clock.now();
        let unit = &mut Unit {
            tx,
            caller: &caller,
            clock: &*clock,
            now,
            max_tasks,
            request_id: request_id.as_ref(),
            origin,
            addable,
            entries: Vec::new(),
            user_events: Vec::new(),
        };
        let Some(request_id) = &request_id else {
            return dispatch(unit, work).await;
        };
        let (user, hash, since) = (caller.user(), fingerprint(&work), Timestamp(now.0 - REMEMBERED_FOR_MS));
        // This comes before all rules. Otherwise the same request, sent over another connection at the same moment,
        // would be refused because of what this one has already done.
        if !unit.tx.claim_request(user, request_id, &hash, now, since).await? {
            return first_reply(unit.tx.find_request(user, request_id, since).await?, &hash);
        }
        let outcome = dispatch(unit, work).await?;
        unit.tx.store_reply(user, request_id, &outcome.to_stored()?).await?;
        Ok(outcome)
    }
}

async fn dispatch(unit: &mut Unit<'_>, work: Work) -> Result<ChangeOutcome, ServiceError> {
    let mut outcome = match work {
        Work::Change(change) => match_change!(change, payload => payload.execute(unit).await),
        Work::Attach(file) => file.execute(unit).await,
        Work::Announce(page) => page.execute(unit).await,
        Work::SyncTeams(board, user) => team::sync(unit, &board, &user).await,
        Work::ExpireLease(task) => lease::expire(unit, &task).await,
    }?;
    outcome.entries = std::mem::take(&mut unit.entries);
    outcome.user_events = std::mem::take(&mut unit.user_events);
    Ok(outcome)
}

/// Returns the reply to a request whose id has been used before.
fn first_reply(remembered: Option<UsedRequest>, hash: &str) -> Result<ChangeOutcome, ServiceError> {
    match remembered {
        Some(first) if first.hash == hash => ChangeOutcome::from_stored(&first.reply),
        Some(_) => Err(ServiceError::IdempotencyMismatch),
        // The request id expired between the two statements: the next attempt will find it unused.
        None => Err(StorageError::Unavailable("the request id is neither free nor remembered".into()).into()),
    }
}

/// Returns a hash of the kind of work and its payload. It does not depend on the order of the payload's fields.
fn fingerprint(work: &Work) -> String {
    let (name, payload) = match work {
        Work::Change(change) => (change.kind().name(), change.payload().to_string()),
        Work::Attach(new) => ("attach", json!([new.task_id, new.filename, new.content_type, new.sha256]).to_string()),
        Work::Announce(page) => ("announce", json!(page).to_string()),
        Work::SyncTeams(board, user) => ("sync_teams", json!([board, user]).to_string()),
        Work::ExpireLease(task) => ("expire_lease", json!(task).to_string()),
    };
    let mut hash = Sha256::new();
    hash.update(name);
    hash.update(payload);
    format!("{:x}", hash.finalize())
}
