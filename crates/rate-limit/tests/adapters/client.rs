//! A server on a port of its own, and a Socket.IO client that writes its frames by hand.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

const PATIENCE: Duration = Duration::from_secs(60);

/// Serves until the test's runtime ends.
pub(crate) async fn serve(app: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(axum::serve(listener, app).into_future());
    address
}

pub(crate) struct Client {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
    next_ack: u64,
}

impl Client {
    /// Connects to `/` with `user` as the handshake's data, and waits until the server has registered its handlers.
    pub(crate) async fn connect(address: SocketAddr, user: &str) -> Self {
        let url = format!("ws://{address}/socket.io/?EIO=4&transport=websocket");
        let (stream, _) = connect_async(url).await.unwrap();
        let mut client = Self { stream, next_ack: 0 };
        assert!(client.receive().await.starts_with("0{"));
        client.send(format!("40{}", Value::from(user))).await;
        assert!(client.receive().await.starts_with("40{"));
        client
    }

    async fn send(&mut self, frame: String) {
        self.stream.send(Message::text(frame)).await.unwrap();
    }

    /// Returns the next frame that is not a heartbeat.
    async fn receive(&mut self) -> String {
        loop {
            let message = tokio::time::timeout(PATIENCE, self.stream.next()).await.unwrap().unwrap().unwrap();
            match message.to_text().unwrap() {
                "2" => self.send("3".to_owned()).await,
                frame => return frame.to_owned(),
            }
        }
    }

    /// Emits with an acknowledgement. Returns its only argument.
    pub(crate) async fn call(&mut self, event: &str, data: &str) -> Value {
        let id = self.next_ack;
        self.next_ack += 1;
        self.send(format!("42{id}{}", serde_json::json!([event, data]))).await;
        let frame = self.receive().await;
        let arguments: Value = serde_json::from_str(frame.strip_prefix(&format!("43{id}")).unwrap()).unwrap();
        assert_eq!(arguments.as_array().unwrap().len(), 1);
        arguments[0].clone()
    }

    /// Emits without an acknowledgement.
    pub(crate) async fn emit(&mut self, event: &str, data: &str) {
        self.send(format!("42{}", serde_json::json!([event, data]))).await;
    }

    /// Returns the next event: its name and its arguments.
    pub(crate) async fn event(&mut self) -> Value {
        let frame = self.receive().await;
        serde_json::from_str(frame.strip_prefix("42").unwrap()).unwrap()
    }

    pub(crate) async fn close(mut self) {
        self.stream.close(None).await.unwrap();
    }
}
