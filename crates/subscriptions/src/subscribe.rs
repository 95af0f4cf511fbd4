//! Subscriptions: to one board, or to all boards that the user may read.

use std::sync::Arc;

use boardwire_protocol::{BoardId, Pattern, SubscriptionId, connection::Filters};

use crate::{
    Hub, JoinError,
    interest::{Interest, InterestKey},
    join::{Joined, Resume},
    socket::{Scope, Socket},
};

/// How many times as many subscriptions to all boards a user may have, over all connections, as one connection may.
const USERS_SHARE: usize = 8;

/// A subscription as asked for.
#[derive(Debug, Clone)]
pub struct Subscription {
    /// Its id, which no other subscription has.
    pub id: SubscriptionId,
    /// The kinds of events.
    pub pattern: Pattern,
    /// Which events of these kinds.
    pub filters: Filters,
}

impl Hub {
    /// Subscribes to one board.
    ///
    /// # Errors
    /// [`JoinError`]; the socket has the subscriptions that it had.
    pub async fn subscribe(
        &self,
        socket: &Arc<Socket>,
        board: &BoardId,
        subscription: Subscription,
        resume: Option<Resume>,
    ) -> Result<Joined, JoinError> {
        self.check_limit(socket)?;
        let key = InterestKey::Subscription(subscription.id.clone());
        let interest = Interest::new(key, subscription.pattern.kinds()).with_filters(&subscription.filters);
        self.join(socket, board, interest, resume, |socket| {
            socket.asked().subscriptions.insert(subscription.id.clone(), Scope::Board(board.clone()));
        })
        .await
    }

    /// Subscribes to all boards that the user may read, as that set changes.
    ///
    /// # Errors
    /// [`JoinError::Limit`], [`JoinError::UsersLimit`] and [`JoinError::Gone`].
    pub fn subscribe_everywhere(&self, socket: &Arc<Socket>, subscription: Subscription) -> Result<(), JoinError> {
        self.check_limit(socket)?;
        let key = InterestKey::Subscription(subscription.id.clone());
        let mut interest = Interest::new(key, subscription.pattern.kinds()).with_filters(&subscription.filters);
        interest.everywhere = true;
        {
            let mut asked = socket.asked();
            if asked.gone {
                return Err(JoinError::Gone);
            }
            let limit = self.max_subscriptions.saturating_mul(USERS_SHARE);
            if !self.everywhere.add(socket, &interest, limit) {
                return Err(JoinError::UsersLimit(limit));
            }
            asked.subscriptions.insert(subscription.id, Scope::AllBoards);
        }
        for channel in self.channels.all() {
            channel.lock().hear_everywhere(socket, &interest);
        }
        Ok(())
    }

    /// Ends a subscription. Returns `false` if the socket has none with this id.
    pub fn unsubscribe(&self, socket: &Arc<Socket>, id: &SubscriptionId) -> bool {
        let Some(scope) = socket.asked().subscriptions.remove(id) else { return false };
        let key = InterestKey::Subscription(id.clone());
        match scope {
            Scope::Board(board) => self.leave(socket, &board, &key),
            Scope::AllBoards => self.leave_everywhere(socket, Some(&key)),
        }
        true
    }

    /// Ends a socket's subscriptions to all boards: the one with this key, or all of them.
    pub(crate) fn leave_everywhere(&self, socket: &Socket, key: Option<&InterestKey>) {
        self.everywhere.remove(socket, key);
        for channel in self.channels.all() {
            channel.lock().drop_everywhere(socket.key(), key);
        }
    }

    fn check_limit(&self, socket: &Socket) -> Result<(), JoinError> {
        if socket.asked().subscriptions.len() >= self.max_subscriptions {
            return Err(JoinError::Limit(self.max_subscriptions));
        }
        Ok(())
    }
}
