//! The one way in: every command of a socket passes through here, in the order in which it was sent, and through the
//! same gates.

use std::sync::Arc;

use boardwire_gate::{Call, Charge};
use boardwire_protocol::{CommandGroup, CommandKind, ErrorBody, Violation};
use boardwire_subscriptions::Socket;
use serde_json::{Value, value::RawValue};
use tokio::sync::Notify;
use tracing::Instrument as _;

use crate::{
    Gateway,
    inbox::{Incoming, ParsedEvent, ReplyTo},
    outbox::SocketOutbox,
    session,
};

/// A connection and everything that its commands need.
pub(crate) struct Pipeline {
    pub(crate) gateway: Arc<Gateway>,
    pub(crate) socket: Arc<Socket>,
    pub(crate) outbox: Arc<SocketOutbox>,
    /// Asks the connection to check its credentials again.
    pub(crate) recheck: Arc<Notify>,
}

impl Pipeline {
    /// Executes one command and answers it. If the connection has ended, nobody can receive an answer, and only changes
    /// are executed.
    pub(crate) async fn run(&self, incoming: Incoming) {
        let ParsedEvent { kind, payload, reply_to } = incoming.parse();
        if self.outbox.is_closed() && kind.is_none_or(|kind| kind.group() != CommandGroup::Change) {
            return;
        }
        let span = tracing::info_span!("cmd", name = kind.map_or("unknown", CommandKind::name));
        self.answer(kind, payload, reply_to).instrument(span).await;
    }

    async fn answer(&self, kind: Option<CommandKind>, payload: Result<Value, Violation>, reply_to: ReplyTo) {
        match self.execute(kind, payload).await {
            Ok(reply) => reply_to.success(&self.outbox, reply),
            Err(error) => {
                tracing::debug!(code = error.code.as_str(), "refused");
                reply_to.error(&self.outbox, self.gateway.gate.clock(), &error);
            }
        }
    }

    async fn execute(
        &self,
        kind: Option<CommandKind>,
        payload: Result<Value, Violation>,
    ) -> Result<Box<RawValue>, ErrorBody> {
        let gate = &self.gateway.gate;
        let mut admitted = gate.admit(self.socket.caller(), Charge::of(kind)).await?;
        if admitted.renewed() {
            gate.hub().renew(&self.socket, admitted.caller().clone());
            // The credentials may have changed while the use of the session was being recorded.
            self.recheck.notify_one();
        }
        admitted = admitted.acting_as(self.socket.caller());
        let payload = payload.map_err(|violation| admitted.refuse(ErrorBody::invalid(&[violation])))?;
        let call = Call { payload, request_id: None, origin: Some(self.socket.origin()) };
        admitted.run(call, |command| session::run(gate, &self.socket, &self.recheck, command)).await
    }
}
