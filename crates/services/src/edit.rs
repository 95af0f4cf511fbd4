//! The permission to change one board, and the means to do so. Only this module creates a [`BoardEdit`], after checking
//! access. `Unit::board_unchecked` is for what the program does on its own; a new board is inserted without an edit.

use std::{collections::HashSet, sync::Arc};

use boardwire_auth::Permission;
use boardwire_protocol::{
    Board, BoardId, ColumnId, Envelope, EnvelopeMeta, Event, Role, Seq, TaskId, TeamId, Timestamp, UserId,
};
use serde::Serialize;

use crate::{
    Addable, Caller, ChangeOutcome, Origin, ServiceError, UserEvent,
    clock::Uuid,
    storage::{BoardState, ColumnState, LogEntry, TaskState, Transaction, User, UserAccess},
    unit::Unit,
};

/// Whether a change may be made on an archived board.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Archived {
    Refused,
    Allowed,
}

impl<'t> Unit<'t> {
    /// Locks a board on which the caller has at least the role `needed`.
    pub(crate) async fn board(
        &mut self,
        id: &BoardId,
        needed: Role,
        archived: Archived,
    ) -> Result<BoardEdit<'_, 't>, ServiceError> {
        let state = self.tx.lock_board(id).await?.ok_or(ServiceError::NotFound("board"))?;
        if !self.caller.is_admin() {
            let role = self.tx.role(id, self.caller.user()).await?.ok_or(ServiceError::NotFound("board"))?;
            if role < needed {
                return Err(ServiceError::role_too_low(role, needed));
            }
        }
        if state.board.archived && archived == Archived::Refused {
            return Err(ServiceError::Archived);
        }
        Ok(BoardEdit::new(self, state))
    }

    /// Locks the board of a task that the caller may change.
    pub(crate) async fn board_of(&mut self, task: &TaskId) -> Result<BoardEdit<'_, 't>, ServiceError> {
        let board = self.tx.board_of_task(task).await?.ok_or(ServiceError::NotFound("task"))?;
        self.board_with("task", &board).await
    }

    /// Locks the board of something that the caller may change. If the caller may not read the board, the error says
    /// that `what` does not exist.
    pub(crate) async fn board_with(
        &mut self,
        what: &'static str,
        id: &BoardId,
    ) -> Result<BoardEdit<'_, 't>, ServiceError> {
        self.board(id, Role::Member, Archived::Refused).await.map_err(|error| match error {
            ServiceError::NotFound(_) => ServiceError::NotFound(what),
            other => other,
        })
    }

    /// Locks a board for a change that the program makes on its own, without checking the caller's role.
    pub(crate) async fn board_unchecked(&mut self, id: &BoardId) -> Result<BoardEdit<'_, 't>, ServiceError> {
        let state = self.tx.lock_board(id).await?.ok_or(ServiceError::NotFound("board"))?;
        Ok(BoardEdit::new(self, state))
    }
}

/// A locked board that the caller may change. [`BoardEdit::finish`] must be called at the end: it stores the board.
pub(crate) struct BoardEdit<'u, 't> {
    unit: &'u mut Unit<'t>,
    state: BoardState,
    stored_seq: Seq,
    board_changed: bool,
}

impl<'u, 't> BoardEdit<'u, 't> {
    fn new(unit: &'u mut Unit<'t>, state: BoardState) -> Self {
        Self { unit, stored_seq: state.seq, state, board_changed: false }
    }

    pub(crate) fn id(&self) -> &BoardId {
        &self.state.board.id
    }

    pub(crate) fn board(&self) -> &Board {
        &self.state.board
    }

    /// Returns the board for changing it; `finish` then stores all of it.
    pub(crate) fn board_mut(&mut self) -> &mut BoardState {
        self.board_changed = true;
        &mut self.state
    }

    pub(crate) fn tx(&mut self) -> &mut dyn Transaction {
        self.unit.tx
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.unit.now
    }

    pub(crate) fn actor(&self) -> UserId {
        self.unit.caller.user().clone()
    }

    pub(crate) fn actor_name(&self) -> &str {
        &self.unit.caller.principal().name
    }

    pub(crate) fn caller(&self) -> &Caller {
        self.unit.caller
    }

    pub(crate) fn new_id<T: From<Uuid>>(&self) -> T {
        self.unit.clock.new_id()
    }

    /// Returns a task of this board.
    pub(crate) async fn task(&mut self, id: &TaskId) -> Result<TaskState, ServiceError> {
        let task = self.tx().task(id).await?.ok_or(ServiceError::NotFound("task"))?;
        if task.task.board_id != *self.id() { Err(ServiceError::NotFound("task")) } else { Ok(task) }
    }

    /// Checks that the board has room for another task.
    pub(crate) async fn require_room_for_task(&mut self) -> Result<(), ServiceError> {
        let (id, limit) = (self.id().clone(), self.unit.max_tasks);
        if self.tx().has_tasks(&id, limit).await? { Err(ServiceError::BoardFull(limit)) } else { Ok(()) }
    }

    /// Returns a column of this board.
    pub(crate) async fn column(&mut self, id: &ColumnId) -> Result<ColumnState, ServiceError> {
        let column = self.tx().column(id).await?.ok_or(ServiceError::NotFound("column"))?;
        if column.column.board_id != *self.id() { Err(ServiceError::NotFound("column")) } else { Ok(column) }
    }

