//! The handshake, and the life of a connection from there to its end.

use std::{
    collections::HashMap,
    fmt,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use boardwire_auth::{AuthError, Credential, Principal};
use boardwire_protocol::{Code, ConnectedUser, Ephemeral, ErrorBody, PROTOCOL_VERSION, data};
use boardwire_services::Caller;
use boardwire_subscriptions::{Outbox as _, Socket};
use serde::Deserialize;
use tokio::{
    sync::{Notify, mpsc},
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;

use crate::{
    Gateway,
    outbox::{Handle, SocketOutbox, frame},
    pipeline::{Incoming, Pipeline},
    reply::error_frame,
};

/// The credentials in the handshake; the first that is there counts.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Handshake {
    token: Option<String>,
    api_key: Option<String>,
    session_id: Option<String>,
}

impl Handshake {
    fn credential(self) -> Option<Credential> {
        let token = self.token.map(Credential::Token);
        token.or(self.api_key.map(Credential::ApiKey)).or(self.session_id.map(Credential::Session))
    }
}

/// Why a handshake was refused: these three sentences are all that a client is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turned {
    Failed,
    Undecided,
    TooMany,
}

impl fmt::Display for Turned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Failed => "Authentication failed",
            Self::Undecided => "Authentication error",
            Self::TooMany => "Too many connections",
        })
    }
}

/// How many connections there are, in all and of each user and address.
#[derive(Default)]
pub(crate) struct Census {
    counts: Mutex<HashMap<Counted, usize>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Counted {
    Node,
    User(String),
    Address(IpAddr),
}

/// A place among the connections; free again when dropped.
pub(crate) struct Seat {
    census: Arc<Census>,
    counted: Vec<Counted>,
}

impl Census {
    fn seat(self: &Arc<Self>, wanted: Vec<(Counted, usize)>) -> Option<Seat> {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if wanted.iter().any(|(counted, max)| counts.get(counted).is_some_and(|count| count >= max)) {
            return None;
        }
        for (counted, _) in &wanted {
            *counts.entry(counted.clone()).or_default() += 1;
        }
        Some(Seat { census: Arc::clone(self), counted: wanted.into_iter().map(|(counted, _)| counted).collect() })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut counts = self.census.counts.lock().unwrap_or_else(PoisonError::into_inner);
        for counted in &self.counted {
            if let Some(count) = counts.get_mut(counted) {
                *count -= 1;
                if *count == 0 {
                    counts.remove(counted);
                }
            }
        }
    }
}

/// A caller who has been let in.
pub(crate) struct Admitted {
    pub(crate) caller: Caller,
    pub(crate) seat: Seat,
}

impl Gateway {
    /// Decides on a handshake.
    pub(crate) async fn admit(&self, handshake: Handshake, address: Option<IpAddr>) -> Result<Admitted, Turned> {
        if self.closing.is_cancelled() {
            return Err(Turned::Undecided);
        }
        let principal = match self.authenticate(handshake).await {
            Ok(principal) => principal,
            Err(turned) => {
                let too_often = address.is_some_and(|address| self.failures.check(address).is_err());
                return Err(if turned == Turned::Failed && too_often { Turned::TooMany } else { turned });
            }
        };
        let mut wanted = vec![
            (Counted::Node, self.settings.max_connections),
            (Counted::User(principal.user.clone()), self.settings.max_connections_per_user),
        ];
        wanted.extend(address.map(|address| (Counted::Address(address), self.settings.max_connections_per_address)));
        let seat = self.census.seat(wanted).ok_or(Turned::TooMany)?;
        let caller = Caller::new(Arc::new(principal)).map_err(|error| {
            tracing::info!(%error, "handshake refused");
            Turned::Failed
        })?;
        Ok(Admitted { caller, seat })
    }

    async fn authenticate(&self, handshake: Handshake) -> Result<Principal, Turned> {
        let Some(credential) = handshake.credential() else {
            tracing::debug!("handshake without credentials");
            return Err(Turned::Failed);
        };
        match self.authenticators.authenticate(&credential, self.services.clock().now().0).await {
            // What is accepted as barely expired elsewhere would be thrown out again right away.
            Ok(principal) if principal.expired_at(self.services.clock().now().0) => Err(Turned::Failed),
            Ok(principal) => Ok(principal),
            Err(AuthError::Refused(refusal)) => {
                tracing::info!(kind = credential.kind(), reason = refusal.reason(), "handshake refused");
                Err(Turned::Failed)
            }
            Err(AuthError::Unavailable(error)) => {
                tracing::warn!(%error, "handshake undecided");
                Err(Turned::Undecided)
            }
        }
    }
}

/// How long a transport may stay without a socket.
const GRACE: Duration = Duration::from_secs(2);

/// One connection, from its handshake on.
pub(crate) struct Connection {
    pub(crate) gateway: Arc<Gateway>,
    pub(crate) socket: Arc<Socket>,
    pub(crate) outbox: Arc<SocketOutbox>,
    /// The Socket.IO id, which only its own client may know.
    pub(crate) id: String,
    /// Its place among the connections, kept to the end.
    pub(crate) _seat: Seat,
    /// Cuts the WebSocket, where the handshake came over one.
    pub(crate) line: Option<CancellationToken>,
    /// Told when the client has been told that it is connected.
    pub(crate) connected: Arc<Notify>,
    /// Cancelled when the connection has ended.
    pub(crate) closed: CancellationToken,
}

/// A connection in the hub; forgotten when dropped, whatever ends its task.
struct Registered<'a>(&'a Connection);

