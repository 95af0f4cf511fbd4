//! Forwards messages between the two sides, and answers in place of the server when it can't.

use std::{collections::HashSet, error::Error as _, iter, time::Duration};

use futures_util::{StreamExt as _, future::BoxFuture, stream::FuturesUnordered};
use rmcp::{
    RoleClient, RoleServer,
    model::{
        ClientJsonRpcMessage, ClientNotification, ClientRequest, ErrorCode, ErrorData, JsonRpcMessage, RequestId,
        ServerJsonRpcMessage,
    },
    transport::{Transport, streamable_http_client::StreamableHttpError},
};
use serde_json::{Value, json};
use tokio::{
    sync::mpsc,
    time::{Instant, sleep_until, timeout},
};

use super::{
    Failed, OWN_ID,
    http::{Aside, Failure},
};

/// The JSON-RPC error code for a server that did not answer; the range is free to use.
const NO_SERVER: ErrorCode = ErrorCode(-32000);
/// How long the bridge waits for answers after the end of its input.
const LAST_ANSWERS: Duration = Duration::from_secs(5);
/// How long ending the session may take.
const GOODBYE: Duration = Duration::from_secs(3);

type Refusal = StreamableHttpError<Failure>;
/// A message being sent, with the id of the request to be answered if it is lost.
type Sending = BoxFuture<'static, (Option<RequestId>, Result<(), Refusal>)>;

/// Connects one agent on this machine with one server.
pub(super) struct Pump<Near, Far> {
    near: Near,
    far: Far,
    asides: mpsc::UnboundedReceiver<Aside>,
    url: String,
    say: fn(&str),
    sending: FuturesUnordered<Sending>,
    /// The agent's requests that have not been answered.
    waiting: HashSet<RequestId>,
    started: bool,
    /// Whether the agent has begun a session but not yet confirmed it.
    half_open: bool,
}

/// Whether to continue.
enum Next {
    Go,
    End,
    Fail,
}

