//! Everything that touches socketioxide, with remedies for its weaknesses. Its message handlers do not keep the order
//! and have no backpressure, so commands go straight from its reader task into a bounded queue. Its connect handler may
//! run after the first event, so everything is set up earlier, in the middleware. Its broadcasts drop packets silently,
//! so each connection has its own queue in front of it. It collects binary attachments even from unauthenticated
//! clients, so it may accept none. It bounds waiting packets only by number, so bytes are counted here.

use std::{
    convert::Infallible,
    sync::{
        Arc, Weak,
        atomic::{AtomicU64, Ordering},
    },
};

use boardwire_browser::Page;
use boardwire_gate::Peer;
use boardwire_subscriptions::Socket as HubSocket;
use serde_json::value::RawValue;
use socketioxide::{
    ParserConfig, SendError, SocketError, SocketIo, TransportType,
    adapter::LocalAdapter,
    extract::{AckSender, SocketRef, TryData},
    handler::{ConnectHandler as _, FromConnectParts, FromMessageParts as _, MessageHandler, Value},
    layer::SocketIoLayer,
    socket::Socket,
};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::{
    Gateway, batch,
    connect::{Handshake, HandshakeRejection},
    connection::Connection,
    inbox::{self, Inbox},
    link::Link,
    outbox::{Sent, SharedOutbox, SocketOutbox, Wire},
    queue::Outgoing,
};

/// The most packets that the library may hold for one connection, in addition to our own queue.
const LIBRARY_BUFFER: usize = 128;
/// The most bytes that the library may hold: at this many, it gets no further packet until some have been sent.
const LIBRARY_BYTES: u64 = 256 * 1024;
/// The size of the read buffer in bytes: small, because every connection has one, even when idle.
const READ_BUFFER: usize = 1024;

/// The Socket.IO service with the gateway behind it.
pub(crate) fn layer(gateway: &Arc<Gateway>) -> SocketIoLayer {
    let settings = &gateway.settings;
    let max_message = gateway.max_message();
    let (layer, io) = SocketIo::builder()
        .req_path("/socket.io")
        .ping_interval(settings.ping_interval)
        .ping_timeout(settings.ping_timeout)
        .connect_timeout(settings.connect_timeout)
        // Over polling, this bounds a whole batch; the guard bounds each of its messages.
        .max_payload(settings.max_payload.saturating_mul(batch::MAX_MESSAGES))
        .max_buffer_size(LIBRARY_BUFFER)
        .ws_max_message_size(max_message)
        .ws_max_frame_size(max_message)
        .ws_read_buffer_size(READ_BUFFER)
        .transports([TransportType::Polling, TransportType::Websocket])
        // No command takes binary data. By default, a packet may announce thousands of attachments, which are held
        // until all of them are there, even before the client has authenticated.
        .with_parser(ParserConfig::common().max_incoming_binaries(0).max_incoming_binary_buf_size(0))
        .build_layer();
    let for_middleware = Arc::clone(gateway);
    let middleware = move |SharedSocket(socket): SharedSocket, TryData(handshake): TryData<Handshake>| {
        let gateway = Arc::clone(&for_middleware);
        async move { connect(gateway, socket, handshake.unwrap_or_default()).await }
    };
    // The client has been told that it is connected, so its commands may be executed.
    let connected = async |socket: SocketRef| {
        if let Some(connected) = socket.extensions.get::<Arc<Notify>>() {
            connected.notify_one();
        }
    };
    io.ns("/", connected.with(middleware));
    layer
}

/// The middleware: everything that a connection needs is in place before its client learns that it is connected.
async fn connect(
    gateway: Arc<Gateway>,
    socket: Arc<Socket<LocalAdapter>>,
    handshake: Handshake,
) -> Result<(), HandshakeRejection> {
    let peer = socket.req_parts().extensions.get::<Peer>().cloned();
    let parts = socket.req_parts();
    let page = parts.extensions.get::<Page>();
    let cookies = page.map(|page| page.handshake_sessions(&parts.headers)).unwrap_or_default();
    let accepted = gateway.accept(handshake, cookies, peer.as_ref()).await?;
    let (closed, connected) = (CancellationToken::new(), Arc::new(Notify::new()));
    // If the session begins over a WebSocket, the handshake's connection is the one that carries it.
    let is_websocket = socket.req_parts().headers.contains_key(http::header::UPGRADE);
    let direct = peer.filter(|_| is_websocket).map(|peer| peer.connection);
    let link = Link { id: socket.id.to_string(), direct, sessions: Arc::clone(&gateway.sessions) };
    let wire = SocketWire::new(&socket, link.clone());
    let outbox = SocketOutbox::new(wire, closed.clone(), Arc::clone(&gateway.flusher));
    let key = gateway.gate.new_key();
    let clock = Arc::clone(gateway.gate.services().clock());
    let max_payload = usize::try_from(gateway.settings.max_payload).unwrap_or(usize::MAX);
    let (inbox, commands) = inbox::open(Arc::clone(&outbox), clock, max_payload);
    let connection = Connection {
        socket: HubSocket::new(key, accepted.caller, Arc::new(SharedOutbox(Arc::clone(&outbox)))),
        outbox,
        link: link.clone(),
        _permit: accepted.permit,
        connected: Arc::clone(&connected),
        recheck: Arc::default(),
        closed: closed.clone(),
        gateway: Arc::clone(&gateway),
    };
    socket.extensions.insert(connected);
    socket.on_fallback(Reader { inbox, link });
    socket.on_disconnect(async move || closed.cancel());
    gateway.sockets.spawn(connection.serve(commands));
    Ok(())
}

