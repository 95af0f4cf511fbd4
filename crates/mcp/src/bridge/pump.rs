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
    Failed, OWN_ID_PREFIX,
    http::{Failure, SideEvent},
};

/// The JSON-RPC error code for a server that did not answer; the range is free to use.
const NO_SERVER: ErrorCode = ErrorCode(-32000);
/// How long the bridge waits for answers after the end of its input.
const ANSWER_GRACE: Duration = Duration::from_secs(5);
/// How long closing the session may take.
const CLOSE_LIMIT: Duration = Duration::from_secs(3);

type Refusal = StreamableHttpError<Failure>;
/// A message being sent, with the id of the request to be answered if it is lost.
type Sending = BoxFuture<'static, (Option<RequestId>, Result<(), Refusal>)>;

/// Connects one agent on this machine with one server.
pub(super) struct Pump<Agent, Server> {
    agent: Agent,
    server: Server,
    side_events: mpsc::UnboundedReceiver<SideEvent>,
    url: String,
    say: fn(&str),
    sending: FuturesUnordered<Sending>,
    /// The ids of the agent's requests that have not been answered.
    unanswered: HashSet<RequestId>,
    /// Whether the agent has sent a message.
    started: bool,
    /// Whether the agent has begun a session but not yet confirmed it.
    half_open: bool,
}

/// Whether the pump continues.
enum Next {
    Continue,
    End,
    Fail,
}

