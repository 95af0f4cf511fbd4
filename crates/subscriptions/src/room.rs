//! Rooms: groups of sockets that ephemeral events are sent to. Being in a room never widens what one may read.

use boardwire_protocol::{BoardId, Ephemeral, TaskId, TeamId, UserId};

use crate::{About, Frame, Hub, Socket, interest::InterestKey};

/// A group of sockets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Room {
    /// All who view the board.
    Board(BoardId),
    /// All who view the task, which is on this board.
    Task(BoardId, TaskId),
    /// All sockets of a user.
    User(UserId),
    /// All sockets of a team's users.
    Team(TeamId),
    /// All sockets.
    Global,
}

impl Hub {
    /// Sends a frame to everybody in a room of this node. On a board, only to those who may read it now.
    pub fn broadcast(&self, room: &Room, frame: &Frame) {
        match room {
            Room::Board(board) => self.to_viewers(board, frame, |key| *key == InterestKey::BoardView, None),
            Room::Task(board, task) => {
                self.to_viewers(board, frame, |key| *key == InterestKey::TaskView, Some(task));
            }
            Room::User(user) => self.to_user(user, frame, |_| true),
            Room::Team(team) => self.to_sockets(frame, |socket| socket.in_team(team)),
            Room::Global => self.to_sockets(frame, |_| true),
        }
    }

    /// Sends a frame to the sockets of a user.
    pub(crate) fn to_user(&self, user: &UserId, frame: &Frame, wanted: impl Fn(&Socket) -> bool) {
        for socket in self.sockets_of(user).iter().filter(|socket| wanted(socket)) {
            socket.outbox().push(frame.clone());
        }
    }

    /// Sends an ephemeral event of a board to those who view it or subscribe to such events there, and may read it now.
    pub(crate) fn tell_board(
        &self,
        board: &BoardId,
        tasks: &[&TaskId],
        actor: &UserId,
        event: &Ephemeral,
        to: impl Fn(&Socket) -> bool,
    ) {
        let Some(channel) = self.channel(board) else { return };
        let frame = Frame::ephemeral(&*self.clock, event, About { board: Some(board), actor: Some(actor) });
        channel.lock().tell(&frame, tasks, actor, to, &self.everywhere);
    }

    fn to_sockets(&self, frame: &Frame, wanted: impl Fn(&Socket) -> bool) {
        for socket in self.sockets() {
            if wanted(&socket) {
                socket.outbox().push(frame.clone());
            }
        }
    }

    fn to_viewers(&self, board: &BoardId, frame: &Frame, wanted: impl Fn(&InterestKey) -> bool, task: Option<&TaskId>) {
        let Some(channel) = self.channel(board) else { return };
        let state = channel.lock();
        for recipient in state.recipients().filter(|recipient| state.may_read(&recipient.socket)) {
            let views = |interest: &crate::interest::Interest| {
                wanted(&interest.key) && (task.is_none() || interest.task.as_ref() == task)
            };
            if recipient.interests.iter().any(views) {
                recipient.socket.outbox().push(frame.clone());
            }
        }
    }
}
