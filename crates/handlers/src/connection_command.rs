//! Commands that concern the connection itself: subscriptions, views, presence, typing and credentials.

use std::sync::Arc;

use boardwire_auth::Credential;
use boardwire_gate::{AuthenticationError, Gate};
use boardwire_protocol::{
    BoardId, Code, ConnectionCommand, ErrorBody, SubscriptionId, TaskId, Timestamp,
    connection::{Refresh, Refreshed, Subscribe, Subscribed, Unsubscribe, Unsubscribed, ViewBoard, ViewTask, Viewed},
    presence,
};
use boardwire_services::{Caller, ServiceError};
use boardwire_subscriptions::{Joined, Resume, Socket, Subscription};
use serde_json::{
    json,
    value::{RawValue, to_raw_value},
};
use tokio::sync::Notify;

/// Executes a command that concerns the connection. The result is a JSON object.
pub(crate) async fn run(
    gate: &Gate,
    socket: &Arc<Socket>,
    recheck: &Notify,
    command: ConnectionCommand,
) -> Result<Box<RawValue>, ErrorBody> {
    let execution = Execution { gate, socket, caller: socket.caller() };
    execution.require(&command)?;
    let result = match command {
        ConnectionCommand::Subscribe(command) => to_raw_value(&execution.subscribe(command).await?),
        ConnectionCommand::Unsubscribe(command) => to_raw_value(&execution.unsubscribe(command)?),
        ConnectionCommand::ViewBoard(command) => to_raw_value(&execution.view_board(command).await?),
        ConnectionCommand::ViewTask(command) => to_raw_value(&execution.view_task(command).await?),
        ConnectionCommand::ViewLeave(_) => {
            gate.hub().view_nothing(socket);
            to_raw_value(&json!({"viewers": []}))
        }
        ConnectionCommand::PresenceUpdate(command) => to_raw_value(&execution.update_presence(command).await?),
        ConnectionCommand::PresenceList(command) => to_raw_value(&execution.list_presence(command).await?),
        ConnectionCommand::TypingStart(command) => to_raw_value(&execution.start_typing(command).await?),
        ConnectionCommand::TypingStop(command) => to_raw_value(&execution.stop_typing(command).await?),
        ConnectionCommand::AuthRefresh(command) => {
            let refreshed = execution.refresh(command).await?;
            recheck.notify_one();
            to_raw_value(&refreshed)
        }
    };
    Ok(result.map_err(ServiceError::Encoding)?)
}

/// A command that is being executed for a connection.
struct Execution<'a> {
    gate: &'a Gate,
    socket: &'a Arc<Socket>,
    caller: Caller,
}