impl<Agent, Server> Pump<Agent, Server>
where
    Agent: Transport<RoleServer>,
    Server: Transport<RoleClient, Error = Refusal>,
{
    pub(super) fn new(
        agent: Agent,
        server: Server,
        side_events: mpsc::UnboundedReceiver<SideEvent>,
        url: String,
        say: fn(&str),
    ) -> Self {
        let (sending, unanswered) = (FuturesUnordered::new(), HashSet::new());
        Self { agent, server, side_events, url, say, sending, unanswered, started: false, half_open: false }
    }

    pub(super) async fn run(mut self, stop: impl Future<Output = ()>) -> Result<(), Failed> {
        tokio::pin!(stop);
        // Set once the input has ended.
        let mut deadline: Option<Instant> = None;
        let next = loop {
            if deadline.is_some() && self.unanswered.is_empty() && self.sending.is_empty() {
                break Next::End;
            }
            let next = tokio::select! {
                biased;
                () = &mut stop => Next::End,
                () = sleep_until(deadline.unwrap_or_else(Instant::now)), if deadline.is_some() => Next::End,
                Some((request, sent)) = self.sending.next() => match sent {
                    Ok(()) => Next::Continue,
                    Err(refusal) => self.on_refusal(request, &refusal).await,
                },
                Some(event) = self.side_events.recv() => self.on_side_event(event).await,
                message = self.server.receive() => match message {
                    Some(message) => self.on_server_message(message).await,
                    None => self.on_server_gone().await,
                },
                message = self.agent.receive(), if deadline.is_none() => {
                    match message {
                        Some(message) => self.on_agent_message(message),
                        None => deadline = Some(Instant::now() + ANSWER_GRACE),
                    }
                    Next::Continue
                }
            };
            if !matches!(next, Next::Continue) {
                break next;
            }
        };
        // This also ends the session. If it fails, the server ends the session later.
        let _ = timeout(CLOSE_LIMIT, self.close()).await;
        if matches!(next, Next::Fail) { Err(Failed::Server(self.url)) } else { Ok(()) }
    }

    async fn close(&mut self) {
        // rmcp's transport waits for this notification and can't be closed before it.
        let initialized = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
        if self.half_open
            && let Ok(initialized) = serde_json::from_value(initialized)
        {
            let _ = self.server.send(initialized).await;
        }
        let _ = self.server.close().await;
    }

    fn on_agent_message(&mut self, message: ClientJsonRpcMessage) {
        if !std::mem::replace(&mut self.started, true) {
            self.open_transport(&message);
        }
        let mut request = None;
        match &message {
            JsonRpcMessage::Request(asked) => {
                self.half_open |= matches!(asked.request, ClientRequest::InitializeRequest(_));
                self.unanswered.insert(asked.id.clone());
                request = Some(asked.id.clone());
            }
            JsonRpcMessage::Notification(sent) => match &sent.notification {
                ClientNotification::InitializedNotification(_) => self.half_open = false,
                ClientNotification::CancelledNotification(cancelled) => {
                    cancelled.params.request_id.as_ref().map(|id| self.unanswered.remove(id));
                }
                _ => {}
            },
            _ => {}
        }
        self.send(request, message);
    }

    fn send(&mut self, request: Option<RequestId>, message: ClientJsonRpcMessage) {
        let sent = self.server.send(message);
        self.sending.push(Box::pin(async move { (request, sent.await) }));
    }

    /// Sends a request of the bridge's own.
    fn send_own_request(&mut self, method: &str, meta: &Value) {
        let id = format!("{OWN_ID_PREFIX}-{method}");
        let request = json!({"jsonrpc": "2.0", "id": id, "method": method, "params": {"_meta": meta}});
        if let Ok(request) = serde_json::from_value(request) {
            self.send(None, request);
        }
    }

    /// Sends a short request first where needed: rmcp's transport waits for the answer to the first message before it
    /// takes the next, and if the first opens a stream, the answer only comes at its end.
    fn open_transport(&mut self, first: &ClientJsonRpcMessage) {
        let JsonRpcMessage::Request(asked) = first else { return };
        let asked = serde_json::to_value(&asked.request).unwrap_or_default();
        if asked["method"] != "initialize" && asked["method"] != "server/discover" {
            self.send_own_request("server/discover", &asked["params"]["_meta"]);
        }
    }

    async fn on_server_message(&mut self, message: ServerJsonRpcMessage) -> Next {
        let answered = match &message {
            JsonRpcMessage::Response(response) => Some(&response.id),
            JsonRpcMessage::Error(error) => error.id.as_ref(),
            _ => None,
        };
        if let Some(id) = answered {
            if matches!(id, RequestId::String(id) if id.starts_with(OWN_ID_PREFIX)) {
                return Next::Continue;
            }
            self.unanswered.remove(id);
        }
        self.send_to_agent(message).await
    }

    /// Sends a message to the agent. If the agent no longer reads, there is nothing left to do.
    async fn send_to_agent(&mut self, message: ServerJsonRpcMessage) -> Next {
        if self.agent.send(message).await.is_ok() { Next::Continue } else { Next::End }
    }

    async fn on_side_event(&mut self, event: SideEvent) -> Next {
        match event {
            // Any request makes the transport open a new session.
            SideEvent::SessionLost => self.send_own_request("ping", &json!({})),
            SideEvent::Renewed(uri) => {
                let method = "notifications/resources/updated";
                let updated = json!({"jsonrpc": "2.0", "method": method, "params": {"uri": uri}});
                if let Ok(updated) = serde_json::from_value(updated) {
                    return self.send_to_agent(updated).await;
                }
            }
            SideEvent::TooLarge => {
                let text = format!("{} sends more in one event than a board can have", self.url);
                return self.give_up(&text).await;
            }
        }
        Next::Continue
    }

    async fn on_refusal(&mut self, request: Option<RequestId>, refusal: &Refusal) -> Next {
        // The transport has ended, and has already reported why.
        if matches!(refusal, StreamableHttpError::TransportChannelClosed) {
            return Next::Continue;
        }
        let text = describe(&self.url, refusal);
        (self.say)(&text);
        match request {
            Some(id) if self.unanswered.remove(&id) => self.answer(id, &text).await,
            _ => Next::Continue,
        }
    }

    async fn answer(&mut self, request: RequestId, text: &str) -> Next {
        let error = ErrorData::new(NO_SERVER, text.to_owned(), None);
        self.send_to_agent(ServerJsonRpcMessage::error(error, Some(request))).await
    }

    /// Handles the end of rmcp's transport, which ends if its first message can't be delivered.
    async fn on_server_gone(&mut self) -> Next {
        while let Some((request, sent)) = self.sending.next().await {
            if let Err(refusal) = sent {
                self.on_refusal(request, &refusal).await;
            }
        }
        if self.unanswered.is_empty() {
            return Next::Fail;
        }
        let text = format!("{} did not answer as a Boardwire server does", self.url);
        self.give_up(&text).await
    }

    /// Answers every unanswered request with this error, and ends the pump.
    async fn give_up(&mut self, text: &str) -> Next {
        (self.say)(text);
        for request in std::mem::take(&mut self.unanswered) {
            self.answer(request, text).await;
        }
        Next::Fail
    }
}

/// Returns what went wrong, as a sentence for people.
fn describe(url: &str, refusal: &Refusal) -> String {
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
