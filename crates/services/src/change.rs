//! A change from beginning to end, within one unit of work: claim the request id, make the change, remember the reply.

use std::sync::Arc;

use boardwire_protocol::{BoardId, Change, RequestId, TaskId, Timestamp, UserId};
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::{
    Addable, Caller, ChangeOutcome, Origin, ServiceError,
    attachment::{self, NewAttachment},
    board,
    clock::Clock,
    column, comment, dependency, lease, notification,
    storage::{StorageError, Transaction, UsedRequest},
    task, team,
    unit::Unit,
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

/// A unit of work that is to be run.
pub(crate) struct Request {
    pub(crate) caller: Caller,
    pub(crate) work: Work,
    pub(crate) request_id: Option<RequestId>,
    pub(crate) origin: Option<Origin>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) max_tasks: u32,
    pub(crate) addable: Addable,
}

impl Request {
    /// Runs the unit of work.
    pub(crate) async fn run(self, tx: &mut dyn Transaction) -> Result<ChangeOutcome, ServiceError> {
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
        Work::Change(change) => run(unit, change).await,
        Work::Attach(new) => attachment::add(unit, new).await,
        Work::Announce(page) => notification::announce(unit, page).await,
        Work::SyncTeams(board, user) => team::sync(unit, &board, &user).await,
        Work::ExpireLease(task) => lease::expire(unit, &task).await,
    }?;
    outcome.entries = std::mem::take(&mut unit.entries);
    outcome.user_events = std::mem::take(&mut unit.user_events);
    Ok(outcome)
}

async fn run(unit: &mut Unit<'_>, change: Change) -> Result<ChangeOutcome, ServiceError> {
    match change {
        Change::TaskCreate(command) => task::create(unit, command).await,
        Change::TaskUpdate(command) => task::update(unit, command).await,
        Change::TaskMove(command) => task::move_to(unit, command).await,
        Change::TaskAssign(command) => task::assign(unit, command).await,
        Change::TaskComplete(command) => task::complete(unit, command).await,
        Change::TaskDelete(command) => task::delete(unit, command).await,
        Change::TaskClaim(command) => lease::claim(unit, command).await,
        Change::TaskRenew(command) => lease::renew(unit, command).await,
        Change::TaskRelease(command) => lease::release(unit, command).await,
        Change::TaskCommentAdd(command) => comment::add(unit, command).await,
        Change::TaskCommentUpdate(command) => comment::update(unit, command).await,
        Change::TaskCommentDelete(command) => comment::delete(unit, command).await,
        Change::TaskAttachmentRemove(command) => attachment::remove(unit, command).await,
        Change::TaskDependencyAdd(command) => dependency::add(unit, command).await,
        Change::TaskDependencyRemove(command) => dependency::remove(unit, command).await,
        Change::BoardCreate(command) => board::create(unit, command).await,
        Change::BoardUpdate(command) => board::update(unit, command).await,
        Change::BoardArchive(command) => board::archive(unit, command).await,
        Change::BoardRestore(command) => board::restore(unit, command).await,
        Change::BoardMemberSet(command) => board::set_member(unit, command).await,
        Change::BoardMemberRemove(command) => board::remove_member(unit, command).await,
        Change::ColumnCreate(command) => column::create(unit, command).await,
        Change::ColumnUpdate(command) => column::update(unit, command).await,
        Change::ColumnReorder(command) => column::reorder(unit, command).await,
        Change::ColumnDelete(command) => column::delete(unit, command).await,
        Change::NotificationRead(command) => notification::read(unit, command).await,
    }
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

/// Returns a hash that tells requests apart: of what is asked for and its payload, regardless of the order of fields.
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