/// Receives all events of a connection, called in order by the library's reader task.
struct Reader {
    inbox: Inbox,
    link: Link,
}

impl MessageHandler<LocalAdapter, Reader> for Reader {
    fn call(&self, _socket: Arc<Socket<LocalAdapter>>, value: Value, acknowledgement: Option<i64>) {
        let (packet, binary) = match value {
            Value::Str(text, attached) => (text.as_str().to_owned(), attached.is_some()),
            Value::Bytes(_) => (String::new(), true),
        };
        if let Some(connection) = self.link.connection() {
            connection.note_message(packet.len());
        }
        self.inbox.receive(packet, binary, acknowledgement);
    }
}

/// The socket itself, which the library's own extractors hand out only by reference.
struct SharedSocket(Arc<Socket<LocalAdapter>>);

impl FromConnectParts<LocalAdapter> for SharedSocket {
    type Error = Infallible;

    fn from_connect_parts(socket: &Arc<Socket<LocalAdapter>>, _: &Option<Value>) -> Result<Self, Infallible> {
        Ok(Self(Arc::clone(socket)))
    }
}

/// The library's side of a connection. It must not keep the socket alive: the socket holds its [`Reader`], which holds
/// the queue, which holds this.
struct SocketWire {
    socket: Weak<Socket<LocalAdapter>>,
    link: Link,
    /// Bytes that the library holds, as far as is known.
    held: AtomicU64,
    /// Bytes that had been sent when `held` was last brought up to date.
    sent: AtomicU64,
}

impl SocketWire {
    fn new(socket: &Arc<Socket<LocalAdapter>>, link: Link) -> Self {
        Self { socket: Arc::downgrade(socket), link, held: AtomicU64::new(0), sent: AtomicU64::new(0) }
    }

    /// Returns whether the library has room for more. Its own bound is a number of packets of any size.
    fn has_room(&self) -> bool {
        if self.held.load(Ordering::Relaxed) < LIBRARY_BYTES {
            return true;
        }
        let sent = self.link.bytes_sent();
        let since = sent.saturating_sub(self.sent.swap(sent, Ordering::Relaxed));
        let held = self.held.load(Ordering::Relaxed).saturating_sub(since);
        self.held.store(held, Ordering::Relaxed);
        held < LIBRARY_BYTES
    }
}

impl Wire for SocketWire {
    fn send(&self, outgoing: &Outgoing) -> Sent {
        let Some(socket) = self.socket.upgrade() else { return Sent::Closed };
        if !self.has_room() {
            return Sent::Full;
        }
        let result = match outgoing {
            Outgoing::Event(frame) => socket.emit(frame.kind().name(), frame.body()),
            Outgoing::Answer(name, body) => socket.emit(name, &**body),
            Outgoing::Acknowledgement(id, body) => acknowledge(&socket, *id, body),
        };
        match result {
            Ok(()) => {
                self.held.fetch_add(outgoing.size() as u64, Ordering::Relaxed);
                Sent::Yes
            }
            Err(SendError::Socket(SocketError::InternalChannelFull)) => Sent::Full,
            Err(error) => {
                tracing::debug!(%error, "a connection has ended");
                Sent::Closed
            }
        }
    }

    fn bytes_sent(&self) -> u64 {
        self.link.bytes_sent()
    }

    fn dismiss(&self) -> bool {
        let Some(socket) = self.socket.upgrade() else { return true };
        !socket.connected() || socket.disconnect().is_ok()
    }

    fn hang_up(&self) {
        match self.link.connection() {
            Some(connection) => connection.cut(),
            // Over polling there is no connection to cut. If the library has no room for the packet either, it drops
            // the session at the next missing pong.
            None => drop(self.dismiss()),
        }
    }
}

fn acknowledge(socket: &Arc<Socket<LocalAdapter>>, id: i64, body: &RawValue) -> Result<(), SendError> {
    let mut unused = Value::Bytes(bytes::Bytes::new());
    match AckSender::from_message_parts(socket, &mut unused, &Some(id)) {
        Ok(sender) => sender.send(body),
        Err(never) => match never {},
    }
}
