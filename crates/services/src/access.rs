//! The second lock: the role on the board. Only this module makes a [`BoardEdit`], so a change that was not checked does
//! not compile.

use boardwire_protocol::{BoardId, Role, TaskId};

use crate::{
    Caller, Fault,
    edit::BoardEdit,
    storage::{Reader, Stored},
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
                let (role, needed) = (role.name(), needed.name());
                return Err(Fault::Forbidden(format!("this needs the role {needed} on the board; yours is {role}")));
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
        self.board(&board, Role::Member, Archived::Refused).await.map_err(|fault| match fault {
            Fault::NotFound(_) => Fault::NotFound("task"),
            other => other,
        })
    }
}

/// May the caller read the board now? `false` also when there is none.
pub(crate) async fn may_read(reader: &dyn Reader, caller: &Caller, board: &BoardId) -> Stored<bool> {
    if caller.is_admin() {
        return reader.board_exists(board).await;
    }
    Ok(reader.role(board, caller.user()).await?.is_some())
}
