//! Opens a Socket.IO connection over a WebSocket: the handshakes of the three layers, and their refusals.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::header::{COOKIE, HeaderName, HeaderValue, ORIGIN};
use tokio_tungstenite::tungstenite::{Error as WsError, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::deadline::patient;
use crate::packet::{self, Incoming};

/// How long a handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(30);

/// The stream of a client.
pub(crate) type Stream = WebSocketStream<TcpStream>;

/// Why a connection could not be opened.
#[derive(Debug)]
pub enum ConnectError {
    /// Socket.IO refused it, with this message of `connect_error`.
    Refused(String),
    /// HTTP refused it with this status.
    Http(u16),
    /// It broke, took too long, or the server did not speak the protocol.
    Broken(String),
}

impl std::fmt::Display for ConnectError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Refused(message) => write!(f, "refused: {message}"),
            Self::Http(status) => write!(f, "refused with HTTP status {status}"),
            Self::Broken(reason) => write!(f, "broken: {reason}"),
        }
    }
}

impl std::error::Error for ConnectError {}

impl ConnectError {
    pub(crate) fn broken(reason: impl std::fmt::Display) -> Self {
        Self::Broken(reason.to_string())
    }
}

/// A connection to be opened.
#[derive(Debug, Clone)]
pub struct Dial {
    url: String,
    auth: Value,
    headers: Vec<(HeaderName, String)>,
    receive_buffer: Option<u32>,
    from: Option<IpAddr>,
}

impl Dial {
    /// Connects to the server at `url` (`http://host:port`), without credentials so far.
    #[must_use]
    pub fn new(url: &str) -> Self {
        Self { url: url.to_owned(), auth: json!({}), headers: Vec::new(), receive_buffer: None, from: None }
    }

    /// Adds this `auth` object.
    #[must_use]
    pub fn auth(mut self, auth: Value) -> Self {
        self.auth = auth;
        self
    }

    /// Connects as a page of this origin would.
    #[must_use]
    pub fn origin(self, origin: &str) -> Self {
        self.with(ORIGIN, origin)
    }

    /// Adds this `Cookie` header.
    #[must_use]
    pub fn cookie(self, cookie: &str) -> Self {
        self.with(COOKIE, cookie)
    }

    /// Adds this header, named in lower case.
    #[must_use]
    pub fn header(self, name: &'static str, value: &str) -> Self {
        self.with(HeaderName::from_static(name), value)
    }

    fn with(mut self, name: HeaderName, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    /// Connects from this address of the machine.
    #[must_use]
    pub fn from(mut self, address: IpAddr) -> Self {
        self.from = Some(address);
        self
    }

    /// Sets the size of the kernel's receive buffer in bytes, so that a socket that is not read fills up soon.
    #[must_use]
    pub fn receive_buffer(mut self, bytes: u32) -> Self {
        self.receive_buffer = Some(bytes);
        self
    }

    /// Connects, and returns the stream and the id of the socket.
    pub(crate) async fn connect(self) -> Result<(Stream, String), ConnectError> {
        let late = |_| ConnectError::broken(format!("no connection within {HANDSHAKE:?}"));
        tokio::time::timeout(patient(HANDSHAKE), self.handshake()).await.map_err(late)?
    }

    async fn handshake(self) -> Result<(Stream, String), ConnectError> {
        let mut stream = self.websocket().await?;
        loop {
            match self.read(&mut stream).await? {
                Incoming::Open => {
                    let connect = Message::text(packet::connect(&self.auth));
                    stream.send(connect).await.map_err(ConnectError::broken)?;
                }
                Incoming::Ping => stream.send(Message::text("3")).await.map_err(ConnectError::broken)?,
                Incoming::Connected(body) => {
                    return Ok((stream, body["sid"].as_str().unwrap_or_default().to_owned()));
                }
                Incoming::Refused(body) => {
                    return Err(ConnectError::Refused(body["message"].as_str().unwrap_or_default().to_owned()));
                }
                other => return Err(ConnectError::broken(format!("{other:?} before the connection"))),
            }
        }
    }

    /// Makes the HTTP upgrade.
    pub(crate) async fn websocket(&self) -> Result<Stream, ConnectError> {
        let address = self.url.trim_start_matches("http://");
        let address: SocketAddr = address.parse().map_err(ConnectError::broken)?;
        let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() };
        let socket = socket.map_err(ConnectError::broken)?;
        if let Some(bytes) = self.receive_buffer {
            socket.set_recv_buffer_size(bytes).map_err(ConnectError::broken)?;
        }
        if let Some(from) = self.from {
            socket.bind(SocketAddr::new(from, 0)).map_err(ConnectError::broken)?;
        }
        let stream = socket.connect(address).await.map_err(ConnectError::broken)?;
        stream.set_nodelay(true).map_err(ConnectError::broken)?;

        let url = format!("ws://{address}/socket.io/?EIO=4&transport=websocket");
        let mut request = url.into_client_request().map_err(ConnectError::broken)?;
        for (name, value) in &self.headers {
            request.headers_mut().insert(name, HeaderValue::from_str(value).map_err(ConnectError::broken)?);
        }
        match client_async(request, stream).await {
            Ok((stream, _)) => Ok(stream),
            Err(WsError::Http(response)) => Err(ConnectError::Http(response.status().as_u16())),
            Err(error) => Err(ConnectError::broken(error)),
        }
    }

    async fn read(&self, stream: &mut Stream) -> Result<Incoming, ConnectError> {
        loop {
            match stream.next().await {
                Some(Ok(Message::Text(text))) => {
                    return packet::parse(&text).map_err(|e| ConnectError::broken(format!("{e:#}")));
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(other)) => return Err(ConnectError::broken(format!("{other:?} before the connection"))),
                Some(Err(error)) => return Err(ConnectError::broken(error)),
                None => return Err(ConnectError::broken("closed before the connection")),
            }
        }
    }
}
