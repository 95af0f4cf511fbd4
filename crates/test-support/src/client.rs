//! A Socket.IO client for tests, on the WebSocket transport: commands with acknowledgements, events in order, and the
//! ways in which a connection can end.

use std::future::Future;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail, ensure};
use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::Message;

use crate::connection::{ConnectError, Dial, Stream};
use crate::deadline::{PATIENCE, patient, within};
use crate::inbox::{Event, Inbox, Received};
use crate::packet::{self, Incoming};

/// A connected client. Dropping it drops the connection.
pub struct Client {
    inbox: Arc<Inbox>,
    outgoing: mpsc::UnboundedSender<Message>,
    reading: watch::Sender<bool>,
    task: JoinHandle<()>,
    next_ack: AtomicU64,
    socket_id: String,
    status: Value,
}

/// A command that was sent.
pub struct Pending {
    /// The number of the acknowledgement, as it appears in a recording.
    pub id: u64,
    name: String,
    reply: oneshot::Receiver<Value>,
    inbox: Arc<Inbox>,
}

impl Pending {
    /// Waits for the reply.
    ///
    /// # Errors
    /// The connection ended first, or no reply arrived in time.
    pub async fn reply(self) -> Result<Value> {
        within(&format!("the reply to {}", self.name), PATIENCE, self.reply).await?.map_err(|_| {
            let reason = self.inbox.closed().unwrap_or_default();
            anyhow!("the connection ended before the reply to {}: {reason}", self.name)
        })
    }
}

impl Dial {
    /// Connects.
    ///
    /// # Errors
    /// The server refuses the connection, or the network fails.
    pub async fn open(self) -> Result<Client, ConnectError> {
        let (stream, socket_id) = self.connect().await?;
        Client::start(stream, socket_id).await.map_err(|error| ConnectError::broken(format!("{error:#}")))
    }
}

impl Client {
    /// Connects with this `auth` object and waits for `connection:status`.
    ///
    /// # Errors
    /// The server refuses the connection, or the network fails.
    pub async fn connect(url: &str, auth: Value) -> Result<Self, ConnectError> {
        Dial::new(url).auth(auth).open().await
    }

    async fn start(stream: Stream, socket_id: String) -> Result<Self> {
        let inbox = Arc::new(Inbox::default());
        let (outgoing, queue) = mpsc::unbounded_channel();
        let (reading, may_read) = watch::channel(true);
        let task = tokio::spawn(run(stream, queue, may_read, Arc::clone(&inbox)));
        let mut client =
            Self { inbox, outgoing, reading, task, next_ack: AtomicU64::new(0), socket_id, status: Value::Null };
        client.status = client.next_event("connection:status").await?.payload;
        Ok(client)
    }

    /// Returns the id that Socket.IO gave the connection.
    #[must_use]
    pub fn socket_id(&self) -> &str {
        &self.socket_id
    }

    /// Returns the envelope of `connection:status`.
    #[must_use]
    pub fn status(&self) -> &Value {
        &self.status
    }

    /// Sends a command without waiting: commands sent this way are pipelined.
    #[must_use]
    pub fn send_call(&self, name: &str, payload: &Value) -> Pending {
        let id = self.next_ack.fetch_add(1, Ordering::Relaxed);
        let reply = self.inbox.expect_ack(id);
        self.send_text(packet::event(name, payload, Some(id)));
        Pending { id, name: name.to_owned(), reply, inbox: Arc::clone(&self.inbox) }
    }

    /// Sends a command and waits for the reply, whatever it says.
    ///
    /// # Errors
    /// The connection ended first, or no reply arrived in time.
    pub async fn call(&self, name: &str, payload: Value) -> Result<Value> {
        self.send_call(name, &payload).reply().await
    }

    /// Sends a command that must succeed.
    ///
    /// # Errors
    /// There was no reply, or it was a refusal.
    pub async fn ask(&self, name: &str, payload: Value) -> Result<Value> {
        let reply = self.call(name, payload).await?;
        ensure!(reply["ok"] == true, "{name} was refused: {reply}");
        Ok(reply)
    }

    /// Sends a command that must be refused with `code`.
    ///
    /// # Errors
    /// There was no reply, it was a success, or the code was another one.
    pub async fn refused(&self, name: &str, payload: Value, code: &str) -> Result<Value> {
        let reply = self.call(name, payload).await?;
        ensure!(reply["ok"] == false && reply["code"] == code, "{name} should be {code}: {reply}");
        ensure!(
            reply["error"].as_str().is_some_and(|sentence| !sentence.is_empty()),
            "no sentence for people: {reply}"
        );
        Ok(reply)
    }

    /// Sends an event without asking for an acknowledgement.
    pub fn emit(&self, name: &str, payload: &Value) {
        self.send_text(packet::event(name, payload, None));
    }

