//! Commands that concern the socket itself: subscriptions and views.

use std::sync::Arc;

use boardwire_protocol::{
    Code, ErrorBody, Session, SubscriptionId,
    session::{Subscribe, Subscribed, Unsubscribe, Unsubscribed, ViewBoard, ViewTask, Viewed},
};
use boardwire_services::{Fault, storage::StorageError};
use boardwire_subscriptions::{JoinError, Joined, Resume, Socket, Subscription};
use serde_json::{
    json,
    value::{RawValue, to_raw_value},
};

use crate::Gateway;

/// Executes a session command. The result is a JSON object.
pub(crate) async fn run(gateway: &Gateway, socket: &Arc<Socket>, command: Session) -> Result<Box<RawValue>, ErrorBody> {
    let run = Run { gateway, socket };
    run.require(&command)?;
    let result = match command {
        Session::Subscribe(command) => to_raw_value(&run.subscribe(command).await?),
        Session::Unsubscribe(command) => to_raw_value(&run.unsubscribe(command)?),
        Session::ViewBoard(command) => to_raw_value(&run.view_board(command).await?),
        Session::ViewTask(command) => to_raw_value(&run.view_task(command).await?),
        Session::ViewLeave(_) => {
            gateway.hub.view_nothing(socket);
            to_raw_value(&json!({"viewers": []}))
        }
    };
    result.map_err(|error| run.fault(&Fault::Encoding(error)))
}

struct Run<'a> {
    gateway: &'a Gateway,
    socket: &'a Arc<Socket>,
}

impl Run<'_> {
    fn require(&self, command: &Session) -> Result<(), ErrorBody> {
        self.socket.caller().require(command.kind()).map_err(|fault| self.fault(&fault))
    }

    async fn subscribe(&self, command: Subscribe) -> Result<Subscribed, ErrorBody> {
        let Subscribe { pattern, filters, since, epoch } = command;
        let services = &self.gateway.services;
        let board = match (&filters.board_id, &filters.task_id) {
            (board, Some(task)) => {
                let of_task = services.readable_task(self.socket.caller(), task).await;
                let of_task = of_task.map_err(|fault| self.fault(&fault))?;
                if board.as_ref().is_some_and(|board| *board != of_task) {
                    return Err(self.fault(&Fault::NotFound("task")));
                }
                Some(of_task)
            }
            (Some(board), None) => {
                let readable = services.readable_board(self.socket.caller(), board).await;
                readable.map_err(|fault| self.fault(&fault))?;
                Some(board.clone())
            }
            (None, None) => None,
        };
        let resume = since.map(|since| Resume { since, epoch });
        let id = self.new_id()?;
        let subscription = Subscription { id: id.clone(), pattern: pattern.clone(), filters: filters.clone() };
        let joined = match board {
            Some(board) => Some(self.gateway.hub.subscribe(self.socket, &board, subscription, resume).await),
            None if resume.is_some() => {
                let message = "needs filters.boardId or filters.taskId: seq counts the events of one board";
                return Err(self.fault(&Fault::Invalid { path: "since", message: message.to_owned() }));
            }
            None => self.gateway.hub.subscribe_everywhere(self.socket, subscription).map(|()| None).transpose(),
        };
        let joined = joined.transpose().map_err(|error| self.refused(error))?;
        let (seq, epoch, recovered) = match joined {
            Some(Joined { seq, epoch, recovered }) => (Some(seq), epoch, recovered),
            None => (None, None, None),
        };
        Ok(Subscribed { subscription_id: id, pattern, filters, seq, epoch, recovered })
    }

    fn unsubscribe(&self, command: Unsubscribe) -> Result<Unsubscribed, ErrorBody> {
        let Unsubscribe { subscription_id } = command;
        if self.gateway.hub.unsubscribe(self.socket, &subscription_id) {
            return Ok(Unsubscribed { subscription_id });
        }
        Err(self.fault(&Fault::NotFound("subscription")))
    }

    async fn view_board(&self, command: ViewBoard) -> Result<Viewed, ErrorBody> {
        let ViewBoard { board_id, since, epoch } = command;
        let services = &self.gateway.services;
        services.readable_board(self.socket.caller(), &board_id).await.map_err(|fault| self.fault(&fault))?;
        let resume = since.map(|since| Resume { since, epoch });
        let joined = self.gateway.hub.view_board(self.socket, &board_id, resume).await;
        let Joined { seq, epoch, recovered } = joined.map_err(|error| self.refused(error))?;
        Ok(Viewed { viewers: self.gateway.hub.viewers(&board_id, None), seq: Some(seq), epoch, recovered })
    }

    async fn view_task(&self, command: ViewTask) -> Result<Viewed, ErrorBody> {
        let ViewTask { task_id } = command;
        let board = self.gateway.services.readable_task(self.socket.caller(), &task_id).await;
        let board = board.map_err(|fault| self.fault(&fault))?;
        let joined = self.gateway.hub.view_task(self.socket, &board, &task_id).await;
        let Joined { seq, epoch, recovered } = joined.map_err(|error| self.refused(error))?;
        Ok(Viewed { viewers: self.gateway.hub.viewers(&board, Some(&task_id)), seq: Some(seq), epoch, recovered })
    }

    fn new_id(&self) -> Result<SubscriptionId, ErrorBody> {
        let id = self.gateway.services.clock().new_id();
        SubscriptionId::try_from(id.as_str()).map_err(|_| self.fault(&Fault::BrokenOff))
    }

    fn fault(&self, fault: &Fault) -> ErrorBody {
        fault.body(|| self.gateway.services.clock().new_id())
    }

    fn refused(&self, error: JoinError) -> ErrorBody {
        match error {
            JoinError::NoBoard => self.fault(&Fault::NotFound("board")),
            JoinError::Limit(_) => ErrorBody::new(Code::SubscriptionLimit, error.to_string()),
            JoinError::Gone => self.fault(&Fault::Storage(StorageError::Unavailable(error.into()))),
            JoinError::Storage(error) => self.fault(&Fault::Storage(error)),
        }
    }
}
