//! The accept loop: bounded, with a deadline for headers, and with a handle on every connection so that none outlives
//! the server.

use std::{io, net::IpAddr, sync::Arc, time::Duration};

use crate::{
    connection_slots::{ConnectionSlot, ConnectionSlots, SlotLimits},
    pace,
    stream::MonitoredStream,
};
use axum::Router;
use boardwire_gate::{Need, Proxies, TcpConnection, supervise};
use boardwire_rate_limit::client_network;
use hyper::{Request, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    time::timeout,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// How long a client may take to send the headers of a request.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);
/// The largest headers, and how much of a body is read ahead, in bytes.
const READ_AHEAD: usize = 64 * 1024;
/// How long to wait before the next attempt when accepting fails, for instance because too many files are open.
const ACCEPT_RETRY_DELAY: Duration = Duration::from_millis(100);

/// A running listener.
#[derive(Clone)]
pub(crate) struct RunningListener {
    /// Cancelled when no further connections are accepted.
    stop: CancellationToken,
    /// Cancelled when connections must end after their current request.
    drain: CancellationToken,
    /// Cancelled when WebSockets are cut.
    cut_sockets: CancellationToken,
    /// Cancelled when all connections are cut.
    cut: CancellationToken,
    tasks: TaskTracker,
    /// Connections that are not WebSockets.
    requests: TaskTracker,
}

impl RunningListener {
    /// Serves `router` on `listener`, in a task that is supervised according to `need`.
    pub(crate) fn start(
        listener: TcpListener,
        router: Router,
        proxies: Proxies,
        limits: SlotLimits,
        need: Need,
    ) -> Self {
        let running = Self {
            stop: CancellationToken::new(),
            drain: CancellationToken::new(),
            cut_sockets: CancellationToken::new(),
            cut: CancellationToken::new(),
            tasks: TaskTracker::new(),
            requests: TaskTracker::new(),
        };
        let acceptor = Acceptor {
            listener: Arc::new(listener),
            router,
            proxies: Arc::new(proxies),
            slots: Arc::new(ConnectionSlots::new(limits)),
            running: running.clone(),
        };
        let stop = running.stop.clone();
        running.tasks.spawn(supervise("the listener", need, stop, move || acceptor.clone().accept()));
        running
    }

    /// Stops accepting connections.
    pub(crate) fn stop(&self) {
        self.stop.cancel();
    }

    /// Waits up to `request_grace` for requests to finish and up to `websocket_grace` for WebSockets to close, then cuts
    /// the rest.
    pub(crate) async fn finish(self, request_grace: Duration, websocket_grace: Duration) {
        self.stop.cancel();
        self.drain.cancel();
        self.tasks.close();
        self.requests.close();
        let (tasks, requests) = (self.tasks.clone(), self.requests.clone());
        let sockets = async {
            let _ = timeout(websocket_grace, tasks.wait()).await;
            self.cut_sockets.cancel();
        };
        let (_, ()) = tokio::join!(timeout(request_grace, requests.wait()), sockets);
        self.cut.cancel();
        self.tasks.wait().await;
    }
}

/// Accepts and serves connections.
#[derive(Clone)]
struct Acceptor {
    listener: Arc<TcpListener>,
    router: Router,
    proxies: Arc<Proxies>,
    slots: Arc<ConnectionSlots>,
    running: RunningListener,
}

/// A connection that was accepted, with its address.
struct Accepted {
    stream: TcpStream,
    remote: IpAddr,
    /// `None`: there is no slot for the connection, which is cut.
    slot: Option<ConnectionSlot>,
}

impl Acceptor {
    /// Accepts connections until the token is cancelled.
    async fn accept(self) {
        loop {
            let accepted = tokio::select! {
                () = self.running.stop.cancelled() => return,
                accepted = self.next() => accepted,
            };
            match accepted {
                Ok(Accepted { stream, remote, slot: Some(slot) }) => self.begin(stream, remote, slot),
                Ok(Accepted { remote, .. }) => {
                    tracing::debug!(address = %remote, "no slot for a connection");
                }
                Err(error) => {
                    tracing::warn!(%error, "can't accept a connection");
                    tokio::time::sleep(ACCEPT_RETRY_DELAY).await;
                }
            }
        }
    }

    /// Returns the next connection, as soon as it is known whether it gets a slot.
    async fn next(&self) -> io::Result<Accepted> {
        let (stream, address) = self.listener.accept().await?;
        let remote = address.ip();
        // A proxy's address is not that of a client.
        let client_address = (!self.proxies.trust(remote)).then(|| client_network(remote));
        Ok(Accepted { stream, remote, slot: self.slots.take(client_address).await })
    }

    /// Serves a connection in a task of its own.
    fn begin(&self, stream: TcpStream, remote: IpAddr, slot: ConnectionSlot) {
        let running = &self.running;
        let Ok((stream, connection)) = MonitoredStream::new(stream, running.cut.child_token()) else { return };
        slot.hold(&connection);
        let (router, drain, request_token) = (self.router.clone(), running.drain.clone(), running.requests.token());
        let (proxies, cut_sockets) = (Arc::clone(&self.proxies), running.cut_sockets.clone());
        running.tasks.spawn(async move {
            let serving = async {
                let upgraded = serve(stream, &connection, remote, &slot, proxies, router, drain).await;
                drop(request_token);
                if upgraded {
                    // The stream continues as a WebSocket, and holds its slot until it ends.
                    tokio::select! {
                        () = connection.closed() => {}
                        () = cut_sockets.cancelled() => connection.cut(),
                    }
                }
            };
            tokio::pin!(serving);
            // When an unauthenticated connection is cut, its request is dropped at once: another connection waits for
            // its slot.
            tokio::select! {
                biased;
                () = connection.closed() => return,
                () = &mut serving => return,
                () = connection.authenticated() => slot.keep(),
            }
            if !connection.is_closed() {
                serving.await;
            }
        });
    }
}

/// Serves requests; returns whether the connection may continue as a WebSocket.
async fn serve(
    stream: MonitoredStream,
    connection: &TcpConnection,
    remote: IpAddr,
    slot: &ConnectionSlot,
    proxies: Arc<Proxies>,
    router: Router,
    drain: CancellationToken,
) -> bool {
    let service = service_fn(move |mut request: Request<Incoming>| {
        let peer = proxies.peer(remote, request.headers(), connection.clone());
        slot.note_client(peer.address, connection);
        request.extensions_mut().insert(peer);
        pace::serve(router.clone(), request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .max_buf_size(READ_AHEAD)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let ended = {
        tokio::pin!(connection);
        tokio::select! {
            ended = &mut connection => ended,
            () = drain.cancelled() => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        }
    };
    // `Ok` means that the connection was upgraded, or that it has ended and its `TcpConnection` is closed.
    ended.inspect_err(|error| tracing::debug!(%error, "a connection ended with an error")).is_ok()
}
