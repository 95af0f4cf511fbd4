//! Who is present on which board: each user once, however many connections there are. A user whose last connection is
//! lost stays for a grace period, so that nobody sees a reconnect.
//!
//! A socket is present where it views a board or a task, and where it has declared its user to be.
//! [`Presence::refresh`] registers that; any change for the user over all connections is announced on the board.

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

/// How long a user remains present after the last connection was lost.
const GRACE_PERIOD: Duration = Duration::from_secs(5);

/// The users on each board. Bounded by the connections, and by those that ended within the grace period.
pub(crate) struct Presence {
    boards: Sequenced<Boards, BoardEvent>,
    sender: EphemeralSender,
    clock: Arc<dyn Clock>,
}

/// How a socket ceases to be present on a board.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Leaving {
    /// By a command, or because its user may not read the board any more.
    AtOnce,
    /// Its connection was lost, and its user may reconnect within the grace period.
    AfterGrace,
}

impl Presence {
    pub(crate) fn new(sender: EphemeralSender, clock: Arc<dyn Clock>) -> Self {
        let to_board = sender.clone();
        Self { boards: Sequenced::new(move |event| to_board.send_to_board(&event)), sender, clock }
    }

    /// Registers a socket on the boards where it is present now, and removes it from all others.
    pub(crate) fn refresh(&self, socket: &Socket, leaving: Leaving) {
        self.boards.change(|boards, events| {
            let (spots, before) = socket.state().spots();
            let mut registered = HashSet::new();
            for (board, spot) in spots {
                if self.sender.may_read(&board, socket) {
                    events.extend(boards.arrive(socket, &board, &spot, self.clock.now()));
                    registered.insert(board);
                }
            }
            let leaves_at = (leaving == Leaving::AfterGrace).then(|| self.clock.monotonic() + GRACE_PERIOD);
            for board in before.difference(&registered) {
                events.extend(boards.depart(socket, board, leaves_at));
            }
            socket.state().present = registered;
        });
    }

    /// Removes a user from a board that the user may not read any more.
    pub(crate) fn evict(&self, board: &BoardId, user: &UserId) {
        self.boards.change(|boards, events| events.extend(boards.evict(board, user)));
    }

    /// Removes the users whose grace period has ended.
    pub(crate) fn end_grace_periods(&self, now: Instant) {
        self.boards.change(|boards, events| {
            for (board, user) in boards.with_grace_period_over(now) {
                let is_offline = !self.sender.is_connected(&user);
                events.extend(boards.end_grace(&board, &user, is_offline));
            }
        });
    }

    /// Returns who is present on a board, or has this task of it open: each user once, in the order in which they came.
    /// Includes users whose connection was lost within the grace period.
    pub(crate) fn viewers(&self, board: &BoardId, task: Option<&TaskId>) -> Vec<Viewer> {
        self.boards.read(|boards| boards.viewers(board, task))
    }

    /// Runs `work`, which is given a function that returns whether anybody is present on a board. Presence does not
    /// change meanwhile.
    pub(crate) fn with_occupancy(&self, work: impl FnOnce(&dyn Fn(&BoardId) -> bool)) {
        self.boards.read(|boards| work(&|board| boards.is_occupied(board)));
    }
}