    /// Returns whether the caller may add a user who is not yet a member of the board.
    pub(crate) async fn may_add(&mut self, user: &User) -> Result<bool, ServiceError> {
        let caller = self.unit.caller;
        let same_team = |team: &TeamId| caller.principal().teams.iter().any(|own| own == team.as_str());
        if self.unit.addable == Addable::Anybody || caller.is_admin() || user.teams.iter().any(same_team) {
            return Ok(true);
        }
        Ok(self.tx().share_a_board(caller.user(), &user.id).await?)
    }

    /// Checks that a user, named in the field `path`, may be given a task: a member, or a user whom the caller may add.
    /// Any other user is treated as unknown.
    pub(crate) async fn require_known_user(&mut self, id: &UserId, path: &'static str) -> Result<(), ServiceError> {
        let board = self.id().clone();
        if self.tx().role(&board, id).await?.is_some() {
            return Ok(());
        }
        match self.tx().user(id).await? {
            Some(user) if self.may_add(&user).await? => Ok(()),
            _ => Err(ServiceError::invalid(path, "there is no such user")),
        }
    }

    /// Returns which of these users may read the board, as members or as admins.
    pub(crate) async fn readers_among(&mut self, users: &[UserId]) -> Result<HashSet<UserId>, ServiceError> {
        if users.is_empty() {
            return Ok(HashSet::new());
        }
        let id = self.id().clone();
        let is_admin = |access: &UserAccess| access.permissions.iter().any(|name| name == Permission::Admin.as_str());
        let found = self.tx().access_of(&id, users).await?;
        let readers = found.into_iter().filter(|access| access.role.is_some() || is_admin(access));
        Ok(readers.map(|access| access.user).collect())
    }

    /// Adds an event for a single user, to be sent once the change is durable.
    pub(crate) fn add_user_event(&mut self, event: UserEvent) {
        self.unit.user_events.push(event);
    }

    /// Appends the event that corresponds to the reply: always the last one. The connection that made the request gets
    /// the reply instead of this event.
    pub(crate) async fn record(&mut self, event: Event) -> Result<(), ServiceError> {
        let (actor, origin) = (self.actor(), self.unit.origin);
        self.append(event, Some(actor), origin).await
    }

    /// Appends an event for a side effect of the change, which is not part of the reply. It goes to all connections.
    pub(crate) async fn record_side_effect(&mut self, event: Event) -> Result<(), ServiceError> {
        let actor = self.actor();
        self.append(event, Some(actor), None).await
    }

    /// Appends an event that no user caused, such as the end of an expired lease.
    pub(crate) async fn record_without_actor(&mut self, event: Event) -> Result<(), ServiceError> {
        self.append(event, None, None).await
    }

    /// Appends events as [`record_side_effect`](Self::record_side_effect) does.
    pub(crate) async fn record_side_effects(&mut self, events: Vec<Event>) -> Result<(), ServiceError> {
        let actor = self.actor();
        let mut entries = Vec::with_capacity(events.len());
        for event in events {
            entries.push(Arc::new(self.entry(event, Some(actor.clone()), None)?));
        }
        if !entries.is_empty() {
            self.unit.tx.append_all(&entries).await?;
        }
        self.unit.entries.extend(entries);
        Ok(())
    }

    async fn append(
        &mut self,
        event: Event,
        actor: Option<UserId>,
        origin: Option<Origin>,
    ) -> Result<(), ServiceError> {
        let entry = self.entry(event, actor, origin)?;
        self.unit.tx.append(&entry).await?;
        self.unit.entries.push(Arc::new(entry));
        Ok(())
    }

    /// Returns a log entry for an event under the board's next `seq`. The envelope is encoded here, once.
    fn entry(&mut self, event: Event, actor: Option<UserId>, origin: Option<Origin>) -> Result<LogEntry, ServiceError> {
        let (task_id, subject) = (event.task_id().cloned(), event.subject().cloned());
        let seq = self.state.seq.next();
        let meta = EnvelopeMeta {
            kind: event.kind(),
            timestamp: self.unit.now,
            id: self.new_id(),
            board_id: Some(self.id().clone()),
            seq: Some(seq),
            user_id: actor.clone(),
            request_id: self.unit.request_id.cloned(),
        };
        let envelope = Envelope::new(&meta, &event).encode()?;
        self.state.seq = seq;
        self.state.changed_at = self.unit.now;
        Ok(LogEntry {
            board_id: self.id().clone(),
            seq,
            kind: event.kind(),
            task_id,
            subject,
            actor,
            origin,
            at: self.unit.now,
            envelope,
        })
    }

    /// Stores the board and returns the outcome of the change.
    pub(crate) async fn finish(self, result: &impl Serialize) -> Result<ChangeOutcome, ServiceError> {
        if self.board_changed {
            self.unit.tx.save_board(&self.state).await?;
        } else if self.state.seq != self.stored_seq {
            let BoardState { board, seq, changed_at, .. } = &self.state;
            self.unit.tx.save_seq(&board.id, *seq, *changed_at).await?;
        }
        ChangeOutcome::new(self.state.board.id, self.state.seq, result)
    }
}
