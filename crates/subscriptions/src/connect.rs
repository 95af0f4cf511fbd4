//! Adds connections to the hub, replaces their callers, and removes them.

use std::sync::Arc;

use boardwire_services::Caller;

use crate::{
    Hub,
    interest::InterestKey,
    presence::Leaving,
    socket::{Scope, Socket},
};

impl Hub {
    /// Adds a connection. It stays until [`Hub::disconnect`].
    pub fn connect(&self, socket: &Arc<Socket>) {
        self.sockets.add(socket);
    }

    /// Removes a connection and everything that it asked for.
    pub fn disconnect(&self, socket: &Arc<Socket>) {
        self.sockets.remove(socket);
        let subscriptions = {
            let mut state = socket.state();
            state.gone = true;
            std::mem::take(&mut state.subscriptions)
        };
        let mut has_all_boards = false;
        for (id, scope) in subscriptions {
            match scope {
                Scope::Board(board) => self.leave(socket, &board, &InterestKey::Subscription(id)),
                Scope::AllBoards => has_all_boards = true,
            }
        }
        if has_all_boards {
            self.leave_all_boards(socket, None);
        }
        self.leave_views(socket);
        self.typing.leave(socket);
        self.presence.refresh(socket, Leaving::AfterGrace);
    }

    /// Replaces the caller of a connection, whose credentials may allow something else now. The user stays the same.
    pub fn renew(&self, socket: &Arc<Socket>, caller: Caller) {
        let before = (socket.is_admin(), socket.reads());
        socket.set_caller(caller);
        if (socket.is_admin(), socket.reads()) == before {
            return;
        }
        if socket.is_admin() != before.0 {
            self.all_boards.move_between_admins(socket);
        }
        for channel in self.channels.all() {
            channel.lock().invalidate_recipients();
        }
        if !socket.reads() {
            self.typing.leave(socket);
        }
        self.presence.refresh(socket, Leaving::AtOnce);
    }
}
