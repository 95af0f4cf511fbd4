//! Who calls: the credentials of a request, the same gates as for a command of a socket, and the caller for the services.

use std::sync::{Arc, OnceLock};

use axum::{
    extract::{FromRequestParts, Request, State},
    http::{HeaderMap, HeaderName, Method, header, request::Parts},
    middleware::Next,
    response::Response,
};
use boardwire_auth::Credential;
use boardwire_gate::{Denied, Peer, credential, names_credential, session_cookies};
use boardwire_protocol::{Code, CommandKind, RequestId, UserId};
use boardwire_rate_limit::LimitFields;
use boardwire_services::Caller;

use crate::{door::Door, problem::Problem};

/// The header that carries a request id.
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// What a browser says of the page that a request comes from.
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// A caller who has been let in, and counted.
pub(crate) struct Signed {
    pub(crate) caller: Caller,
    /// What the caller calls this request.
    pub(crate) request_id: Option<RequestId>,
}

/// Who turned out to call, for the limits in the answer.
#[derive(Clone, Default)]
struct Known(Arc<OnceLock<UserId>>);

impl FromRequestParts<Arc<Door>> for Signed {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, door: &Arc<Door>) -> Result<Self, Problem> {
        let peer = parts.extensions.get::<Peer>();
        let credentials = door.credentials(&parts.method, &parts.headers, peer);
        if credentials.is_empty() {
            return Err(door.without_credential(&parts.headers, peer));
        }
        let caller = door.gate().authenticate(&credentials, peer).await?;
        if let Some(Known(known)) = parts.extensions.get::<Known>() {
            let _ = known.set(caller.user().clone());
        }
        let passed = match parts.extensions.get::<CommandKind>().copied() {
            Some(kind) => door.gate().admit(caller, Some(kind)).await?,
            None => door.gate().admit_as(caller, if reads(&parts.method) { "query" } else { "change" }).await?,
        };
        Ok(Self { caller: passed.caller, request_id: request_id(&parts.headers)? })
    }
}

/// The middleware that tells who called how much of the limit is left.
pub(crate) async fn tell_limits(State(door): State<Arc<Door>>, mut request: Request, next: Next) -> Response {
    let known = Known::default();
    request.extensions_mut().insert(known.clone());
    let mut response = next.run(request).await;
    if let Some(user) = known.0.get() {
        let fields = LimitFields::of(door.gate().quota());
        fields.tell(&door.gate().limit(user), response.headers_mut());
    }
    response
}

impl Door {
    /// The first of: `Authorization: Bearer`, `X-API-Key`, the session cookies. Who names credentials means those.
    fn credentials(&self, method: &Method, headers: &HeaderMap, peer: Option<&Peer>) -> Vec<Credential> {
        match names_credential(headers) {
            true => credential(headers).into_iter().collect(),
            false => self.session_cookies(method, headers, peer),
        }
    }

    /// The sessions in the cookies, where the page that sent them may. A page of our own that reads names no origin. A
    /// browser names one with all that changes something, and says besides how the page is related to us; so what says
    /// neither comes from a program, whose user chose to send the cookie.
    pub(crate) fn session_cookies(&self, method: &Method, headers: &HeaderMap, peer: Option<&Peer>) -> Vec<Credential> {
        let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or("null"));
        let own = peer.and_then(Peer::origin);
        let from_here = match text(FETCH_SITE) {
            None => true,
            Some(site) => reads(method) && matches!(site, "same-origin" | "none"),
        };
        let origin = text(header::ORIGIN).or(own.as_deref().filter(|_| from_here));
        match self.settings().origins.allow_cookies(origin, own.as_deref()) {
            true => session_cookies(headers, self.secure_cookies(peer)),
            false => Vec::new(),
        }
    }

    /// Whether this client's cookies are sent over HTTPS alone.
    pub(crate) fn secure_cookies(&self, peer: Option<&Peer>) -> bool {
        self.settings().secure_cookies.unwrap_or(peer.is_some_and(|peer| peer.https))
    }

    /// Why nobody is known: there are no credentials, or a cookie that does not count.
    fn without_credential(&self, headers: &HeaderMap, peer: Option<&Peer>) -> Problem {
        if session_cookies(headers, self.secure_cookies(peer)).is_empty() {
            return Denied::Refused.into();
        }
        let message = "the session cookie does not count for a page that --client-url does not list, nor for any where it lists \
                       `*`: send `Authorization: Bearer` with a token or an API key";
        Problem::new(Code::Unauthenticated, message)
    }
}

pub(crate) fn reads(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}

fn request_id(headers: &HeaderMap) -> Result<Option<RequestId>, Problem> {
    let Some(value) = headers.get(IDEMPOTENCY_KEY) else { return Ok(None) };
    let id = value.to_str().ok().and_then(|text| RequestId::try_from(text).ok());
    let message = "Idempotency-Key: 1 to 64 printable characters";
    id.map(Some).ok_or_else(|| Problem::new(Code::InvalidMessage, message))
}
