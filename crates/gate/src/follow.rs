//! Following a board: what is checked, how a listener begins, and how it is read while what was missed comes in.

use std::{net::IpAddr, pin::Pin, sync::Arc};

use boardwire_metrics::TransportKind;
use boardwire_protocol::{
    BoardId, Code, Command, CommandKind, ConnectionCommand, Epoch, ErrorBody, Pattern, SubscriptionId,
    connection::Filters,
};
use boardwire_services::{Caller, ServiceError, storage::StorageError};
use boardwire_subscriptions::{JoinError, Joined, Resume, Socket, Subscription};
use serde_json::{Map, Value};

use crate::{Gate, Listener, ListenerEvent};

/// What is to be followed of a board.
#[derive(Debug, Clone)]
pub struct FollowRequest {
    /// The board.
    pub board: BoardId,
    /// Which events, by their names.
    pub pattern: Pattern,
    /// Which events, by what they are about; names the board too.
    pub filters: Filters,
    /// What is known already; what was missed since comes first.
    pub resume: Option<Resume>,
}

impl FollowRequest {
    /// Reads the fields of the command `subscribe`, whose filters have to name a board.
    ///
    /// # Errors
    /// `INVALID_MESSAGE`, with all that is wrong with them.
    pub fn from_fields(fields: Map<String, Value>) -> Result<Self, ErrorBody> {
        let command = match Gate::decode(CommandKind::Subscribe, fields.into())?.command {
            Command::Connection(ConnectionCommand::Subscribe(command)) => command,
            _ => return Err(ErrorBody::new(Code::Internal, "a subscription was decoded to something else")),
        };
        let missing = || ErrorBody::new(Code::InvalidMessage, "filters.boardId: is missing");
        let board = command.filters.board_id.clone().ok_or_else(missing)?;
        let resume = command.since.map(|since| Resume { since, epoch: command.epoch });
        Ok(Self { board, pattern: command.pattern, filters: command.filters, resume })
    }
}

/// Why nothing is followed.
#[derive(Debug)]
pub enum FollowError {
    /// The caller may not, or storage can't answer.
    Refused(ErrorBody),
    /// There are too many connections: of this user, from this address, or in all.
    TooManyConnections,
}

/// What a follower hears next.
pub enum Followed {
    /// An event for the listener.
    Event(ListenerEvent),
    /// Everything that was missed is at hand or has been heard; from here on it is live. Comes once.
    Joined(Joined),
}

type Joining = Pin<Box<dyn Future<Output = Result<Joined, ErrorBody>> + Send>>;

/// Somebody who follows a board.
pub struct Follower {
    listener: Arc<Listener>,
    epoch: Epoch,
    /// What was missed is on its way.
    joining: Option<Joining>,
}

impl Gate {
    /// Begins to follow a board: the caller may read it, there is room for one more connection, and the listener is set
    /// up. What was missed comes while the follower is read.
    ///
    /// # Errors
    /// [`FollowError`].
    pub async fn follow(
        self: &Arc<Self>,
        caller: Caller,
        address: Option<IpAddr>,
        transport: TransportKind,
        request: FollowRequest,
    ) -> Result<Follower, FollowError> {
        let head = self.readable_head(&caller, &request.board).await;
        let epoch = head.map_err(FollowError::Refused)?;
        let permit = self.connection_permit(&caller, address).ok_or(FollowError::TooManyConnections)?;
        let listener = Arc::new(self.listen(caller, permit, transport));
        let (gate, socket) = (Arc::clone(self), Arc::clone(listener.socket()));
        let joining: Joining = Box::pin(async move {
            let FollowRequest { board, pattern, filters, resume } = request;
            gate.subscribe(&socket, &board, pattern, filters, resume).await.map(|(_, joined)| joined)
        });
        Ok(Follower { listener, epoch, joining: Some(joining) })
    }

    /// Returns the epoch of a board that the caller may follow.
    async fn readable_head(&self, caller: &Caller, board: &BoardId) -> Result<Epoch, ErrorBody> {
        caller.require(CommandKind::Subscribe)?;
        self.services.readable_board(caller, board).await?;
        let head = self.services.store().head(board).await.map_err(ServiceError::Storage)?;
        Ok(head.ok_or(ServiceError::NotFound("board"))?.epoch)
    }

    /// Subscribes a connection to what the filters let through of one board.
    ///
    /// # Errors
    /// `NOT_FOUND`, `SUBSCRIPTION_LIMIT`, `UNAVAILABLE`.
    pub async fn subscribe(
        &self,
        socket: &Arc<Socket>,
        board: &BoardId,
        pattern: Pattern,
        filters: Filters,
        resume: Option<Resume>,
    ) -> Result<(SubscriptionId, Joined), ErrorBody> {
        let id: SubscriptionId = self.clock().new_id();
        let subscription = Subscription { id: id.clone(), pattern, filters };
        let joined = self.hub.subscribe(socket, board, subscription, resume).await;
        joined.map(|joined| (id, joined)).map_err(Self::not_joined)
    }

    /// Returns why a connection could not join, as clients are told.
    #[must_use]
    pub fn not_joined(error: JoinError) -> ErrorBody {
        match error {
            JoinError::NoBoard => ServiceError::NotFound("board").into(),
            JoinError::Limit(_) | JoinError::UsersLimit(_) => {
                ErrorBody::new(Code::SubscriptionLimit, error.to_string())
            }
            JoinError::Gone => ServiceError::Storage(StorageError::Unavailable(error.into())).into(),
            JoinError::Storage(error) => ServiceError::Storage(error).into(),
        }
    }
}

impl Follower {
    /// Returns the epoch of the board's log when the following began.
    #[must_use]
    pub fn epoch(&self) -> &Epoch {
        &self.epoch
    }

    /// Waits for what comes next. May be called again after it was abandoned; nothing is lost by that.
    ///
    /// # Errors
    /// Why it could not join.
    pub async fn next(&mut self) -> Result<Followed, ErrorBody> {
        let Some(joining) = &mut self.joining else { return Ok(Followed::Event(self.listener.next().await)) };
        // What was missed comes while joining; the listener is read meanwhile, or it would wait for itself.
        let joined = tokio::select! {
            biased;
            heard = self.listener.next() => return Ok(Followed::Event(heard)),
            joined = joining => joined,
        };
        self.joining = None;
        joined.map(Followed::Joined)
    }

    /// Returns what has come already.
    #[must_use]
    pub fn at_hand(&self) -> Option<ListenerEvent> {
        self.listener.at_hand()
    }
}
