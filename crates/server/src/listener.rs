//! The accept loop: bounded, with a deadline for headers, and with a hold on every connection so that none outlives the
//! server.

use std::{net::IpAddr, sync::Arc, time::Duration};

use crate::{pace, stream::Monitored};
use axum::Router;
use boardwire_gate::{Census, Line, Need, Proxies, Seat, supervise};
use hyper::{Request, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{net::TcpListener, sync::Semaphore, time::timeout};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// How long a client may take to send the headers of a request.
const HEADERS: Duration = Duration::from_secs(10);
/// How large they may be, and how much of a body is read ahead.
const READ_AHEAD: usize = 64 * 1024;
/// How long to wait when the system has no room for another connection.
const EXHAUSTED: Duration = Duration::from_millis(100);

/// How many connections there may be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Room {
    /// In all; further ones wait in the system's queue.
    pub(crate) in_all: usize,
    /// From one address that is not a proxy's; further ones are cut at once.
    pub(crate) per_address: usize,
}

/// A listener at work.
#[derive(Clone)]
pub(crate) struct Accepting {
    /// Cancelled: no further connections.
    stop: CancellationToken,
    /// Cancelled: connections finish the request that they are at.
    drain: CancellationToken,
    /// Cancelled: WebSockets are cut.
    cut_sockets: CancellationToken,
    /// Cancelled: connections are cut.
    cut: CancellationToken,
    tasks: TaskTracker,
    /// Connections that have not become WebSockets.
    requests: TaskTracker,
}

impl Accepting {
    /// Serves `router` on `listener`. A server that takes no connections any more is none: `need` says what becomes of it.
    pub(crate) fn start(listener: TcpListener, router: Router, proxies: Proxies, room: Room, need: Need) -> Self {
        let accepting = Self {
            stop: CancellationToken::new(),
            drain: CancellationToken::new(),
            cut_sockets: CancellationToken::new(),
            cut: CancellationToken::new(),
            tasks: TaskTracker::new(),
            requests: TaskTracker::new(),
        };
        let entrance = Entrance {
            listener: Arc::new(listener),
            router,
            proxies: Arc::new(proxies),
            census: Arc::new(Census::default()),
            seats: Arc::new(Semaphore::new(room.in_all.min(Semaphore::MAX_PERMITS))),
            per_address: room.per_address,
            accepting: accepting.clone(),
        };
        let stop = accepting.stop.clone();
        accepting.tasks.spawn(supervise("the listener", need, stop, move || entrance.clone().accept()));
        accepting
    }

    /// Takes no further connections.
    pub(crate) fn stop(&self) {
        self.stop.cancel();
    }

    /// Lets requests finish for `patience` and WebSockets for `last_words`, then cuts what is left.
    pub(crate) async fn finish(self, patience: Duration, last_words: Duration) {
        self.stop.cancel();
        self.drain.cancel();
        self.tasks.close();
        self.requests.close();
        let (tasks, requests) = (self.tasks.clone(), self.requests.clone());
        let sockets = async {
            let _ = timeout(last_words, tasks.wait()).await;
            self.cut_sockets.cancel();
        };
        let (_, ()) = tokio::join!(timeout(patience, requests.wait()), sockets);
        self.cut.cancel();
        self.tasks.wait().await;
    }
}

/// Where connections come in.
#[derive(Clone)]
struct Entrance {
    listener: Arc<TcpListener>,
    router: Router,
    proxies: Arc<Proxies>,
    census: Arc<Census>,
    seats: Arc<Semaphore>,
    per_address: usize,
    accepting: Accepting,
}

impl Entrance {
    /// Accepts connections until the token is cancelled.
    async fn accept(self) {
        let Self { listener, router, proxies, census, seats, per_address, accepting } = self;
        loop {
            let accepted = async {
                let seat = Arc::clone(&seats).acquire_owned().await;
                (listener.accept().await, seat)
            };
            let ((stream, address), seat) = tokio::select! {
                () = accepting.stop.cancelled() => return,
                accepted = accepted => match accepted {
                    (Ok(accepted), seat) => (accepted, seat),
                    (Err(error), _) => {
                        tracing::warn!(%error, "can't accept a connection");
                        tokio::time::sleep(EXHAUSTED).await;
                        continue;
                    }
                }
            };
            let Ok(of_address) = place(&census, &proxies, address.ip(), per_address) else {
                tracing::debug!(address = %address.ip(), "too many connections of one address");
                continue;
            };
            let hang_up = accepting.cut.child_token();
            let (router, drain, request) = (router.clone(), accepting.drain.clone(), accepting.requests.token());
            let (proxies, cut_sockets) = (Arc::clone(&proxies), accepting.cut_sockets.clone());
            accepting.tasks.spawn(async move {
                let Ok((stream, line)) = Monitored::new(stream, hang_up) else { return };
                let upgraded = serve(stream, line.clone(), address.ip(), proxies, router, drain).await;
                drop(request);
                if upgraded {
                    // The stream lives on with the WebSocket, and holds its place until it ends.
                    tokio::select! {
                        () = line.over() => {}
                        () = cut_sockets.cancelled() => line.cut(),
                    }
                }
                drop((seat, of_address));
            });
        }
    }
}

/// A place among the connections of an address. Proxies speak for many, and need none.
fn place(census: &Arc<Census>, proxies: &Proxies, address: IpAddr, max: usize) -> Result<Option<Seat>, Crowded> {
    if proxies.trust(address) {
        return Ok(None);
    }
    census.one_more(address, max).map(Some).ok_or(Crowded)
}

/// Too many connections come from one address.
struct Crowded;

/// Serves requests; whether the connection may live on as a WebSocket.
async fn serve(
    stream: Monitored,
    line: Line,
    remote: IpAddr,
    proxies: Arc<Proxies>,
    router: Router,
    drain: CancellationToken,
) -> bool {
    let service = service_fn(move |mut request: Request<Incoming>| {
        let peer = proxies.peer(remote, request.headers(), line.clone());
        request.extensions_mut().insert(peer);
        pace::serve(router.clone(), request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADERS)
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
    // It may be over as well: then its hang-up has been cancelled.
    ended.inspect_err(|error| tracing::debug!(%error, "a connection ended with an error")).is_ok()
}
