//! Sends ephemeral events to a board or to a user, and says who may read which board. Presence, typing and
//! notifications send events and check access through this alone.

use std::sync::Arc;

use boardwire_protocol::{BoardId, Ephemeral, TaskId, UserId};
use boardwire_services::{Origin, clock::Clock};

use crate::{
    channel::Channel,
    channels::Channels,
    frame::{About, Frame},
    socket::{Socket, SocketKey},
    sockets::Sockets,
};

/// Sends ephemeral events to connections of this node.
#[derive(Clone)]
pub(crate) struct EphemeralSender {
    sockets: Arc<Sockets>,
    channels: Arc<Channels>,
    clock: Arc<dyn Clock>,
}

/// An ephemeral event about what a user does on a board.
pub(crate) struct BoardEvent {
    pub(crate) board: BoardId,
    /// The tasks that it concerns, besides the board itself.
    pub(crate) tasks: Vec<TaskId>,
    pub(crate) user: UserId,
    pub(crate) event: Ephemeral,
    pub(crate) recipients: Recipients,
}

/// The recipients of an event, among the connections whose users may read the board now.
pub(crate) enum Recipients {
    /// All that view the board or one of the tasks, or subscribe to such events.
    All,
    /// As `All`, except this one.
    AllBut(SocketKey),
    /// As `All`, except those of the user whom the event is about.
    OtherUsers,
    /// This one, whether or not it subscribes to such events.
    Only(Arc<Socket>),
}

impl EphemeralSender {
    pub(crate) fn new(sockets: Arc<Sockets>, channels: Arc<Channels>, clock: Arc<dyn Clock>) -> Self {
        Self { sockets, channels, clock }
    }

    /// Returns whether the socket's user may read the board. `false` where the board has no channel.
    pub(crate) fn may_read(&self, board: &BoardId, socket: &Socket) -> bool {
        self.channels.get(board).is_some_and(|channel| channel.lock().may_read(socket))
    }

    /// Returns whether the user may read the channel's board: as a member, or over a connection that reads every board.
    pub(crate) fn user_may_read(&self, channel: &Channel, user: &UserId) -> bool {
        let sockets = self.sockets.of(user);
        let state = channel.lock();
        state.is_member(user) || sockets.iter().any(|socket| state.may_read(socket))
    }

    /// Returns whether the user is known not to be able to read the board. `false` where the board has no open channel.
    pub(crate) fn is_outsider(&self, board: &BoardId, user: &UserId) -> bool {
        let channel = self.channels.get(board).filter(|channel| channel.opened.initialized());
        channel.is_some_and(|channel| !self.user_may_read(&channel, user))
    }

    /// Returns whether the user has a connection.
    pub(crate) fn is_connected(&self, user: &UserId) -> bool {
        self.sockets.has(user)
    }

    /// Sends an event of a board.
    pub(crate) fn send_to_board(&self, sent: &BoardEvent) {
        let BoardEvent { board, tasks, user, event, recipients } = sent;
        let Some(channel) = self.channels.get(board) else { return };
        let about = About { board: Some(board), actor: Some(user) };
        let frame = Frame::ephemeral(&*self.clock, event, about);
        let mut state = channel.lock();
        match recipients {
            Recipients::All => state.send_ephemeral(&frame, tasks, user, |_| true),
            Recipients::AllBut(key) => state.send_ephemeral(&frame, tasks, user, |socket| socket.key() != *key),
            Recipients::OtherUsers => state.send_ephemeral(&frame, tasks, user, |socket| socket.user() != user),
            Recipients::Only(socket) if state.may_read(socket) => socket.outbox().push(frame),
            Recipients::Only(_) => {}
        }
    }

    /// Sends an event to those connections of a user whose credentials allow reading, except the one of this origin.
    pub(crate) fn send_to_user(&self, user: &UserId, event: &Ephemeral, about: About<'_>, except: Option<Origin>) {
        let frame = Frame::ephemeral(&*self.clock, event, about);
        for socket in self.sockets.of(user) {
            if socket.reads() && Some(socket.origin()) != except {
                socket.outbox().push(frame.clone());
            }
        }
    }
}
