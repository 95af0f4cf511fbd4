//! Checks before a request reaches the protocol: the calling page, the caller, and the owner of the session.
//!
//! Cookies are not accepted here: a browser sends them along whichever page asks, and agents have no use for them. So a
//! page that reaches the server against its user's will still has no credentials.

use std::{net::IpAddr, sync::Arc, time::Duration};

use axum::{
    Json,
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use boardwire_browser::Page;
use boardwire_gate::{AuthenticationError, Peer, credential};
use boardwire_protocol::{Code, ErrorBody};
use boardwire_services::Caller;
use http::{HeaderName, HeaderValue, Method, StatusCode, header};
use rmcp::{ErrorData, model::ProtocolVersion};
use serde_json::json;

use crate::{
    door::Door,
    message::{self, RequestContent, Unreadable},
    problem,
};

const SESSION: HeaderName = HeaderName::from_static("mcp-session-id");
const VERSION: HeaderName = HeaderName::from_static("mcp-protocol-version");
/// How long a client is asked to wait if there are too many sessions.
const SESSION_RETRY: Duration = Duration::from_secs(10);

/// The caller and their address, passed to the protocol's handler in the request's extensions.
#[derive(Debug, Clone)]
pub(crate) struct CallerContext {
    pub(crate) caller: Caller,
    pub(crate) address: Option<IpAddr>,
}

pub(crate) async fn enter(State(door): State<Arc<Door>>, mut request: Request, next: Next) -> Response {
    let headers = request.headers();
    let peer = request.extensions().get::<Peer>();
    // A page may have pointed its own host name at the server's address.
    if !request.extensions().get::<Page>().is_some_and(|page| page.has_known_host(headers)) {
        let error = ErrorBody::new(Code::Forbidden, "pages of this origin may not call; see --client-url");
        return refusal(StatusCode::FORBIDDEN, &error, None);
    }
    let address = peer.map(|peer| peer.address);
    let caller = match door.gate.authenticate(credential(headers).as_slice(), peer).await {
        Ok(caller) => caller,
        Err(denied) => return denial(denied),
    };
    let context = CallerContext { caller, address };
    let user = context.caller.user().clone();
    let session = headers.get(SESSION).map(|id| id.to_str().unwrap_or_default().to_owned());
    match &session {
        Some(session) if !door.sessions.belongs_to(session, &user) => {
            let error = ErrorBody::new(Code::NotFound, "there is no such session; initialize again");
            return refusal(StatusCode::NOT_FOUND, &error, None);
        }
        None if request.method() == Method::GET && uses_sessions(&request) => {
            let error = ErrorBody::new(
                Code::InvalidMessage,
                "there is no session; begin one with a POST of `initialize`. Programs of 2024 that open a stream first have to use \
                 `boardwire mcp`",
            );
            return refusal(StatusCode::BAD_REQUEST, &error, None);
        }
        None if begins_session(&request) && door.sessions.count().await >= door.settings.max_sessions => {
            let error = ErrorBody::new(Code::Unavailable, "there are too many sessions");
            return refusal(StatusCode::SERVICE_UNAVAILABLE, &error, Some(SESSION_RETRY));
        }
        _ => {}
    }
    let mut revision = session.as_ref().and_then(|session| door.sessions.revision(session));
    let ends_with_answer = request.method() == Method::POST && uses_sessions(&request);
    let ends = session.filter(|_| request.method() == Method::DELETE);
    request.extensions_mut().insert(context);
    let (response, begins) = match forward(request, revision.as_ref(), next).await {
        Ok(forwarded) => forwarded,
        Err(Unreadable(status, error)) => return error_response(status, error, None),
    };
    if let Some(session) = ends.filter(|_| response.status().is_success()) {
        door.sessions.forget(&session);
        // The library answers 202, which clients do not expect: they log that the session could not be ended.
        return StatusCode::OK.into_response();
    }
    if let (Some(session), Some(begun)) = (response.headers().get(SESSION).and_then(|id| id.to_str().ok()), begins) {
        door.sessions.bind(session, user, begun.clone()).await;
        revision = Some(begun);
    }
    let response = match revision {
        Some(revision) => message::without_unknown_events(&revision, response),
        None => response,
    };
    // In revisions with sessions, a POST is answered by a stream that ends with the answer. Other streams are
    // long-lived.
    if ends_with_answer { response } else { message::forbid_transforming(response) }
}

/// Forwards the request, each message of a batch separately. Also returns the revision that a new session asks for.
async fn forward(
    request: Request,
    session: Option<&ProtocolVersion>,
    next: Next,
) -> Result<(Response, Option<ProtocolVersion>), Unreadable> {
    if request.method() != Method::POST {
        return Ok((next.run(request).await, None));
    }
    let (parts, body) = request.into_parts();
    let (messages, begins, one) = match message::read(&parts, body).await? {
        RequestContent::One { body, begins } => (vec![body], begins, true),
        RequestContent::Batch(messages) => {
            message::require_batches(session)?;
            (messages, None, false)
        }
    };
    let mut answers = Vec::new();
    for message in messages {
        let response = next.clone().run(Request::from_parts(parts.clone(), message.into())).await;
        if response.status() == StatusCode::UNSUPPORTED_MEDIA_TYPE {
            return Err(Unreadable::not_a_message());
        }
        if one || !response.status().is_success() {
            return Ok((response, begins));
        }
        if response.status() != StatusCode::ACCEPTED {
            answers.push(response);
        }
    }
    Ok((message::join_answers(answers), None))
}

/// Returns whether this request, which names no session, can only be the beginning of one.
fn begins_session(request: &Request) -> bool {
    request.method() == Method::POST && uses_sessions(request)
}

/// Returns whether the request is of a revision with sessions. In those without, requests name their revision.
fn uses_sessions(request: &Request) -> bool {
    let version = request.headers().get(VERSION).and_then(|version| version.to_str().ok());
    version != Some(ProtocolVersion::LATEST.as_str())
}

fn denial(denied: AuthenticationError) -> Response {
    let (status, wait) = match denied {
        AuthenticationError::Refused | AuthenticationError::Expired => (StatusCode::UNAUTHORIZED, None),
        AuthenticationError::TooOften(wait) => (StatusCode::TOO_MANY_REQUESTS, Some(wait)),
        AuthenticationError::Undecided => (StatusCode::SERVICE_UNAVAILABLE, Some(Duration::from_secs(1))),
    };
    let body = match denied {
        AuthenticationError::Refused | AuthenticationError::Expired => ErrorBody::new(
            Code::Unauthenticated,
            "this needs valid credentials: `Authorization: Bearer` with a token or an API key, or `X-API-Key`",
        ),
        other => other.body(),
    };
    refusal(status, &body, wait)
}

/// Returns an error without the request's id, which has not been read yet.
fn refusal(status: StatusCode, error: &ErrorBody, wait: Option<Duration>) -> Response {
    error_response(status, problem::protocol_error(error), wait)
}

fn error_response(status: StatusCode, error: ErrorData, wait: Option<Duration>) -> Response {
    let body = json!({"jsonrpc": "2.0", "id": null, "error": error});
    let mut response = (status, Json(body)).into_response();
    if status == StatusCode::UNAUTHORIZED {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    if let Some(wait) = wait {
        let seconds = wait.as_secs_f64().ceil().max(1.0) as u64;
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}
