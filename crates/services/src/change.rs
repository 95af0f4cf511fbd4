//! One change from end to end, in one unit: claim the request id, do the work, remember the reply.

use std::sync::Arc;

use boardwire_protocol::{Change, RequestId, Timestamp};
use sha2::{Digest, Sha256};

use crate::{
    Applied, Caller, Fault, Origin, board,
    clock::Clock,
    column,
    storage::{Remembered, StorageError, Transaction},
    task,
    unit::Unit,
};

/// How long a request id is remembered.
const REMEMBERED_FOR_MS: i64 = 24 * 60 * 60 * 1000;

/// A change on its way into a unit of work.
pub(crate) struct Request {
    pub(crate) caller: Caller,
    pub(crate) change: Change,
    pub(crate) request_id: Option<RequestId>,
    pub(crate) origin: Option<Origin>,
    pub(crate) clock: Arc<dyn Clock>,
}

impl Request {
    /// The body of the unit of work.
    pub(crate) async fn run(self, tx: &mut dyn Transaction) -> Result<Applied, Fault> {
        let Self { caller, change, request_id, origin, clock } = self;
        let now = clock.now();
        let unit = &mut Unit {
            tx,
            caller: &caller,
            clock: &*clock,
            now,
            request_id: request_id.as_ref(),
            origin,
            entries: Vec::new(),
        };
        let Some(request_id) = &request_id else {
            return dispatch(unit, change).await;
        };
        let (user, hash, since) = (caller.user(), fingerprint(&change), Timestamp(now.0 - REMEMBERED_FOR_MS));
        // Before any rule is looked at: to the same request, made at the same moment over another connection, what this
        // one does would look like a reason to refuse.
        if !unit.tx.claim(user, request_id, &hash, now, since).await? {
            return first_reply(unit.tx.remembered(user, request_id, since).await?, &hash);
        }
        let applied = dispatch(unit, change).await?;
        unit.tx.remember(user, request_id, &applied.to_kept()?).await?;
        Ok(applied)
    }
}

async fn dispatch(unit: &mut Unit<'_>, change: Change) -> Result<Applied, Fault> {
    let mut applied = match change {
        Change::TaskCreate(command) => task::create(unit, command).await,
        Change::TaskUpdate(command) => task::update(unit, command).await,
        Change::TaskMove(command) => task::move_to(unit, command).await,
        Change::TaskAssign(command) => task::assign(unit, command).await,
        Change::TaskComplete(command) => task::complete(unit, command).await,
        Change::TaskDelete(command) => task::delete(unit, command).await,
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
    }?;
    applied.entries = std::mem::take(&mut unit.entries);
    Ok(applied)
}

/// The answer to a request whose id is not free.
fn first_reply(remembered: Option<Remembered>, hash: &str) -> Result<Applied, Fault> {
    match remembered {
        Some(first) if first.hash == hash => Applied::from_kept(&first.reply),
        Some(_) => Err(Fault::IdempotencyMismatch),
        // It was forgotten between the two statements: another attempt finds the id free.
        None => Err(StorageError::Unavailable("the request id is neither free nor remembered".into()).into()),
    }
}

/// What tells two requests apart: the command and its payload, whatever order its fields came in.
fn fingerprint(change: &Change) -> String {
    let mut hash = Sha256::new();
    hash.update(change.kind().name());
    hash.update(change.payload().to_string());
    format!("{:x}", hash.finalize())
}
