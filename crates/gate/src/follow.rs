//! Following a board: access is checked, a listener is started, and it is read while missed events arrive.

use std::{net::IpAddr, pin::Pin, sync::Arc};

use boardwire_metrics::TransportKind;
use boardwire_protocol::{
    BoardId, Code, Command, CommandKind, ConnectionCommand, Epoch, ErrorBody, Pattern, SubscriptionId, Violation,
    connection::Filters,
};
use boardwire_services::{Caller, ServiceError, storage::StorageError};
use boardwire_subscriptions::{JoinError, Joined, Resume, Socket, Subscription};
use serde_json::{Map, Value};

use crate::{Gate, Listener, ListenerEvent};

/// What to follow of a board.
#[derive(Debug, Clone)]
pub struct FollowRequest {
    /// The board.
    pub board: BoardId,
    /// Selects events by their names.
    pub pattern: Pattern,
    /// Selects events by task and by the user who caused them; also names the board.
    pub filters: Filters,
    /// The position up to which the caller has the events; those missed since come first.
    pub resume: Option<Resume>,
}

impl FollowRequest {
    /// Reads the fields of the command `subscribe`, whose filters must name a board. `board_field` is the caller's
    /// name for the board's field, for the error when it is missing.
    ///
    /// # Errors
    /// `INVALID_MESSAGE`, with everything that is wrong with them.
    pub fn from_fields(fields: Map<String, Value>, board_field: &str) -> Result<Self, ErrorBody> {
        let command = match Gate::decode(CommandKind::Subscribe, fields.into())?.command {
            Command::Connection(ConnectionCommand::Subscribe(command)) => command,
            _ => return Err(ErrorBody::new(Code::Internal, "a subscription was decoded to something else")),
        };
        let missing = || ErrorBody::invalid(&[Violation::new(board_field, "is missing")]);
        let board = command.filters.board_id.clone().ok_or_else(missing)?;
        let resume = command.since.map(|since| Resume { since, epoch: command.epoch });
        Ok(Self { board, pattern: command.pattern, filters: command.filters, resume })
    }
}

/// Why a board could not be followed.
#[derive(Debug)]
pub enum FollowError {
    /// The caller has no access, or storage does not answer.
    Refused(ErrorBody),
    /// There are too many connections of this user, from this address, or in all.
    TooManyConnections,
}

/// What a follower receives next.
pub enum Followed {
    /// An event for the listener.
    Event(ListenerEvent),
    /// All missed events are queued or have been returned; new ones follow. Comes once.
    Joined(Joined),
}

type Joining = Pin<Box<dyn Future<Output = Result<Joined, ErrorBody>> + Send>>;

/// Follows a board.
pub struct Follower {
    listener: Listener,
    epoch: Epoch,
    /// Set while missed events are arriving.
    joining: Option<Joining>,
}

impl Gate {
    /// Begins to follow a board: checks that the caller may read it and that there is room for one more connection, and
    /// sets up the listener. Missed events arrive while the follower is read.
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
        let epoch = self.readable_epoch(&caller, &request.board).await;
        let epoch = epoch.map_err(FollowError::Refused)?;
        let permit = self.connection_permit(&caller, address).ok_or(FollowError::TooManyConnections)?;
        let listener = self.listen(caller, permit, transport);
        let (gate, socket) = (Arc::clone(self), Arc::clone(listener.socket()));
        let joining: Joining = Box::pin(async move {
            let FollowRequest { board, pattern, filters, resume } = request;
            gate.subscribe(&socket, &board, pattern, filters, resume).await.map(|(_, joined)| joined)
        });
        Ok(Follower { listener, epoch, joining: Some(joining) })
    }

    /// Returns the epoch of a board that the caller may follow.
    async fn readable_epoch(&self, caller: &Caller, board: &BoardId) -> Result<Epoch, ErrorBody> {
        caller.require(CommandKind::Subscribe)?;
        self.services.readable_board(caller, board).await?;
        let head = self.services.store().head(board).await.map_err(ServiceError::Storage)?;
        Ok(head.ok_or(ServiceError::NotFound("board"))?.epoch)
    }

    /// Subscribes a connection to the events of one board that pass the filters.
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

    /// Returns the error that a client gets when its connection could not join.
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
    /// Returns the epoch of the board's log when following began.
    #[must_use]
    pub fn epoch(&self) -> &Epoch {
        &self.epoch
    }

    /// Waits for the next event. It may be cancelled and called again; nothing is lost.
    ///
    /// # Errors
    /// The follower could not join.
    pub async fn next(&mut self) -> Result<Followed, ErrorBody> {
        let Some(joining) = &mut self.joining else { return Ok(Followed::Event(self.listener.next().await)) };
        // Joining waits until missed events fit into the queue, so the queue must be read meanwhile.
        let joined = tokio::select! {
            biased;
            event = self.listener.next() => return Ok(Followed::Event(event)),
            joined = joining => joined,
        };
        self.joining = None;
        joined.map(Followed::Joined)
    }

    /// Returns the next event if one is queued.
    #[must_use]
    pub fn at_hand(&self) -> Option<ListenerEvent> {
        self.listener.at_hand()
    }
}
