//! The handshake, and the life of a connection from then on.

use std::{fmt, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use boardwire_auth::Credential;
use boardwire_gate::{AuthenticationError, ConnectionGuard, ConnectionPermit, Peer};
use boardwire_metrics::TransportKind;
use boardwire_protocol::{Code, Ephemeral, ErrorBody, PROTOCOL_VERSION, data};
use boardwire_services::Caller;
use boardwire_subscriptions::{About, Frame, Outbox as _, Socket};
use futures_util::FutureExt as _;
use serde::Deserialize;
use tokio::{
    sync::{Notify, mpsc},
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;

use crate::{
    Gateway,
    inbox::{Incoming, error_event},
    link::Link,
    outbox::{SharedOutbox, SocketOutbox},
    pipeline::Pipeline,
};

/// The credentials in the handshake; the first one given counts.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Handshake {
    token: Option<String>,
    api_key: Option<String>,
    session_id: Option<String>,
}

impl Handshake {
    /// Returns the credential that the client named, or else those from its cookies.
    fn credentials(self, cookies: Vec<Credential>) -> Vec<Credential> {
        let (token, key) = (self.token.map(Credential::Token), self.api_key.map(Credential::ApiKey));
        let named = token.or(key).or(self.session_id.map(Credential::Session));
        named.map_or(cookies, |named| vec![named])
    }
}

/// Why a handshake was refused; a client is told one of these three sentences and nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HandshakeRejection {
    Failed,
    Undecided,
    TooMany,
}

impl fmt::Display for HandshakeRejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Failed => "Authentication failed",
            Self::Undecided => "Authentication error",
            Self::TooMany => "Too many connections",
        })
    }
}

/// A client whose handshake was accepted.
pub(crate) struct Accepted {
    pub(crate) caller: Caller,
    pub(crate) permit: ConnectionPermit,
}

impl Gateway {
    /// Decides on a handshake. `cookies` are the sessions in a browser's cookies.
    pub(crate) async fn accept(
        &self,
        handshake: Handshake,
        cookies: Vec<Credential>,
        peer: Option<&Peer>,
    ) -> Result<Accepted, HandshakeRejection> {
        let caller = match self.gate.authenticate(&handshake.credentials(cookies), peer).await {
            Ok(caller) => caller,
            Err(AuthenticationError::Refused | AuthenticationError::Expired) => return Err(HandshakeRejection::Failed),
            Err(AuthenticationError::TooOften(_)) => return Err(HandshakeRejection::TooMany),
            Err(AuthenticationError::Undecided) => return Err(HandshakeRejection::Undecided),
        };
        let permit =
            self.gate.connection_permit(&caller, peer.map(|peer| peer.address)).ok_or(HandshakeRejection::TooMany)?;
        Ok(Accepted { caller, permit })
    }
}

/// How long a transport may stay without a socket.
const GRACE: Duration = Duration::from_secs(2);

/// One connection, from its handshake on.
pub(crate) struct Connection {
    pub(crate) gateway: Arc<Gateway>,
    pub(crate) socket: Arc<Socket>,
    pub(crate) outbox: Arc<SocketOutbox>,
    /// The transport that carries the session.
    pub(crate) link: Link,
    /// Its place among the connections, held until the end.
    pub(crate) _permit: ConnectionPermit,
    /// Notified when the client has been told that it is connected.
    pub(crate) connected: Arc<Notify>,
    /// Notified when the credentials must be checked again.
    pub(crate) recheck: Arc<Notify>,
    /// Cancelled when the connection has ended.
    pub(crate) closed: CancellationToken,
}

impl Connection {
    /// Serves the connection until it ends, then forgets it. Changes received before the end are still made.
    pub(crate) async fn serve(self, inbox: mpsc::Receiver<Incoming>) {
        let patience = self.gateway.settings.connect_timeout;
        tokio::select! {
            arrived = timeout(patience, self.connected.notified()) => if arrived.is_err() {
                return self.outbox.dismiss(None);
            },
            () = self.closed.cancelled() => {}
        }
        let guard = self.gateway.gate.watch(Arc::clone(&self.socket), Arc::clone(&self.recheck), TransportKind::Socket);
        self.gateway.sessions.socket_began(&self.link.id);
        self.greet();
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
        self.let_go().await;
    }

    /// Executes commands in the order in which they arrive; each is answered before the next begins.
    async fn execute(&self, guard: &ConnectionGuard, mut inbox: mpsc::Receiver<Incoming>) {
        let pipeline = Pipeline {
            gateway: Arc::clone(&self.gateway),
            socket: Arc::clone(&self.socket),
            outbox: Arc::clone(&self.outbox),
            recheck: Arc::clone(&self.recheck),
        };
        let handle = SharedOutbox(Arc::clone(&self.outbox));
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
            // A change that has begun completes on its own; a replay does not.
            tokio::select! {
                biased;
                reason = &mut ended => return self.dismiss(reason),
                () = pipeline.run(incoming) => {}
            }
            // A client that does not read its answers gets no further ones.
            tokio::select! {
                biased;
                reason = &mut ended => return self.dismiss(reason),
                ready = handle.ready() => if !ready {
                    break;
                }
            }
        }
        inbox.close();
        while let Some(incoming) = inbox.recv().await {
            pipeline.run(incoming).await;
        }
    }

    fn dismiss(&self, reason: &str) {
        let error = ErrorBody::new(Code::Unauthenticated, reason);
        self.outbox.dismiss(Some(error_event(self.gateway.gate.clock(), &error, None)));
    }

    /// Gives the place back when the transport is gone. A client that left but keeps its WebSocket open is cut off.
    async fn let_go(&self) {
        let connection = self.link.connection();
        if let Some(connection) = &connection {
            tokio::select! {
                () = connection.closed() => {}
                () = sleep(GRACE) => {}
                () = self.gateway.gate.closing().cancelled() => {}
            }
        }
        let unused = self.gateway.sessions.socket_ended(&self.link.id);
        if let Some(connection) = connection.filter(|_| unused && !self.gateway.gate.closing().is_cancelled()) {
            connection.cut();
        }
    }

    fn greet(&self) {
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
