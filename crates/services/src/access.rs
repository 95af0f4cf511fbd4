//! Access outside units of work: whether the caller's role on a board allows reading or changing it now.

use boardwire_protocol::{BoardId, Role, TaskId};

use crate::{
    Caller, ServiceError,
    storage::{StorageResult, Store},
};

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

/// Checks that the caller's role allows changes on a board now. The change itself checks that the board is not archived
/// and, for an admin, that it exists.
pub(crate) async fn require_write(store: &dyn Store, caller: &Caller, board: &BoardId) -> Result<(), ServiceError> {
    if caller.is_admin() {
        return Ok(());
    }
    let role = store.role(board, caller.user()).await?.ok_or(ServiceError::NotFound("board"))?;
    if role >= Role::Member { Ok(()) } else { Err(ServiceError::role_too_low(role, Role::Member)) }
}