    /// Sends a text frame as it is.
    pub fn send_text(&self, frame: impl Into<String>) {
        self.send(Message::text(frame.into()));
    }

    /// Sends a binary frame as it is.
    pub fn send_binary(&self, frame: Vec<u8>) {
        self.send(Message::binary(frame));
    }

    /// If the connection has ended, nothing is sent; callers that wait for an answer get the error.
    fn send(&self, message: Message) {
        let _ = self.outgoing.send(message);
    }

    /// Returns the next event with this name; others stay for later.
    ///
    /// # Errors
    /// The connection ended, or no such event arrived in time.
    pub async fn next_event(&self, name: &str) -> Result<Event> {
        let found = self.until(patient(PATIENCE), || self.inbox.take_named(name)).await;
        found.ok_or_else(|| self.not_received(name))
    }

    /// Returns the next event of any name that is not ephemeral.
    ///
    /// # Errors
    /// The connection ended, or no such event arrived in time.
    pub async fn next_any(&self) -> Result<Event> {
        self.next_matching("any event", |_| true).await
    }

    /// Returns the next ephemeral event: presence, typing, notifications.
    ///
    /// # Errors
    /// The connection ended, or no such event arrived in time.
    pub async fn next_ephemeral(&self) -> Result<Event> {
        self.until(patient(PATIENCE), || self.inbox.take_ephemeral())
            .await
            .ok_or_else(|| self.not_received("an ephemeral event"))
    }

    /// Returns all ephemeral events that were received and not yet taken.
    #[must_use]
    pub fn ephemeral_events(&self) -> Vec<Event> {
        self.inbox.drain_ephemeral()
    }

    fn not_received(&self, what: &str) -> anyhow::Error {
        anyhow!(
            "{what} was not received; connection: {}; unread: {:?}, {:?}",
            self.inbox.closed().unwrap_or_else(|| "open".into()),
            self.inbox.drain(),
            self.inbox.drain_ephemeral(),
        )
    }

    /// Returns the next event that `wanted` accepts; others stay for later. `what` names it in the error.
    ///
    /// # Errors
    /// The connection ended, or no such event arrived in time.
    pub async fn next_matching(&self, what: &str, mut wanted: impl FnMut(&Event) -> bool) -> Result<Event> {
        let found = self.until(patient(PATIENCE), || self.inbox.take(&mut wanted)).await;
        found.ok_or_else(|| self.not_received(what))
    }

    /// Returns all events that were received and not yet taken.
    #[must_use]
    pub fn events(&self) -> Vec<Event> {
        self.inbox.drain()
    }

    /// Checks that nothing arrives within `window`, and that nothing was left unread.
    ///
    /// # Errors
    /// An event arrived, or the connection ended.
    pub async fn expect_silence(&self, window: Duration) -> Result<()> {
        if let Some(event) = self.until(window, || self.inbox.take(|_| true)).await {
            bail!("there should have been silence, there was {event:?}");
        }
        match self.inbox.closed() {
            Some(reason) => bail!("silent because the connection ended: {reason}"),
            None => Ok(()),
        }
    }

    /// Checks that no ephemeral event arrives within `window`, and that none was left unread.
    ///
    /// # Errors
    /// An event arrived, or the connection ended.
    pub async fn expect_no_ephemeral(&self, window: Duration) -> Result<()> {
        if let Some(event) = self.until(window, || self.inbox.take_ephemeral()).await {
            bail!("there should have been no ephemeral event, there was {event:?}");
        }
        match self.inbox.closed() {
            Some(reason) => bail!("silent because the connection ended: {reason}"),
            None => Ok(()),
        }
    }

    /// Records the order of acknowledgements and events from now on.
    pub fn record(&self) {
        self.inbox.record();
    }

    /// Returns what was recorded since the last call.
    #[must_use]
    pub fn recorded(&self) -> Vec<Received> {
        self.inbox.recorded()
    }

    /// Stops reading from the connection: the kernel's buffers fill, and then the server's.
    pub fn pause_reading(&self) {
        self.reading.send_replace(false);
    }

    /// Resumes reading.
    pub fn resume_reading(&self) {
        self.reading.send_replace(true);
    }

    /// Returns why the connection has ended; `None` while it is open.
    #[must_use]
    pub fn closed(&self) -> Option<String> {
        self.inbox.closed()
    }

    /// Waits until the connection has ended, and returns why.
    ///
    /// # Errors
    /// It is still open after the scaled `limit`.
    pub async fn wait_closed(&self, limit: Duration) -> Result<String> {
        let limit = patient(limit);
        self.until(limit, || self.inbox.closed()).await.with_context(|| format!("still open after {limit:?}"))
    }

