//! The caller of a request: authenticated by its credentials and admitted by the gate, as for a command of a socket.

use std::sync::{Arc, OnceLock};

use axum::{
    extract::{FromRequestParts, Request, State},
    http::{HeaderMap, HeaderName, Method, request::Parts},
    middleware::Next,
    response::Response,
};
use boardwire_auth::Credential;
use boardwire_browser::Page;
use boardwire_gate::{Admitted, AuthenticationError, Charge, Peer, credential, names_credential};
use boardwire_protocol::{Code, CommandGroup, CommandKind, RequestId, UserId};
use boardwire_rate_limit::LimitFields;
use boardwire_services::Caller;

use crate::{door::Door, problem::Problem};

/// The header that carries a request id.
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// A request whose caller has been authenticated and admitted.
pub(crate) struct AuthenticatedRequest {
    pub(crate) admitted: Admitted,
    /// The request id that the caller gave in `Idempotency-Key`.
    pub(crate) request_id: Option<RequestId>,
}

/// The user of a request once authenticated, for the limits in the answer.
#[derive(Clone, Default)]
struct IdentifiedUser(Arc<OnceLock<UserId>>);

impl AuthenticatedRequest {
    pub(crate) fn caller(&self) -> &Caller {
        self.admitted.caller()
    }

    pub(crate) fn into_caller(self) -> Caller {
        self.admitted.into_caller()
    }
}

impl FromRequestParts<Arc<Door>> for AuthenticatedRequest {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, door: &Arc<Door>) -> Result<Self, Problem> {
        let credentials = credentials(parts);
        if credentials.is_empty() {
            return Err(without_credential(parts));
        }
        let peer = parts.extensions.get::<Peer>();
        let caller = door.gate().authenticate(&credentials, peer).await?;
        if let Some(IdentifiedUser(known)) = parts.extensions.get::<IdentifiedUser>() {
            let _ = known.set(caller.user().clone());
        }
        let charge = match parts.extensions.get::<CommandKind>() {
            Some(kind) => Charge::Command(*kind),
            None if is_read(&parts.method) => Charge::Request(CommandGroup::Query),
            None => Charge::Request(CommandGroup::Change),
        };
        let admitted = door.gate().admit(caller, charge).await?;
        Ok(Self { admitted, request_id: request_id(&parts.headers)? })
    }
}

/// Middleware that adds the headers about the caller's limits to the answer.
pub(crate) async fn add_limit_headers(State(door): State<Arc<Door>>, mut request: Request, next: Next) -> Response {
    let known = IdentifiedUser::default();
    request.extensions_mut().insert(known.clone());
    let mut response = next.run(request).await;
    if let Some(user) = known.0.get() {
        let fields = LimitFields::of(door.gate().quota());
        fields.append(&door.gate().limit(user), response.headers_mut());
    }
    response
}

/// Returns the first of: `Authorization: Bearer`, `X-API-Key`, the session cookies. Cookies are ignored if a header
/// names credentials.
fn credentials(parts: &Parts) -> Vec<Credential> {
    match (names_credential(&parts.headers), parts.extensions.get::<Page>()) {
        (true, _) => credential(&parts.headers).into_iter().collect(),
        (false, Some(page)) => page.sessions(&parts.method, &parts.headers),
        (false, None) => Vec::new(),
    }
}

/// Returns why the caller is unknown: there are no credentials, or the session cookie does not count.
fn without_credential(parts: &Parts) -> Problem {
    if !parts.extensions.get::<Page>().is_some_and(|page| page.has_session(&parts.headers)) {
        return AuthenticationError::Refused.into();
    }
    let message = "the session cookie does not count for a page that --client-url does not list, nor for any where it lists \
                   `*`: send `Authorization: Bearer` with a token or an API key";
    Problem::new(Code::Unauthenticated, message)
}

fn is_read(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}

fn request_id(headers: &HeaderMap) -> Result<Option<RequestId>, Problem> {
    let Some(value) = headers.get(IDEMPOTENCY_KEY) else { return Ok(None) };
    let id = value.to_str().ok().and_then(|text| RequestId::try_from(text).ok());
    let message = "Idempotency-Key: 1 to 64 printable characters";
    id.map(Some).ok_or_else(|| Problem::new(Code::InvalidMessage, message))
}
