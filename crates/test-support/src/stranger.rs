//! A client that opens a WebSocket and does not authenticate: it sends raw frames, and sees when the server cuts it
//! off.

use std::time::Duration;

use anyhow::Result;
use futures_util::{SinkExt, StreamExt};
use tokio_tungstenite::tungstenite::Message;

use crate::connection::{ConnectError, Dial, Stream};
use crate::deadline::within;

/// A WebSocket without a Socket.IO handshake. Dropping it drops the connection.
pub struct Stranger(Stream);

impl Dial {
    /// Opens only the WebSocket.
    ///
    /// # Errors
    /// The server refuses the connection, or the network fails.
    pub async fn stranger(&self) -> Result<Stranger, ConnectError> {
        self.websocket().await.map(Stranger)
    }
}

impl Stranger {
    /// Sends a text frame; returns `false` if the connection has ended.
    pub async fn text(&mut self, frame: impl Into<String>) -> bool {
        self.0.send(Message::text(frame.into())).await.is_ok()
    }

    /// Sends a binary frame; returns `false` if the connection has ended.
    pub async fn binary(&mut self, frame: Vec<u8>) -> bool {
        self.0.send(Message::binary(frame)).await.is_ok()
    }

    /// Sends a WebSocket ping; returns `false` if the connection has ended.
    pub async fn ping(&mut self) -> bool {
        self.0.send(Message::Ping(Vec::new().into())).await.is_ok()
    }

    /// Reads until the server ends the connection.
    ///
    /// # Errors
    /// It is still open after `limit`.
    pub async fn wait_closed(&mut self, limit: Duration) -> Result<()> {
        let ended = async { while let Some(Ok(_)) = self.0.next().await {} };
        within("the connection ends", limit, ended).await
    }
}
