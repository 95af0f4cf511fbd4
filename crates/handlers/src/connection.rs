//! One connection, from an accepted handshake to its end. All commands pass through here, in the order in which they
//! were sent, and through the same gates.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use boardwire_gate::{Call, Charge, ConnectionGuard, ConnectionPermit};
use boardwire_metrics::TransportKind;
use boardwire_protocol::{Code, CommandGroup, CommandKind, Ephemeral, ErrorBody, PROTOCOL_VERSION, Violation, data};
use boardwire_subscriptions::{About, Frame, Outbox as _, Socket};
use futures_util::FutureExt as _;
use serde_json::{Value, value::RawValue};
use tokio::{
    sync::{Notify, mpsc},
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use crate::{
    Gateway, connection_command,
    inbox::{Incoming, ParsedEvent, ReplyTo, error_event},
    link::Link,
    outbox::{SharedOutbox, SocketOutbox},
};

/// How long a transport may stay without a socket.
const IDLE_TRANSPORT_TIMEOUT: Duration = Duration::from_secs(2);

/// One connection, from its handshake on.
pub(crate) struct Connection {
    pub(crate) gateway: Arc<Gateway>,
    pub(crate) socket: Arc<Socket>,
    pub(crate) outbox: Arc<SocketOutbox>,
    /// The transport that carries the session.
    pub(crate) link: Link,
    /// Counts it towards the limits of connections until it ends.
    pub(crate) _permit: ConnectionPermit,
    /// Notified when the client has been told that it is connected.
    pub(crate) connected: Arc<Notify>,
    /// Notified when the credentials must be checked again.
    pub(crate) recheck: Arc<Notify>,
    /// Cancelled when the connection has ended.
    pub(crate) closed: CancellationToken,
}

impl Connection {
    /// Serves the connection until it ends. Changes received before the end are still made.
    pub(crate) async fn serve(self, inbox: mpsc::Receiver<Incoming>) {
        let connect_timeout = self.gateway.settings.connect_timeout;
        tokio::select! {
            arrived = timeout(connect_timeout, self.connected.notified()) => if arrived.is_err() {
                return self.outbox.dismiss(None);
            },
            () = self.closed.cancelled() => {}
        }
        let guard = self.gateway.gate.watch(Arc::clone(&self.socket), Arc::clone(&self.recheck), TransportKind::Socket);
        self.gateway.sessions.add_socket(&self.link.id);
        self.send_status();
        if AssertUnwindSafe(self.execute(&guard, inbox)).catch_unwind().await.is_err() {
            // The panic is in the log, with its location; the client is told, and may connect again.
            let error = ErrorBody::new(Code::SocketError, "a fault of the server ends this connection; connect again");
            self.outbox.dismiss(Some(error_event(self.gateway.gate.clock(), &error, None)));
        }
        drop(guard);
        if let Some(reason) = self.outbox.given_up() {
            self.gateway.gate.metrics().record_slow_consumer(self.socket.user(), TransportKind::Socket, reason);
        }
        self.outbox.flush();
        self.release_transport().await;
    }

    /// Executes commands in the order in which they arrive; each is answered before the next begins.
    async fn execute(&self, guard: &ConnectionGuard, mut inbox: mpsc::Receiver<Incoming>) {
        let outbox = SharedOutbox(Arc::clone(&self.outbox));
        let ended = guard.credentials_end();
        tokio::pin!(ended);
        loop {
            let incoming = tokio::select! {
                biased;
                reason = &mut ended => return self.dismiss(reason),
                incoming = inbox.recv() => incoming,
                () = self.closed.cancelled() => break,
                () = self.gateway.gate.closing().cancelled() => break,
            };
            let Some(incoming) = incoming else { break };
            // A change that has begun completes even if it is dropped here; a replay ends.
            tokio::select! {
                biased;
                reason = &mut ended => return self.dismiss(reason),
                () = self.run(incoming) => {}
            }
            // A client that does not read its answers gets no further ones.
            tokio::select! {
                biased;
                reason = &mut ended => return self.dismiss(reason),
                ready = outbox.ready() => if !ready {
                    break;
                }
            }
        }
        inbox.close();
        while let Some(incoming) = inbox.recv().await {
            self.run(incoming).await;
        }
    }

    /// Executes one command and answers it. If the connection has ended, nobody can receive an answer, and only changes
    /// are executed.
    async fn run(&self, incoming: Incoming) {
        let ParsedEvent { kind, payload, reply_to } = incoming.parse();
        if self.outbox.is_closed() && kind.is_none_or(|kind| kind.group() != CommandGroup::Change) {
            return;
        }
        let span = tracing::info_span!("cmd", name = kind.map_or("unknown", CommandKind::name));
        self.answer(kind, payload, reply_to).instrument(span).await;
    }

    async fn answer(&self, kind: Option<CommandKind>, payload: Result<Value, Violation>, reply_to: ReplyTo) {
        match self.admit_and_run(kind, payload).await {
            Ok(reply) => reply_to.success(&self.outbox, reply),
            Err(error) => {
                tracing::debug!(code = error.code.as_str(), "refused");
                reply_to.error(&self.outbox, self.gateway.gate.clock(), &error);
            }
        }
    }

    async fn admit_and_run(
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
        admitted.run(call, |command| connection_command::run(gate, &self.socket, &self.recheck, command)).await
    }

    fn dismiss(&self, reason: &str) {
        let error = ErrorBody::new(Code::Unauthenticated, reason);
        self.outbox.dismiss(Some(error_event(self.gateway.gate.clock(), &error, None)));
    }

    /// Waits until the transport is gone. A client that left but keeps its WebSocket open is cut off.
    async fn release_transport(&self) {
        let connection = self.link.connection();
        if let Some(connection) = &connection {
            tokio::select! {
                () = connection.closed() => {}
                () = sleep(IDLE_TRANSPORT_TIMEOUT) => {}
                () = self.gateway.gate.closing().cancelled() => {}
            }
        }
        let unused = self.gateway.sessions.remove_socket(&self.link.id);
        if let Some(connection) = connection.filter(|_| unused && !self.gateway.gate.closing().is_cancelled()) {
            connection.cut();
        }
    }

    fn send_status(&self) {
        let status = Ephemeral::ConnectionStatus(data::ConnectionStatus {
            status: "connected",
            socket_id: self.link.id.clone(),
            user: self.socket.caller().to_user(),
            server_version: self.gateway.server_version,
            protocol_version: PROTOCOL_VERSION,
            limits: self.gateway.limits(),
        });
        let clock = self.gateway.gate.clock();
        SharedOutbox(Arc::clone(&self.outbox)).push(Frame::ephemeral(clock, &status, About::default()));
    }
}