impl<Near, Far> Pump<Near, Far>
where
    Near: Transport<RoleServer>,
    Far: Transport<RoleClient, Error = Refusal>,
{
    pub(super) fn new(
        near: Near,
        far: Far,
        asides: mpsc::UnboundedReceiver<Aside>,
        url: String,
        say: fn(&str),
    ) -> Self {
        let (sending, waiting) = (FuturesUnordered::new(), HashSet::new());
        Self { near, far, asides, url, say, sending, waiting, started: false, half_open: false }
    }

    pub(super) async fn run(mut self, stop: impl Future<Output = ()>) -> Result<(), Failed> {
        tokio::pin!(stop);
        // Set once the input has ended.
        let mut until: Option<Instant> = None;
        let next = loop {
            if until.is_some() && self.waiting.is_empty() && self.sending.is_empty() {
                break Next::End;
            }
            let next = tokio::select! {
                biased;
                () = &mut stop => Next::End,
                () = sleep_until(until.unwrap_or_else(Instant::now)), if until.is_some() => Next::End,
                Some((request, sent)) = self.sending.next() => match sent {
                    Ok(()) => Next::Go,
                    Err(refusal) => self.refused(request, &refusal).await,
                },
                Some(aside) = self.asides.recv() => self.aside(aside).await,
                message = self.far.receive() => match message {
                    Some(message) => self.server_said(message).await,
                    None => self.server_gone().await,
                },
                message = self.near.receive(), if until.is_none() => {
                    match message {
                        Some(message) => self.agent_said(message),
                        None => until = Some(Instant::now() + LAST_ANSWERS),
                    }
                    Next::Go
                }
            };
            if !matches!(next, Next::Go) {
                break next;
            }
        };
        // This also ends the session. If it fails, the server ends the session later.
        let _ = timeout(GOODBYE, self.close()).await;
        if matches!(next, Next::Fail) { Err(Failed::Server(self.url)) } else { Ok(()) }
    }

    async fn close(&mut self) {
        // rmcp's transport waits for this notification and can't be closed before it.
        let word = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
        if self.half_open
            && let Ok(word) = serde_json::from_value(word)
        {
            let _ = self.far.send(word).await;
        }
        let _ = self.far.close().await;
    }

    fn agent_said(&mut self, message: ClientJsonRpcMessage) {
        if !std::mem::replace(&mut self.started, true) {
            self.greet(&message);
        }
        let mut request = None;
        match &message {
            JsonRpcMessage::Request(asked) => {
                self.half_open |= matches!(asked.request, ClientRequest::InitializeRequest(_));
                self.waiting.insert(asked.id.clone());
                request = Some(asked.id.clone());
            }
            JsonRpcMessage::Notification(said) => match &said.notification {
                ClientNotification::InitializedNotification(_) => self.half_open = false,
                ClientNotification::CancelledNotification(cancelled) => {
                    cancelled.params.request_id.as_ref().map(|id| self.waiting.remove(id));
                }
                _ => {}
            },
            _ => {}
        }
        self.send(request, message);
    }

    fn send(&mut self, request: Option<RequestId>, message: ClientJsonRpcMessage) {
        let sent = self.far.send(message);
        self.sending.push(Box::pin(async move { (request, sent.await) }));
    }

    /// Sends a request of the bridge's own.
    fn ask(&mut self, method: &str, meta: &Value) {
        let id = format!("{OWN_ID}-{method}");
        let request = json!({"jsonrpc": "2.0", "id": id, "method": method, "params": {"_meta": meta}});
        if let Ok(request) = serde_json::from_value(request) {
            self.send(None, request);
        }
    }

    /// Sends a short request first where needed: rmcp's transport waits for the answer to the first message before it
    /// takes the next, and if the first opens a stream, the answer only comes at its end.
    fn greet(&mut self, first: &ClientJsonRpcMessage) {
        let JsonRpcMessage::Request(asked) = first else { return };
        let asked = serde_json::to_value(&asked.request).unwrap_or_default();
        if asked["method"] != "initialize" && asked["method"] != "server/discover" {
            self.ask("server/discover", &asked["params"]["_meta"]);
        }
    }

    async fn server_said(&mut self, message: ServerJsonRpcMessage) -> Next {
        let answered = match &message {
            JsonRpcMessage::Response(response) => Some(&response.id),
            JsonRpcMessage::Error(error) => error.id.as_ref(),
            _ => None,
        };
        if let Some(id) = answered {
            if matches!(id, RequestId::String(id) if id.starts_with(OWN_ID)) {
                return Next::Go;
            }
            self.waiting.remove(id);
        }
        self.tell(message).await
    }

    /// Gives a message to the agent. If the agent no longer reads, nothing is left to do.
    async fn tell(&mut self, message: ServerJsonRpcMessage) -> Next {
        if self.near.send(message).await.is_ok() { Next::Go } else { Next::End }
    }

    async fn aside(&mut self, aside: Aside) -> Next {
        match aside {
            // Any request makes the transport open a new session.
            Aside::SessionLost => self.ask("ping", &json!({})),
            Aside::Renewed(uri) => {
                let method = "notifications/resources/updated";
                let updated = json!({"jsonrpc": "2.0", "method": method, "params": {"uri": uri}});
                if let Ok(updated) = serde_json::from_value(updated) {
                    return self.tell(updated).await;
                }
            }
            Aside::TooLarge => {
                let text = format!("{} sends more in one event than a board can have", self.url);
                return self.give_up(&text).await;
            }
        }
        Next::Go
    }

    async fn refused(&mut self, request: Option<RequestId>, refusal: &Refusal) -> Next {
        // The transport has ended, and has already reported why.
        if matches!(refusal, StreamableHttpError::TransportChannelClosed) {
            return Next::Go;
        }
        let text = sentence(&self.url, refusal);
        (self.say)(&text);
        match request {
            Some(id) if self.waiting.remove(&id) => self.answer(id, &text).await,
            _ => Next::Go,
        }
    }

    async fn answer(&mut self, request: RequestId, text: &str) -> Next {
        let error = ErrorData::new(NO_SERVER, text.to_owned(), None);
        self.tell(ServerJsonRpcMessage::error(error, Some(request))).await
    }

    /// Handles a first message that can't be delivered, at which rmcp's transport ends.
    async fn server_gone(&mut self) -> Next {
        while let Some((request, sent)) = self.sending.next().await {
            if let Err(refusal) = sent {
                self.refused(request, &refusal).await;
            }
        }
        if self.waiting.is_empty() {
            return Next::Fail;
        }
        let text = format!("{} did not answer as a Boardwire server does", self.url);
        self.give_up(&text).await
    }

    /// Answers every request that is still unanswered.
    async fn give_up(&mut self, text: &str) -> Next {
        (self.say)(text);
        for request in std::mem::take(&mut self.waiting) {
            self.answer(request, text).await;
        }
        Next::Fail
    }
}

/// Returns what went wrong, as a sentence for people.
fn sentence(url: &str, refusal: &Refusal) -> String {
    match refusal {
        StreamableHttpError::AuthRequired(_) => {
            format!("{url} refuses the credentials: set BOARDWIRE_TOKEN or BOARDWIRE_API_KEY to valid ones")
        }
        StreamableHttpError::Client(error) if error.is_connect() => {
            let innermost = iter::successors(error.source(), |&error| error.source()).last();
            let why = innermost.map_or_else(|| error.to_string(), ToString::to_string);
            format!("{url} can't be reached: {why}")
        }
        refusal => format!("{url}: {refusal}"),
    }
}
