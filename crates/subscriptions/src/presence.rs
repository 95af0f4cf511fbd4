//! Who is present on which board: each user once, however many connections there are. A user whose last connection is
//! lost stays for a grace period, so that nobody sees a reconnect.
//!
//! A socket is present where it views a board or a task, and where it has said to be. [`Presence::refresh`] compares that
//! with what is registered; the board is told what changes for the user as a whole.

mod boards;

use std::{
    collections::HashSet,
    sync::Arc,
    time::{Duration, Instant},
};

use boardwire_protocol::{BoardId, TaskId, UserId, Viewer};
use boardwire_services::clock::Clock;

use self::boards::Boards;
use crate::{
    ephemeral::{BoardEvent, EphemeralSender},
    sequenced::Sequenced,
    socket::Socket,
};

/// How long a user whose last connection was lost is still present.
const GRACE: Duration = Duration::from_secs(5);

/// The users on each board. Bounded by the connections, and by those that ended within the grace period.
pub(crate) struct Presence {
    boards: Sequenced<Boards, BoardEvent>,
    sender: EphemeralSender,
    clock: Arc<dyn Clock>,
}

/// How a socket ceases to be somewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Leaving {
    /// By a command, or because its user may not read the board any more.
    AtOnce,
    /// Its connection was lost, and may come back within the grace period.
    AfterGrace,
}

impl Presence {
    pub(crate) fn new(sender: EphemeralSender, clock: Arc<dyn Clock>) -> Self {
        let to_board = sender.clone();
        Self { boards: Sequenced::new(move |event| to_board.send_to_board(&event)), sender, clock }
    }

    /// Brings the registered presence of a socket in line with where it is.
    pub(crate) fn refresh(&self, socket: &Socket, leaving: Leaving) {
        self.boards.change(|boards, events| {
            let (spots, before) = socket.asked().spots();
            let mut registered = HashSet::new();
            for (board, spot) in spots {
                if self.sender.may_read(&board, socket) {
                    events.extend(boards.arrive(socket, &board, &spot, self.clock.now()));
                    registered.insert(board);
                }
            }
            let leaves_at = (leaving == Leaving::AfterGrace).then(|| self.clock.monotonic() + GRACE);
            for board in before.difference(&registered) {
                events.extend(boards.depart(socket, board, leaves_at));
            }
            socket.asked().present = registered;
        });
    }

    /// Removes somebody from a board who may not read it any more.
    pub(crate) fn evict(&self, board: &BoardId, user: &UserId) {
        self.boards.change(|boards, events| events.extend(boards.evict(board, user)));
    }

    /// Removes those whose grace period has ended.
    pub(crate) fn end_graces(&self, now: Instant) {
        self.boards.change(|boards, events| {
            for (board, user) in boards.past_grace(now) {
                let is_offline = !self.sender.is_connected(&user);
                events.extend(boards.end_grace(&board, &user, is_offline));
            }
        });
    }

    /// Returns who is present on a board, or has this task of it open: each user once, in the order in which they came.
    /// Those whose connection was lost within the grace period are among them.
    pub(crate) fn viewers(&self, board: &BoardId, task: Option<&TaskId>) -> Vec<Viewer> {
        self.boards.read(|boards| boards.viewers(board, task))
    }

    /// Runs `work`, which is given a test for boards that somebody is on. That does not change meanwhile.
    pub(crate) fn with_occupied(&self, work: impl FnOnce(&dyn Fn(&BoardId) -> bool)) {
        self.boards.read(|boards| work(&|board| boards.is_occupied(board)));
    }
}