impl Execution<'_> {
    fn require(&self, command: &ConnectionCommand) -> Result<(), ErrorBody> {
        Ok(self.caller.require(command.kind())?)
    }

    async fn subscribe(&self, command: Subscribe) -> Result<Subscribed, ErrorBody> {
        let Subscribe { pattern, filters, since, epoch } = command;
        let board = match (&filters.board_id, &filters.task_id) {
            (None, None) => None,
            (board, task) => Some(self.readable_place(board.clone(), task.clone()).await?.0),
        };
        let resume = since.map(|since| Resume { since, epoch });
        let id: SubscriptionId = self.gate.clock().new_id();
        let subscription = Subscription { id: id.clone(), pattern: pattern.clone(), filters: filters.clone() };
        let joined = match board {
            Some(board) => Some(self.gate.hub().subscribe(self.socket, &board, subscription, resume).await),
            None if resume.is_some() => {
                let message = "needs filters.boardId or filters.taskId: seq counts the events of one board";
                return Err(ServiceError::Invalid { path: "since", message: message.to_owned() }.into());
            }
            None => self.gate.hub().subscribe_everywhere(self.socket, subscription).map(|()| None).transpose(),
        };
        let joined = joined.transpose().map_err(Gate::not_joined)?;
        let (seq, epoch, recovered) = match joined {
            Some(Joined { seq, epoch, recovered }) => (Some(seq), epoch, recovered),
            None => (None, None, None),
        };
        Ok(Subscribed { subscription_id: id, pattern, filters, seq, epoch, recovered })
    }

    fn unsubscribe(&self, command: Unsubscribe) -> Result<Unsubscribed, ErrorBody> {
        let Unsubscribe { subscription_id } = command;
        if self.gate.hub().unsubscribe(self.socket, &subscription_id) {
            return Ok(Unsubscribed { subscription_id });
        }
        Err(ServiceError::NotFound("subscription").into())
    }

    async fn view_board(&self, command: ViewBoard) -> Result<Viewed, ErrorBody> {
        let ViewBoard { board_id, since, epoch } = command;
        let services = self.gate.services();
        services.readable_board(&self.caller, &board_id).await?;
        let resume = since.map(|since| Resume { since, epoch });
        let joined = self.gate.hub().view_board(self.socket, &board_id, resume).await;
        let Joined { seq, epoch, recovered } = joined.map_err(Gate::not_joined)?;
        Ok(Viewed { viewers: self.gate.hub().viewers(&board_id, None), seq: Some(seq), epoch, recovered })
    }

    async fn view_task(&self, command: ViewTask) -> Result<Viewed, ErrorBody> {
        let ViewTask { task_id } = command;
        let board = self.gate.services().readable_task(&self.caller, &task_id).await?;
        let joined = self.gate.hub().view_task(self.socket, &board, &task_id).await;
        let Joined { seq, epoch, recovered } = joined.map_err(Gate::not_joined)?;
        Ok(Viewed { viewers: self.gate.hub().viewers(&board, Some(&task_id)), seq: Some(seq), epoch, recovered })
    }

    async fn update_presence(&self, command: presence::Update) -> Result<presence::Done, ErrorBody> {
        let presence::Update { status, board_id, task_id } = command;
        let place = match (board_id, task_id) {
            (None, None) => None,
            (board, task) => Some(self.readable_place(board, task).await?),
        };
        self.gate.hub().declare(self.socket, status, place).await.map_err(Gate::not_joined)?;
        Ok(presence::Done {})
    }

    async fn list_presence(&self, command: presence::List) -> Result<presence::Listed, ErrorBody> {
        let (board, _) = self.readable_place(Some(command.board_id), None).await?;
        Ok(presence::Listed { users: self.gate.hub().viewers(&board, None) })
    }

    async fn start_typing(&self, command: presence::Typing) -> Result<presence::Done, ErrorBody> {
        let (board, task) = self.typing_place(command).await?;
        let started = self.gate.hub().start_typing(self.socket, &board, task.as_ref()).await;
        started.map_err(Gate::not_joined)?;
        Ok(presence::Done {})
    }

    async fn stop_typing(&self, command: presence::Typing) -> Result<presence::Done, ErrorBody> {
        let (board, task) = self.typing_place(command).await?;
        self.gate.hub().stop_typing(self.socket, &board, task.as_ref());
        Ok(presence::Done {})
    }

    async fn typing_place(&self, command: presence::Typing) -> Result<(BoardId, Option<TaskId>), ErrorBody> {
        match (command.board_id, command.task_id) {
            (None, None) => {
                Err(ServiceError::Invalid { path: "boardId", message: "give `boardId` or `taskId`".to_owned() }.into())
            }
            (board, task) => self.readable_place(board, task).await,
        }
    }

    /// Returns the board, and the task if one is given, provided that the caller may read them.
    async fn readable_place(
        &self,
        board: Option<BoardId>,
        task: Option<TaskId>,
    ) -> Result<(BoardId, Option<TaskId>), ErrorBody> {
        let services = self.gate.services();
        match (board, task) {
            (board, Some(task)) => {
                let of_task = services.readable_task(&self.caller, &task).await?;
                if board.is_some_and(|board| board != of_task) {
                    return Err(ServiceError::NotFound("task").into());
                }
                Ok((of_task, Some(task)))
            }
            (Some(board), None) => {
                services.readable_board(&self.caller, &board).await?;
                Ok((board, None))
            }
            (None, None) => Err(ServiceError::NotFound("board").into()),
        }
    }

    /// Replaces the credentials with a token of the same user.
    async fn refresh(&self, command: Refresh) -> Result<Refreshed, ErrorBody> {
        let credential = Credential::Token(command.token);
        let caller = match self.gate.authenticate(&[credential], None).await {
            Ok(caller) if caller.user() != self.caller.user() => {
                return Err(not_accepted("the token is another user's"));
            }
            Ok(caller) => caller,
            Err(AuthenticationError::Expired) => return Err(not_accepted("the token has expired")),
            Err(AuthenticationError::Refused | AuthenticationError::TooOften(_)) => {
                return Err(not_accepted("the token was not accepted"));
            }
            Err(AuthenticationError::Undecided) => {
                return Err(ErrorBody::new(Code::Unavailable, "the token can't be checked now; try again"));
            }
        };
        let principal = caller.principal();
        if let (Some(new), Some(old)) = (principal.expires_at, self.caller.principal().expires_at)
            && new < old
        {
            return Err(not_accepted("the token expires earlier than the credentials in use"));
        }
        let expires_at = principal.expires_at.map(Timestamp);
        self.gate.hub().renew(self.socket, caller);
        Ok(Refreshed { expires_at })
    }
}

fn not_accepted(message: &str) -> ErrorBody {
    ErrorBody::new(Code::AuthFailed, message)
}
