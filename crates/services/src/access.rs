//! Access: whether the caller's role on a board allows a change. Only this module creates a [`BoardEdit`], so that a
//! change that was not checked does not compile.

use boardwire_protocol::{BoardId, Role, TaskId};

use crate::{
    Caller, ServiceError,
    edit::BoardEdit,
    storage::{StorageResult, Store},
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
                return Err(too_low(role, needed));
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

    /// Locks a board for something that the program does on its own, without checking the caller's role.
    pub(crate) async fn board_unchecked(&mut self, id: &BoardId) -> Result<BoardEdit<'_, 't>, ServiceError> {
        let state = self.tx.lock_board(id).await?.ok_or(ServiceError::NotFound("board"))?;
        Ok(BoardEdit::new(self, state))
    }
}

/// Returns whether the caller may read a board now; `false` if there is no such board.
pub(crate) async fn may_read(store: &dyn Store, caller: &Caller, board: &BoardId) -> StorageResult<bool> {
    if caller.is_admin() {
        return Ok(store.board(board).await?.is_some());
    }
    Ok(store.role(board, caller.user()).await?.is_some())
}

/// Returns the board of a task that the caller may read now. Reads nothing else of the task.
pub(crate) async fn readable_task(store: &dyn Store, caller: &Caller, task: &TaskId) -> Result<BoardId, ServiceError> {
    let board = store.board_of_task(task).await?.ok_or(ServiceError::NotFound("task"))?;
    if may_read(store, caller, &board).await? { Ok(board) } else { Err(ServiceError::NotFound("task")) }
}

/// Checks that the caller may make changes on a board now.
pub(crate) async fn may_write(store: &dyn Store, caller: &Caller, board: &BoardId) -> Result<(), ServiceError> {
    if caller.is_admin() {
        return Ok(());
    }
    let role = store.role(board, caller.user()).await?.ok_or(ServiceError::NotFound("board"))?;
    if role >= Role::Member { Ok(()) } else { Err(too_low(role, Role::Member)) }
}

fn too_low(role: Role, needed: Role) -> ServiceError {
    let (role, needed) = (role.name(), needed.name());
    ServiceError::Forbidden(format!("this needs the role {needed} on the board; yours is {role}"))
}
