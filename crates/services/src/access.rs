//! The second lock: the role on the board. Only this module makes a [`BoardEdit`], so a change that was not checked does
//! not compile.

use boardwire_protocol::{BoardId, Role, TaskId};

use crate::{
    Caller, Fault,
    edit::BoardEdit,
    storage::{StorageResult, Store},
    unit::Unit,
};

/// Whether an archived board will do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Archived {
    Refused,
    Allowed,
}

impl<'t> Unit<'t> {
    /// Locks a board on which the caller has at least this role.
    pub(crate) async fn board(
        &mut self,
        id: &BoardId,
        needed: Role,
        archived: Archived,
    ) -> Result<BoardEdit<'_, 't>, Fault> {
        let state = self.tx.lock_board(id).await?.ok_or(Fault::NotFound("board"))?;
        if !self.caller.is_admin() {
            let role = self.tx.role(id, self.caller.user()).await?.ok_or(Fault::NotFound("board"))?;
            if role < needed {
                return Err(too_low(role, needed));
            }
        }
        if state.board.archived && archived == Archived::Refused {
            return Err(Fault::Archived);
        }
        Ok(BoardEdit::new(self, state))
    }

    /// Locks the board of a task that the caller may write.
    pub(crate) async fn board_of(&mut self, task: &TaskId) -> Result<BoardEdit<'_, 't>, Fault> {
        let board = self.tx.board_of_task(task).await?.ok_or(Fault::NotFound("task"))?;
        self.board_with("task", &board).await
    }

    /// Locks the board of something that the caller may write there: who may not read the board is told that there is no
    /// such thing.
    pub(crate) async fn board_with(&mut self, what: &'static str, id: &BoardId) -> Result<BoardEdit<'_, 't>, Fault> {
        self.board(id, Role::Member, Archived::Refused).await.map_err(|fault| match fault {
            Fault::NotFound(_) => Fault::NotFound(what),
            other => other,
        })
    }

    /// Locks a board for what the program does by itself.
    pub(crate) async fn board_unchecked(&mut self, id: &BoardId) -> Result<BoardEdit<'_, 't>, Fault> {
        let state = self.tx.lock_board(id).await?.ok_or(Fault::NotFound("board"))?;
        Ok(BoardEdit::new(self, state))
    }
}

/// May the caller read the board now? `false` also when there is none.
pub(crate) async fn may_read(store: &dyn Store, caller: &Caller, board: &BoardId) -> StorageResult<bool> {
    if caller.is_admin() {
        return Ok(store.board(board).await?.is_some());
    }
    Ok(store.role(board, caller.user()).await?.is_some())
}

/// The board of a task, if the caller may read it now. Nothing else of the task is looked at.
pub(crate) async fn readable_task(store: &dyn Store, caller: &Caller, task: &TaskId) -> Result<BoardId, Fault> {
    let board = store.board_of_task(task).await?.ok_or(Fault::NotFound("task"))?;
    if may_read(store, caller, &board).await? { Ok(board) } else { Err(Fault::NotFound("task")) }
}

/// May the caller write on the board now?
pub(crate) async fn may_write(store: &dyn Store, caller: &Caller, board: &BoardId) -> Result<(), Fault> {
    if caller.is_admin() {
        return Ok(());
    }
    let role = store.role(board, caller.user()).await?.ok_or(Fault::NotFound("board"))?;
    if role >= Role::Member { Ok(()) } else { Err(too_low(role, Role::Member)) }
}

fn too_low(role: Role, needed: Role) -> Fault {
    let (role, needed) = (role.name(), needed.name());
    Fault::Forbidden(format!("this needs the role {needed} on the board; yours is {role}"))
}
