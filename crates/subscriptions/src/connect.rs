//! A connection's life in the hub: it comes, its credentials change, it goes.

use std::sync::Arc;

use boardwire_services::Caller;

use crate::{
    Hub,
    interest::InterestKey,
    presence::Leaving,
    socket::{Scope, Socket},
};

impl Hub {
    /// Takes in a connection. It stays until [`Hub::disconnect`].
    pub fn connect(&self, socket: &Arc<Socket>) {
        self.sockets.add(socket);
    }

    /// Forgets a connection and everything that it asked for.
    pub fn disconnect(&self, socket: &Arc<Socket>) {
        self.sockets.remove(socket);
        let subscriptions = {
            let mut asked = socket.asked();
            asked.gone = true;
            std::mem::take(&mut asked.subscriptions)
        };
        let mut everywhere = false;
        for (id, scope) in subscriptions {
            match scope {
                Scope::Board(board) => self.leave(socket, &board, &InterestKey::Subscription(id)),
                Scope::AllBoards => everywhere = true,
            }
        }
        if everywhere {
            self.leave_everywhere(socket, None);
        }
        self.leave_views(socket);
        self.typing.leave(socket);
        self.presence.refresh(socket, Leaving::AfterGrace);
    }

    /// Takes over what the credentials of a connection allow now. The user is the same.
    pub fn renew(&self, socket: &Arc<Socket>, caller: Caller) {
        let before = (socket.is_admin(), socket.reads());
        socket.set_caller(caller);
        if (socket.is_admin(), socket.reads()) == before {
            return;
        }
        if socket.is_admin() != before.0 {
            self.everywhere.follow_admin(socket);
        }
        for channel in self.channels.all() {
            channel.lock().forget_everywhere();
        }
        if !socket.reads() {
            self.typing.leave(socket);
        }
        self.presence.refresh(socket, Leaving::AtOnce);
    }
}
