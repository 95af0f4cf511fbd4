//! The HTTP client that rmcp's transport uses: our own, so that it builds on the hyper that the server already uses.
//!
//! It also watches the session: it renews subscriptions in a new session, and tells the pump when a session is lost.

use std::{borrow::Cow, collections::HashMap, io, sync::Arc, time::Duration};

use bytes::Bytes;
use futures_util::{StreamExt as _, stream::BoxStream};
use http::{HeaderName, HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use rmcp::{
    model::{ClientJsonRpcMessage, JsonRpcMessage, ServerJsonRpcMessage},
    transport::streamable_http_client::{
        AuthRequiredError, SseError, StreamableHttpClient, StreamableHttpError, StreamableHttpPostResponse,
        StreamableHttpResponseLimits,
    },
};
use serde_json::{Value, json};
use sse_stream::{Sse, SseStream};
use tokio::sync::mpsc;

use super::{OWN_ID_PREFIX, event_size::EventSize, subscriptions::Subscriptions};

pub(super) type Failure = hyper_util::client::legacy::Error;
type Answer<T> = Result<T, StreamableHttpError<Failure>>;
type Events = BoxStream<'static, Result<Sse, SseError>>;
type Headers = HashMap<HeaderName, HeaderValue>;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const SESSION: HeaderName = HeaderName::from_static("mcp-session-id");
const LAST_EVENT: HeaderName = HeaderName::from_static("last-event-id");

/// What the pump must know in addition to the messages.
#[derive(Debug)]
pub(super) enum SideEvent {
    /// The server no longer knows the session.
    SessionLost,
    /// A subscription was renewed in a new session. What changed in between is unknown.
    Renewed(String),
    /// The server sends events that are too large.
    TooLarge,
}

#[derive(Clone)]
pub(super) struct Http {
    client: HttpClient,
    subscriptions: Arc<Subscriptions>,
    side_events: mpsc::UnboundedSender<SideEvent>,
}

/// The client for one scheme. Only https needs root certificates.
#[derive(Clone)]
enum HttpClient {
    Plain(Client<HttpConnector, Full<Bytes>>),
    Tls(Client<HttpsConnector<HttpConnector>, Full<Bytes>>),
}

impl Http {
    /// Creates the client. Fails if https is wanted and the system has no root certificates.
    pub(super) fn new(tls: bool, side_events: mpsc::UnboundedSender<SideEvent>) -> io::Result<Self> {
        let mut connector = HttpConnector::new();
        connector.set_connect_timeout(Some(CONNECT_TIMEOUT));
        let builder = Client::builder(TokioExecutor::new());
        let client = if tls {
            connector.enforce_http(false);
            let https = HttpsConnectorBuilder::new().with_native_roots()?.https_only().enable_http1();
            HttpClient::Tls(builder.build(https.wrap_connector(connector)))
        } else {
            HttpClient::Plain(builder.build(connector))
        };
        Ok(Self { client, subscriptions: Arc::default(), side_events })
    }

    async fn send(
        &self,
        method: Method,
        to: Destination<'_>,
        headers: Headers,
        body: Vec<u8>,
    ) -> Answer<Response<Incoming>> {
        let mut request = Request::builder()
            .method(&method)
            .uri(to.uri)
            .header(header::ACCEPT, "application/json, text/event-stream")
            .header(header::USER_AGENT, concat!("boardwire-mcp/", env!("CARGO_PKG_VERSION")));
        if method == Method::POST {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        if let Some(session) = to.session {
            request = request.header(SESSION, session);
        }
        if let Some(token) = to.token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let request = request.body(Full::from(body)).map_err(|error| unexpected(error.to_string()))?;
        let answer = match &self.client {
            HttpClient::Plain(client) => client.request(request),
            HttpClient::Tls(client) => client.request(request),
        };
        let answer = answer.await.map_err(StreamableHttpError::Client)?;
        if answer.status() == StatusCode::UNAUTHORIZED {
            let challenge = answer.headers().get(header::WWW_AUTHENTICATE).and_then(|value| value.to_str().ok());
            return Err(StreamableHttpError::AuthRequired(AuthRequiredError::new(challenge.unwrap_or("").to_owned())));
        }
        Ok(answer)
    }

    fn events(&self, answer: Response<Incoming>, limit: usize) -> Events {
        let mut size = EventSize::new(limit);
        let side_events = self.side_events.clone();
        let pieces = answer.into_body().into_data_stream().map(move |piece| {
            let piece = piece.map_err(io::Error::other)?;
            if size.admits(&piece) {
                return Ok(piece);
            }
            // Fails if the pump has ended, which then no longer needs the event.
            let _ = side_events.send(SideEvent::TooLarge);
            Err(io::Error::other("an event is too large"))
        });
        SseStream::from_bytes_stream(pieces).boxed()
    }

    /// Posts a message for rmcp and classifies the answer.
    async fn post(
        &self,
        to: Destination<'_>,
        message: &Value,
        headers: Headers,
        limits: StreamableHttpResponseLimits,
    ) -> Answer<StreamableHttpPostResponse> {
        let had_session = to.session.is_some();
        let answer = self.send(Method::POST, to, headers, serde_json::to_vec(message)?).await?;
        let status = answer.status();
        if status == StatusCode::ACCEPTED || status == StatusCode::NO_CONTENT {
            return Ok(StreamableHttpPostResponse::Accepted);
        }
        if status == StatusCode::NOT_FOUND && had_session {
            return Err(StreamableHttpError::SessionExpired);
        }
        let session = answer.headers().get(SESSION).and_then(|value| value.to_str().ok()).map(str::to_owned);
        if status.is_success() && has_content_type(&answer, "text/event-stream") {
            return Ok(StreamableHttpPostResponse::Sse(self.events(answer, limits.max_sse_event_size), session));
        }
        let is_json = has_content_type(&answer, "application/json");
        let body = Limited::new(answer.into_body(), limits.max_json_response_size).collect().await;
        let body = body.map_err(|error| unexpected(error.to_string()))?.to_bytes();
        if is_json && let Ok(mut reply) = serde_json::from_slice::<ServerJsonRpcMessage>(&body) {
            // The error of a middleware that refused the message unread belongs to this request.
            if let JsonRpcMessage::Error(error) = &mut reply
                && error.id.is_none()
            {
                error.id = serde_json::from_value(message["id"].clone()).ok();
            }
            return Ok(StreamableHttpPostResponse::Json(reply, session));
        }
        if status.is_success() && message["id"].is_null() {
            return Ok(StreamableHttpPostResponse::Accepted);
        }
        let text = String::from_utf8_lossy(&body[..body.len().min(200)]);
        Err(unexpected(format!("HTTP {status} {text}").trim_end().to_owned()))
    }

    /// Renews the agent's subscriptions of the previous session in a new one.
    async fn renew_subscriptions(&self, to: Destination<'_>, headers: &Headers, limits: StreamableHttpResponseLimits) {
        for uri in self.subscriptions.session_opened() {
            let id = format!("{OWN_ID_PREFIX}-subscribe");
            let message = json!({"jsonrpc": "2.0", "id": id, "method": "resources/subscribe", "params": {"uri": uri}});
            // A resource that can't be subscribed to again is reported as changed: the agent reads it and sees why.
            if let Ok(answer) = self.post(to, &message, headers.clone(), limits).await {
                let _ = answer.expect_initialized::<Failure>().await;
            }
            let _ = self.side_events.send(SideEvent::Renewed(uri));
        }
    }
}

/// The destination and the session of a request.
#[derive(Clone, Copy)]
struct Destination<'a> {
    uri: &'a str,
    session: Option<&'a str>,
    token: Option<&'a str>,
}

fn has_content_type(answer: &Response<Incoming>, media_type: &str) -> bool {
    let value = answer.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    value.and_then(|value| value.split(';').next()).is_some_and(|value| value.trim().eq_ignore_ascii_case(media_type))
}

fn unexpected(text: String) -> StreamableHttpError<Failure> {
    StreamableHttpError::UnexpectedServerResponse(Cow::Owned(text))
}

impl StreamableHttpClient for Http {
    type Error = Failure;

    async fn post_message(
        &self,
        uri: Arc<str>,
        message: ClientJsonRpcMessage,
        session: Option<Arc<str>>,
        token: Option<String>,
        headers: Headers,
    ) -> Answer<StreamableHttpPostResponse> {
        let limits = StreamableHttpResponseLimits::default();
        self.post_message_with_response_limits(uri, message, session, token, headers, limits).await
    }

    async fn post_message_with_response_limits(
        &self,
        uri: Arc<str>,
        message: ClientJsonRpcMessage,
        session: Option<Arc<str>>,
        token: Option<String>,
        headers: Headers,
        limits: StreamableHttpResponseLimits,
    ) -> Answer<StreamableHttpPostResponse> {
        let to = Destination { uri: &uri, session: session.as_deref(), token: token.as_deref() };
        let message = serde_json::to_value(&message)?;
        let answer = self.post(to, &message, headers.clone(), limits).await?;
        if !matches!(answer, StreamableHttpPostResponse::Json(JsonRpcMessage::Error(_), _)) {
            self.subscriptions.record(&message);
        }
        if message["method"] == "notifications/initialized" && to.session.is_some() {
            self.renew_subscriptions(to, &headers, limits).await;
        }
        Ok(answer)
    }

    async fn delete_session(
        &self,
        uri: Arc<str>,
        session: Arc<str>,
        token: Option<String>,
        headers: Headers,
    ) -> Answer<()> {
        let to = Destination { uri: &uri, session: Some(&session), token: token.as_deref() };
        self.send(Method::DELETE, to, headers, Vec::new()).await.map(drop)
    }

    async fn get_stream(
        &self,
        uri: Arc<str>,
        session: Option<Arc<str>>,
        last_event: Option<String>,
        token: Option<String>,
        headers: Headers,
    ) -> Answer<Events> {
        let limit = StreamableHttpResponseLimits::default().max_sse_event_size;
        self.get_stream_with_max_sse_event_size(uri, session, last_event, token, headers, limit).await
    }

    async fn get_stream_with_max_sse_event_size(
        &self,
        uri: Arc<str>,
        session: Option<Arc<str>>,
        last_event: Option<String>,
        token: Option<String>,
        mut headers: Headers,
        limit: usize,
    ) -> Answer<Events> {
        if let Some(last) = last_event.and_then(|last| HeaderValue::try_from(last).ok()) {
            headers.insert(LAST_EVENT, last);
        }
        let to = Destination { uri: &uri, session: session.as_deref(), token: token.as_deref() };
        let answer = self.send(Method::GET, to, headers, Vec::new()).await?;
        match answer.status() {
            StatusCode::METHOD_NOT_ALLOWED => Err(StreamableHttpError::ServerDoesNotSupportSse),
            status if status.is_success() && has_content_type(&answer, "text/event-stream") => {
                Ok(self.events(answer, limit))
            }
            status => {
                if status == StatusCode::NOT_FOUND && to.session.is_some() {
                    let _ = self.side_events.send(SideEvent::SessionLost);
                }
                Err(unexpected(format!("HTTP {status}")))
            }
        }
    }
}
