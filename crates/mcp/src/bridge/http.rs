//! The HTTP client under rmcp's transport: our own, so that it builds on the hyper that the server already uses.
//!
//! Besides sending, it watches the session: it renews subscriptions in a new session, and tells the pump when one is
//! lost.

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

use super::{OWN_ID, event_size::EventSize, subscriptions::Subscriptions};

pub(super) type Failure = hyper_util::client::legacy::Error;
type Answer<T> = Result<T, StreamableHttpError<Failure>>;
type Events = BoxStream<'static, Result<Sse, SseError>>;
type Headers = HashMap<HeaderName, HeaderValue>;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const SESSION: HeaderName = HeaderName::from_static("mcp-session-id");
const LAST_EVENT: HeaderName = HeaderName::from_static("last-event-id");

/// Events that the pump must know of, in addition to the messages.
#[derive(Debug)]
pub(super) enum Aside {
    /// The server no longer knows the session.
    SessionLost,
    /// A subscription was renewed in a new session. What changed in between is unknown.
    Renewed(String),
    /// The server sends events that are too large.
    TooLarge,
}

#[derive(Clone)]
pub(super) struct Http {
    wire: Wire,
    subscriptions: Arc<Subscriptions>,
    asides: mpsc::UnboundedSender<Aside>,
}

/// Without https, no root certificates are needed.
#[derive(Clone)]
enum Wire {
    Plain(Client<HttpConnector, Full<Bytes>>),
    Tls(Client<HttpsConnector<HttpConnector>, Full<Bytes>>),
}

impl Http {
    /// Creates the client. Fails if https is wanted and the system has no root certificates.
    pub(super) fn new(tls: bool, asides: mpsc::UnboundedSender<Aside>) -> io::Result<Self> {
        let mut connector = HttpConnector::new();
        connector.set_connect_timeout(Some(CONNECT_TIMEOUT));
        let builder = Client::builder(TokioExecutor::new());
        let wire = if tls {
            connector.enforce_http(false);
            let https = HttpsConnectorBuilder::new().with_native_roots()?.https_only().enable_http1();
            Wire::Tls(builder.build(https.wrap_connector(connector)))
        } else {
            Wire::Plain(builder.build(connector))
        };
        Ok(Self { wire, subscriptions: Arc::default(), asides })
    }

    async fn send(&self, method: Method, to: To<'_>, headers: Headers, body: Vec<u8>) -> Answer<Response<Incoming>> {
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
        let answer = match &self.wire {
            Wire::Plain(client) => client.request(request),
            Wire::Tls(client) => client.request(request),
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
        let asides = self.asides.clone();
        let pieces = answer.into_body().into_data_stream().map(move |piece| {
            let piece = piece.map_err(io::Error::other)?;
            if size.admits(&piece) {
                return Ok(piece);
            }
            // The pump may have ended; then nobody needs to know.
            let _ = asides.send(Aside::TooLarge);
            Err(io::Error::other("an event is too large"))
        });
        SseStream::from_bytes_stream(pieces).boxed()
    }

    /// Sends a message for rmcp, and reads the answer up to its kind.
    async fn post(
        &self,
        to: To<'_>,
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
        if status.is_success() && is(&answer, "text/event-stream") {
            return Ok(StreamableHttpPostResponse::Sse(self.events(answer, limits.max_sse_event_size), session));
        }
        let json = is(&answer, "application/json");
        let body = Limited::new(answer.into_body(), limits.max_json_response_size).collect().await;
        let body = body.map_err(|error| unexpected(error.to_string()))?.to_bytes();
        if json && let Ok(mut said) = serde_json::from_slice::<ServerJsonRpcMessage>(&body) {
            // The error of a middleware that refused the message unread belongs to this request.
            if let JsonRpcMessage::Error(error) = &mut said
                && error.id.is_none()
            {
                error.id = serde_json::from_value(message["id"].clone()).ok();
            }
            return Ok(StreamableHttpPostResponse::Json(said, session));
        }
        if status.is_success() && message["id"].is_null() {
            return Ok(StreamableHttpPostResponse::Accepted);
        }
        let text = String::from_utf8_lossy(&body[..body.len().min(200)]);
        Err(unexpected(format!("HTTP {status} {text}").trim_end().to_owned()))
    }

    /// Renews in a new session what the agent had subscribed to in the previous one.
    async fn renew(&self, to: To<'_>, headers: &Headers, limits: StreamableHttpResponseLimits) {
        for uri in self.subscriptions.opened() {
            let id = format!("{OWN_ID}-subscribe");
            let message = json!({"jsonrpc": "2.0", "id": id, "method": "resources/subscribe", "params": {"uri": uri}});
            // A resource that can't be subscribed to again is reported as changed: the agent reads it and sees why.
            if let Ok(answer) = self.post(to, &message, headers.clone(), limits).await {
                let _ = answer.expect_initialized::<Failure>().await;
            }
            let _ = self.asides.send(Aside::Renewed(uri));
        }
    }
}

/// The destination and the session of a request.
#[derive(Clone, Copy)]
struct To<'a> {
    uri: &'a str,
    session: Option<&'a str>,
    token: Option<&'a str>,
}

fn is(answer: &Response<Incoming>, kind: &str) -> bool {
    let value = answer.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    value.and_then(|value| value.split(';').next()).is_some_and(|value| value.trim().eq_ignore_ascii_case(kind))
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
        let to = To { uri: &uri, session: session.as_deref(), token: token.as_deref() };
        let message = serde_json::to_value(&message)?;
        let answer = self.post(to, &message, headers.clone(), limits).await?;
        if !matches!(answer, StreamableHttpPostResponse::Json(JsonRpcMessage::Error(_), _)) {
            self.subscriptions.sent(&message);
        }
        if message["method"] == "notifications/initialized" && to.session.is_some() {
            self.renew(to, &headers, limits).await;
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
        let to = To { uri: &uri, session: Some(&session), token: token.as_deref() };
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
        let to = To { uri: &uri, session: session.as_deref(), token: token.as_deref() };
        let answer = self.send(Method::GET, to, headers, Vec::new()).await?;
        match answer.status() {
            StatusCode::METHOD_NOT_ALLOWED => Err(StreamableHttpError::ServerDoesNotSupportSse),
            status if status.is_success() && is(&answer, "text/event-stream") => Ok(self.events(answer, limit)),
            status => {
                if status == StatusCode::NOT_FOUND && to.session.is_some() {
                    let _ = self.asides.send(Aside::SessionLost);
                }
                Err(unexpected(format!("HTTP {status}")))
            }
        }
    }
}
