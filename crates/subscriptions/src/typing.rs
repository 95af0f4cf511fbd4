//! Who is typing where. Typing ends by itself. Others receive at most one event a second about a user on a board,
//! however fast the user stops and starts again; each event gives the state at the time it is sent.

mod typists;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use boardwire_protocol::{BoardId, TaskId, UserId};
use boardwire_services::clock::Clock;

use self::typists::Typists;
use crate::{
    ephemeral::{BoardEvent, EphemeralSender},
    error::JoinError,
    sequenced::Sequenced,
    socket::Socket,
};

/// How long typing lasts without another start.
const TYPING_TIMEOUT: Duration = Duration::from_secs(5);

/// The users who type. Bounded by the connections, each of which types in one place.
pub(crate) struct Typing {
    typists: Sequenced<Typists, BoardEvent>,
    sender: EphemeralSender,
    clock: Arc<dyn Clock>,
}

impl Typing {
    pub(crate) fn new(sender: EphemeralSender, clock: Arc<dyn Clock>) -> Self {
        let to_board = sender.clone();
        Self { typists: Sequenced::new(move |event| to_board.send_to_board(&event)), sender, clock }
    }

    /// Starts the typing of a socket's user on a task, or on the board itself, and ends it in any other place.
    pub(crate) fn start(&self, socket: &Socket, board: &BoardId, task: Option<&TaskId>) -> Result<(), JoinError> {
        let now = self.clock.monotonic();
        self.typists.change(|typists, events| {
            if !self.sender.may_read(board, socket) {
                return Err(JoinError::NoBoard);
            }
            let before = {
                let mut state = socket.state();
                if state.gone {
                    return Err(JoinError::Gone);
                }
                state.typing.replace(board.clone())
            };
            if let Some(before) = before.filter(|before| before != board) {
                events.extend(typists.end(&before, socket, now));
            }
            events.extend(typists.start(board, task, socket, now, now + TYPING_TIMEOUT));
            Ok(())
        })
    }

    /// Ends the typing of a socket's user in this place, but not if the socket types in another place by now.
    pub(crate) fn stop(&self, socket: &Socket, board: &BoardId, task: Option<&TaskId>) {
        let now = self.clock.monotonic();
        self.typists.change(|typists, events| {
            if typists.types_on(board, task, socket) {
                socket.state().typing = None;
                events.extend(typists.end(board, socket, now));
            }
        });
    }

    /// Ends the typing of a socket's user wherever it is.
    pub(crate) fn leave(&self, socket: &Socket) {
        let now = self.clock.monotonic();
        self.typists.change(|typists, events| {
            let board = socket.state().typing.take();
            events.extend(board.and_then(|board| typists.end(&board, socket, now)));
        });
    }

    /// Ends the typing of a user who may not read the board any more.
    pub(crate) fn evict(&self, board: &BoardId, user: &UserId) {
        let now = self.clock.monotonic();
        self.typists.change(|typists, events| events.extend(typists.evict(board, user, now)));
    }

    /// Tells a socket that has just come to a board, or to a task of it, who types there.
    pub(crate) fn inform_newcomer(&self, socket: &Arc<Socket>, board: &BoardId, task: Option<&TaskId>) {
        self.typists.change(|typists, events| events.extend(typists.for_newcomer(socket, board, task)));
    }

    /// Ends typing that was not started again in time, and sends events that had to wait.
    pub(crate) fn end_expired(&self, now: Instant) {
        self.typists.change(|typists, events| typists.end_expired(now, events));
    }
}
