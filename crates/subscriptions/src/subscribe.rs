//! Subscriptions: to one board, or to all boards that the user may read.

use std::sync::Arc;

use boardwire_protocol::{BoardId, Pattern, SubscriptionId, connection::Filters};

use crate::{
    Hub, JoinError,
    interest::{Interest, InterestKey},
    join::{Joined, Resume},
    socket::{Scope, Socket},
};

/// How many subscriptions to all boards a user may have over all connections, as a multiple of one connection's limit.
const USER_LIMIT_FACTOR: usize = 8;

/// A subscription as requested.
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
    /// [`JoinError`]; the socket's subscriptions are unchanged.
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
            socket.state().subscriptions.insert(subscription.id.clone(), Scope::Board(board.clone()));
        })
        .await
    }

    /// Subscribes to all boards that the user may read, now or later.
    ///
    /// # Errors
    /// [`JoinError::Limit`], [`JoinError::UsersLimit`] and [`JoinError::Gone`].
    pub fn subscribe_everywhere(&self, socket: &Arc<Socket>, subscription: Subscription) -> Result<(), JoinError> {
        self.check_limit(socket)?;
        let key = InterestKey::Subscription(subscription.id.clone());
        let mut interest = Interest::new(key, subscription.pattern.kinds()).with_filters(&subscription.filters);
        interest.all_boards = true;
        {
            let mut state = socket.state();
            if state.gone {
                return Err(JoinError::Gone);
            }
            let limit = self.max_subscriptions.saturating_mul(USER_LIMIT_FACTOR);
            if !self.all_boards.add(socket, &interest, limit) {
                return Err(JoinError::UsersLimit(limit));
            }
            state.subscriptions.insert(subscription.id, Scope::AllBoards);
        }
        for channel in self.channels.all() {
            channel.lock().join_all_boards(socket, &interest);
        }
        Ok(())
    }

    /// Ends a subscription. Returns `false` if the socket has none with this id.
    pub fn unsubscribe(&self, socket: &Arc<Socket>, id: &SubscriptionId) -> bool {
        let Some(scope) = socket.state().subscriptions.remove(id) else { return false };
        let key = InterestKey::Subscription(id.clone());
        match scope {
            Scope::Board(board) => self.leave(socket, &board, &key),
            Scope::AllBoards => self.leave_all_boards(socket, Some(&key)),
        }
        true
    }

    /// Ends a socket's subscriptions to all boards: the one with this key, or all of them.
    pub(crate) fn leave_all_boards(&self, socket: &Socket, key: Option<&InterestKey>) {
        self.all_boards.remove(socket, key);
        for channel in self.channels.all() {
            channel.lock().leave_all_boards(socket.key(), key);
        }
    }

    fn check_limit(&self, socket: &Socket) -> Result<(), JoinError> {
        if socket.state().subscriptions.len() >= self.max_subscriptions {
            return Err(JoinError::Limit(self.max_subscriptions));
        }
        Ok(())
    }
}