impl<'a> Registered<'a> {
    fn new(connection: &'a Connection) -> Self {
        connection.gateway.hub.connect(&connection.socket);
        connection.gateway.sessions.socket_began(&connection.id);
        Self(connection)
    }
}

impl Drop for Registered<'_> {
    fn drop(&mut self) {
        self.0.gateway.hub.disconnect(&self.0.socket);
    }
}

impl Connection {
    /// Serves the connection until it ends, and forgets it then. What was received before the end is still executed.
    pub(crate) async fn serve(self, inbox: mpsc::Receiver<Incoming>) {
        let patience = self.gateway.settings.connect_timeout;
        tokio::select! {
            arrived = timeout(patience, self.connected.notified()) => if arrived.is_err() {
                return self.outbox.dismiss(None);
            },
            () = self.closed.cancelled() => {}
        }
        let registered = Registered::new(&self);
        self.greet();
        self.execute(inbox).await;
        drop(registered);
        self.outbox.flush();
        self.let_go().await;
    }

    /// Executes commands in the order in which they come, each answered before the next begins.
    async fn execute(&self, mut inbox: mpsc::Receiver<Incoming>) {
        let pipeline = Pipeline {
            gateway: Arc::clone(&self.gateway),
            socket: Arc::clone(&self.socket),
            outbox: Arc::clone(&self.outbox),
        };
        let handle = Handle(Arc::clone(&self.outbox));
        let expiry = self.expiry();
        tokio::pin!(expiry);
        loop {
            let incoming = tokio::select! {
                biased;
                () = &mut expiry => return self.expire(),
                incoming = inbox.recv() => incoming,
                () = self.closed.cancelled() => break,
                () = self.gateway.closing.cancelled() => break,
            };
            let Some(incoming) = incoming else { break };
            // A change that has begun goes on to its end by itself; a replay does not.
            tokio::select! {
                biased;
                () = &mut expiry => return self.expire(),
                () = pipeline.run(incoming) => {}
            }
            // Who does not read answers gets no further ones.
            tokio::select! {
                biased;
                () = &mut expiry => return self.expire(),
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

    fn expire(&self) {
        let error = ErrorBody::new(Code::Unauthenticated, "the credentials have expired; connect again");
        self.outbox.dismiss(Some(error_frame(&**self.gateway.services.clock(), &error, None)));
    }

    /// Gives the place back when the transport is gone. A client that left and keeps its WebSocket is cut off.
    async fn let_go(&self) {
        let line = self.gateway.sessions.line(&self.id).or_else(|| self.line.clone());
        if let Some(line) = &line {
            tokio::select! {
                () = line.cancelled() => {}
                () = sleep(GRACE) => {}
                () = self.gateway.closing.cancelled() => {}
            }
        }
        let unused = self.gateway.sessions.socket_ended(&self.id);
        if let Some(line) = line.filter(|_| unused && !self.gateway.closing.is_cancelled()) {
            line.cancel();
        }
    }

    fn greet(&self) {
        let caller = self.socket.caller();
        let status = Ephemeral::ConnectionStatus(data::ConnectionStatus {
            status: "connected",
            socket_id: self.id.clone(),
            user: ConnectedUser {
                id: caller.user().clone(),
                name: caller.principal().name.clone(),
                permissions: caller.principal().permissions.iter().map(|permission| permission.to_string()).collect(),
                teams: caller.teams().to_vec(),
            },
            server_version: self.gateway.server_version,
            protocol_version: PROTOCOL_VERSION,
            limits: self.gateway.limits(),
        });
        Handle(Arc::clone(&self.outbox)).push(frame(&**self.gateway.services.clock(), &status));
    }

    /// Ends when the credentials expire.
    async fn expiry(&self) {
        let Some(expires_at) = self.socket.caller().principal().expires_at else {
            return std::future::pending().await;
        };
        // Looked at again at least once an hour, because the time of day may be set anew.
        loop {
            let left = expires_at - self.gateway.services.clock().now().0;
            if left <= 0 {
                return;
            }
            sleep(Duration::from_millis(left.unsigned_abs().min(3_600_000))).await;
        }
    }
}
