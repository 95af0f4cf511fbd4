//! Starts and ends the views, declared presence and typing of a connection.

use std::sync::Arc;

use boardwire_protocol::{BoardId, KindSet, TaskId, Viewer, ViewerStatus};

use crate::{
    Hub, JoinError,
    interest::{Interest, InterestKey},
    join::{Joined, Resume},
    presence::Leaving,
    socket::Socket,
};

impl Hub {
    /// Views a board, in place of the one viewed before.
    ///
    /// # Errors
    /// [`JoinError`]; the socket's views are unchanged.
    pub async fn view_board(
        &self,
        socket: &Arc<Socket>,
        board: &BoardId,
        resume: Option<Resume>,
    ) -> Result<Joined, JoinError> {
        let interest = Interest::new(InterestKey::BoardView, KindSet::ALL);
        let mut previous = None;
        let joined = self
            .join(socket, board, interest, resume, |socket| {
                previous = socket.state().board_view.replace(board.clone());
            })
            .await?;
        let is_new = previous.as_ref() != Some(board);
        if let Some(previous) = previous.filter(|_| is_new) {
            self.leave(socket, &previous, &InterestKey::BoardView);
        }
        self.presence.refresh(socket, Leaving::AtOnce);
        if is_new {
            self.typing.inform_newcomer(socket, board, None);
        }
        Ok(joined)
    }

    /// Views a task, in place of the one viewed before.
    ///
    /// # Errors
    /// [`JoinError`]; the socket's views are unchanged.
    pub async fn view_task(&self, socket: &Arc<Socket>, board: &BoardId, task: &TaskId) -> Result<Joined, JoinError> {
        let mut interest = Interest::new(InterestKey::TaskView, KindSet::ALL);
        interest.task = Some(task.clone());
        let mut previous = None;
        let joined = self
            .join(socket, board, interest, None, |socket| {
                previous = socket.state().task_view.replace((board.clone(), task.clone()));
            })
            .await?;
        if let Some((previous, _)) = previous.filter(|(previous, _)| previous != board) {
            self.leave(socket, &previous, &InterestKey::TaskView);
        }
        self.presence.refresh(socket, Leaving::AtOnce);
        // A socket that views the board has been informed already.
        if socket.state().board_view.as_ref() != Some(board) {
            self.typing.inform_newcomer(socket, board, Some(task));
        }
        Ok(joined)
    }

    /// Ends a socket's views and its declared presence: it is present nowhere.
    pub fn view_nothing(&self, socket: &Arc<Socket>) {
        self.leave_views(socket);
        self.presence.refresh(socket, Leaving::AtOnce);
    }

    pub(crate) fn leave_views(&self, socket: &Socket) {
        let (board_view, task_view) = {
            let mut state = socket.state();
            state.declared = None;
            (state.board_view.take(), state.task_view.take())
        };
        if let Some(board) = board_view {
            self.leave(socket, &board, &InterestKey::BoardView);
        }
        if let Some((board, _)) = task_view {
            self.leave(socket, &board, &InterestKey::TaskView);
        }
    }

    /// Declares the status of a socket's user, and on which board and task the user is. `None` keeps the place declared
    /// before.
    ///
    /// # Errors
    /// [`JoinError`]; nothing has changed.
    pub async fn declare(
        &self,
        socket: &Arc<Socket>,
        status: ViewerStatus,
        at: Option<(BoardId, Option<TaskId>)>,
    ) -> Result<(), JoinError> {
        if let Some((board, _)) = &at {
            let channel = self.open(board).await?.ok_or(JoinError::NoBoard)?;
            if !channel.lock().may_read(socket) {
                return Err(JoinError::NoBoard);
            }
        }
        {
            let mut state = socket.state();
            state.status = status;
            state.declared = at.or(state.declared.take());
        }
        self.presence.refresh(socket, Leaving::AtOnce);
        Ok(())
    }

    /// Returns who is present on a board, or has this task of it open: each user once, in the order in which they came.
    /// Includes users whose connection was lost within the grace period.
    #[must_use]
    pub fn viewers(&self, board: &BoardId, task: Option<&TaskId>) -> Vec<Viewer> {
        self.presence.viewers(board, task)
    }

    /// Starts the typing of a socket's user on a task, or on the board itself, and ends it in any other place.
    ///
    /// # Errors
    /// [`JoinError`], such as [`JoinError::NoBoard`] when the user may not read the board now.
    pub async fn start_typing(
        &self,
        socket: &Arc<Socket>,
        board: &BoardId,
        task: Option<&TaskId>,
    ) -> Result<(), JoinError> {
        let _open = self.open(board).await?.ok_or(JoinError::NoBoard)?;
        self.typing.start(socket, board, task)
    }

    /// Ends the typing of a socket's user in this place, but not if the socket types in another place by now.
    pub fn stop_typing(&self, socket: &Socket, board: &BoardId, task: Option<&TaskId>) {
        self.typing.stop(socket, board, task);
    }
}