    /// Disconnects as a well-behaved client does.
    ///
    /// # Errors
    /// The server does not end the connection.
    pub async fn disconnect(self) -> Result<()> {
        self.send_text("41");
        self.send(Message::Close(None));
        self.wait_closed(PATIENCE).await.map(drop)
    }

    /// Ends the connection as a pulled cable would, without a word to the server.
    pub async fn drop_connection(mut self) {
        self.task.abort();
        // The stream is closed when the task is gone; aborting it is the point.
        let _ = (&mut self.task).await;
    }

    /// Evaluates `condition` after each arrival until it returns a value or `limit` passes.
    async fn until<T>(&self, limit: Duration, mut condition: impl FnMut() -> Option<T>) -> Option<T> {
        let search = async {
            loop {
                let mut arrival = std::pin::pin!(self.inbox.arrived.notified());
                arrival.as_mut().enable();
                if let Some(found) = condition() {
                    return Some(found);
                }
                // Everything sent before the end has already arrived: nothing more will come.
                if self.inbox.closed().is_some() {
                    return None;
                }
                arrival.await;
            }
        };
        tokio::time::timeout(limit, search).await.unwrap_or(None)
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.task.abort();
        self.inbox.close("dropped by the test");
    }
}

/// The task behind a client: writes queued frames, reads incoming ones and answers pings, until either side ends.
async fn run(
    mut stream: Stream,
    mut queue: mpsc::UnboundedReceiver<Message>,
    mut may_read: watch::Receiver<bool>,
    inbox: Arc<Inbox>,
) {
    let reason = loop {
        let step = tokio::select! {
            outgoing = queue.recv() => match outgoing {
                Some(message) => result_of(stream.send(message)).await,
                None => ControlFlow::Break("no longer used".to_owned()),
            },
            incoming = read(&mut stream, &mut may_read) => match incoming {
                Some(Ok(Message::Text(text))) => match handle_frame(&text, &inbox) {
                    ControlFlow::Continue(Some(answer)) => result_of(stream.send(answer)).await,
                    ControlFlow::Continue(None) => ControlFlow::Continue(()),
                    ControlFlow::Break(reason) => ControlFlow::Break(reason),
                },
                Some(Ok(Message::Close(frame))) => ControlFlow::Break(format!("closed by the server: {frame:?}")),
                Some(Ok(_)) => ControlFlow::Continue(()),
                Some(Err(error)) => ControlFlow::Break(error.to_string()),
                None => ControlFlow::Break("ended by the server".to_owned()),
            },
        };
        if let ControlFlow::Break(reason) = step {
            break reason;
        }
    };
    inbox.close(reason);
}

/// Reads the next frame, once reading is allowed.
async fn read(
    stream: &mut Stream,
    may_read: &mut watch::Receiver<bool>,
) -> Option<Result<Message, tokio_tungstenite::tungstenite::Error>> {
    // This fails when the client, which holds the sender, is gone; then nobody wants to read.
    may_read.wait_for(|allowed| *allowed).await.ok()?;
    stream.next().await
}

async fn result_of<E: std::fmt::Display>(sending: impl Future<Output = Result<(), E>>) -> ControlFlow<String> {
    match sending.await {
        Ok(()) => ControlFlow::Continue(()),
        Err(error) => ControlFlow::Break(error.to_string()),
    }
}

/// Handles a frame. Returns the answer that it demands, or the reason to end.
fn handle_frame(text: &str, inbox: &Inbox) -> ControlFlow<String, Option<Message>> {
    match packet::parse(text) {
        Ok(Incoming::Ping) => ControlFlow::Continue(Some(Message::text("3"))),
        Ok(Incoming::Event(name, mut arguments)) => {
            if arguments.len() > 1 {
                return ControlFlow::Break(format!("{name} came with {} arguments", arguments.len()));
            }
            inbox.event(Event { name, payload: arguments.pop().unwrap_or_default() });
            ControlFlow::Continue(None)
        }
        Ok(Incoming::Ack(id, mut arguments)) => {
            if arguments.len() != 1 {
                return ControlFlow::Break(format!("acknowledgement {id} came with {} arguments", arguments.len()));
            }
            if inbox.ack(id, arguments.pop().unwrap_or_default()) {
                ControlFlow::Continue(None)
            } else {
                ControlFlow::Break(format!("acknowledgement {id} came twice or was not requested"))
            }
        }
        Ok(Incoming::Disconnected) => ControlFlow::Break("disconnected by the server".to_owned()),
        Ok(Incoming::Close) => ControlFlow::Break("closed by the server".to_owned()),
        Ok(Incoming::Nothing) => ControlFlow::Continue(None),
        Ok(other) => ControlFlow::Break(format!("unexpected packet: {other:?}")),
        Err(error) => ControlFlow::Break(format!("{error:#}")),
    }
}
