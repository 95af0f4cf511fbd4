//! Rooms: groups of sockets that ephemeral events are sent to. Being in a room does not permit reading a board.

use boardwire_protocol::{BoardId, TaskId, TeamId, UserId};

use crate::{
    Frame, Hub, Socket,
    interest::{Interest, InterestKey},
};

/// A group of sockets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Room {
    /// All sockets that view the board.
    Board(BoardId),
    /// All sockets that view the task, which is on this board.
    Task(BoardId, TaskId),
    /// All sockets of a user.
    User(UserId),
    /// All sockets of a team's users.
    Team(TeamId),
    /// All sockets.
    Global,
}

impl Hub {
    /// Sends a frame to all sockets of this node that are in a room; for a board or a task, only to those whose users
    /// may read it now.
    pub fn broadcast(&self, room: &Room, frame: &Frame) {
        match room {
            Room::Board(board) => self.send_to_viewers(board, frame, |key| *key == InterestKey::BoardView, None),
            Room::Task(board, task) => {
                self.send_to_viewers(board, frame, |key| *key == InterestKey::TaskView, Some(task));
            }
            Room::User(user) => self.sockets.of(user).iter().for_each(|socket| socket.outbox().push(frame.clone())),
            Room::Team(team) => self.send_to_sockets(frame, |socket| socket.in_team(team)),
            Room::Global => self.send_to_sockets(frame, |_| true),
        }
    }

    fn send_to_sockets(&self, frame: &Frame, wanted: impl Fn(&Socket) -> bool) {
        for socket in self.sockets.all() {
            if wanted(&socket) {
                socket.outbox().push(frame.clone());
            }
        }
    }

    fn send_to_viewers(
        &self,
        board: &BoardId,
        frame: &Frame,
        wanted: impl Fn(&InterestKey) -> bool,
        task: Option<&TaskId>,
    ) {
        let Some(channel) = self.channels.get(board) else { return };
        let state = channel.lock();
        for recipient in state.recipients().filter(|recipient| state.may_read(&recipient.socket)) {
            let views =
                |interest: &Interest| wanted(&interest.key) && (task.is_none() || interest.task.as_ref() == task);
            if recipient.interests.iter().any(views) {
                recipient.socket.outbox().push(frame.clone());
            }
        }
    }
}
