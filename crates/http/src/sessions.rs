//! Signing in with a password, and signing out.

use std::{net::IpAddr, sync::Arc};

use axum::{
    Extension, Router,
    extract::State,
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    response::{AppendHeaders, IntoResponse, Response},
    routing::{get, post},
};
use boardwire_auth::{Cookie, CredentialId, SecretKind, known_device, new_device};
use boardwire_browser::{Page, cookies};
use boardwire_gate::Peer;
use boardwire_protocol::{Code, ConnectedUser, Timestamp, UserId};
use boardwire_services::{
    Caller,
    storage::{Session, StorageError, User},
};
use serde::{Deserialize, Serialize};

use crate::{
    body::Json,
    caller::AuthenticatedRequest,
    door::Door,
    logins::{Guesser, TooManyLogins},
    problem::Problem,
};

pub(crate) fn routes() -> Router<Arc<Door>> {
    Router::new().route("/sessions", post(sign_in)).route("/sessions/current", get(current).delete(sign_out))
}

/// How long a device is remembered, in seconds: 180 days.
const DEVICE_SECONDS: i64 = 180 * 24 * 3_600;
/// How many device cookies of a request are examined.
const MAX_DEVICES: usize = 4;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SignIn {
    user: String,
    password: String,
}

/// A session, as its user sees it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CurrentSession {
    user: ConnectedUser,
    /// When it ends, even if it is in use.
    expires_at: Option<Timestamp>,
    /// The secret, for the handshake of programs. A page gets only the cookie, which no script can read.
    #[serde(skip_serializing_if = "Option::is_none")]
    session_id: Option<String>,
}

async fn sign_in(
    State(door): State<Arc<Door>>,
    Extension(peer): Extension<Peer>,
    Extension(page): Extension<Page>,
    headers: HeaderMap,
    Json(command): Json<SignIn>,
) -> Result<Response, Problem> {
    let clock = door.clock();
    let (user, password) = door.check_password(command, &headers, &page, peer.address).await?;

    // Each login gets a new session id. The session that the browser had ends, provided that the request carries its
    // secret and not just its public id.
    for old in page.sessions(&Method::POST, &headers) {
        if let Some(old) = door.gate().session_of(&old).await? {
            door.services().store().delete_session(&old, clock.now()).await?;
        }
    }
    let secret = SecretKind::Session.generate().map_err(|error| StorageError::Unavailable(error.into()))?;
    let now = clock.now();
    let session = Session {
        id: secret.id,
        user: user.id.clone(),
        hash: secret.hash,
        created_at: now,
        used_at: now,
        expires_at: Timestamp(door.settings().sessions.absolute_end(now.0)),
    };
    // The password may have been changed since it was checked.
    if !door.services().store().insert_session(&session, &password).await? {
        return Err(wrong_credentials());
    }
    tracing::info!(user = %user.id, "signed in");
    tracing::debug!(user = %user.id, session = session.id, "a session begins");

    let from_page = headers.contains_key(header::ORIGIN);
    let body = CurrentSession {
        user: ConnectedUser { id: user.id, name: user.name, permissions: user.permissions, teams: user.teams },
        expires_at: Some(session.expires_at),
        session_id: (!from_page).then(|| secret.text.clone()),
    };
    let lifetime = (session.expires_at.0 - now.0) / 1000;
    let device = new_device(session.user.as_str(), &password);
    let device = device.map_err(|error| StorageError::Unavailable(error.into()))?;
    let cookies = (
        set_cookie(Cookie::Session, &secret.text, lifetime, &page),
        set_cookie(Cookie::Device, &device, DEVICE_SECONDS, &page),
    );
    Ok((StatusCode::CREATED, no_store(), cookies.0, cookies.1, axum::Json(body)).into_response())
}

async fn current(authenticated: AuthenticatedRequest) -> Response {
    axum::Json(CurrentSession::of(authenticated.caller())).into_response()
}

async fn sign_out(
    State(door): State<Arc<Door>>,
    Extension(page): Extension<Page>,
    authenticated: AuthenticatedRequest,
) -> Result<Response, Problem> {
    let CredentialId::Session(id) = &authenticated.caller().principal().credential else {
        return Err(Problem::new(Code::NotFound, "there is no session: these are other credentials"));
    };
    let now = door.clock().now();
    door.services().store().delete_session(id, now).await?;
    tracing::info!(user = %authenticated.caller().user(), "signed out");
    Ok((StatusCode::NO_CONTENT, no_store(), set_cookie(Cookie::Session, "", 0, &page)).into_response())
}

impl CurrentSession {
    fn of(caller: &Caller) -> Self {
        Self { user: caller.to_user(), expires_at: caller.principal().expires_at.map(Timestamp), session_id: None }
    }
}

impl Door {
    /// Returns the user with this name and password, and the hash that the password was checked with. Unknown names
    /// are slowed down like known ones and take as long, so that nothing reveals which accounts exist.
    async fn check_password(
        &self,
        login: SignIn,
        headers: &HeaderMap,
        page: &Page,
        address: IpAddr,
    ) -> Result<(User, String), Problem> {
        let SignIn { user: account, password } = login;
        let id = UserId::try_from(account.as_str()).ok();
        let device = self.device(id.as_ref(), headers, page).await?;
        let known = device.is_some();
        let guesser = match device {
            Some(device) => Guesser::Known(account, device),
            None => {
                self.parts.logins.admit(address).await.map_err(too_many_logins)?;
                // All names that no user can have count as one account.
                Guesser::stranger(id.as_ref().map_or("", UserId::as_str), address)
            }
        };
        let mut found = None;
        let check = async {
            let (user, stored) = match self.account(id.as_ref()).await {
                Ok(account) => account,
                Err(problem) => {
                    found = Some(Err(problem));
                    return None;
                }
            };
            let verdict = self.passwords.verify(password, stored.clone(), known).await;
            if verdict == Some(false) {
                tracing::info!(known = user.is_some(), %address, "login refused");
            }
            found = user.zip(stored).map(Ok);
            verdict
        };
        match (self.parts.logins.check(guesser, self.clock(), check).await.map_err(too_many_logins)?, found) {
            (Some(true), Some(found)) => found,
            (Some(_), _) => Err(wrong_credentials()),
            (None, Some(Err(problem))) => Err(problem),
            (None, _) => Err(Problem::new(Code::Unavailable, "too many logins at this moment; try again")),
        }
    }

    /// Returns the user with this id and the hash of their password, if they exist.
    async fn account(&self, id: Option<&UserId>) -> Result<(Option<User>, Option<String>), Problem> {
        let Some(id) = id else { return Ok((None, None)) };
        let user = self.services().store().user(id).await?;
        let stored = self.services().store().password(id).await?;
        Ok((user, stored))
    }

    /// Returns the id of the device, if this user has signed in on it before.
    async fn device(&self, id: Option<&UserId>, headers: &HeaderMap, page: &Page) -> Result<Option<String>, Problem> {
        let mut presented = Cookie::Device.values(page.secure_cookies(), cookies(headers)).take(MAX_DEVICES).peekable();
        let (Some(id), Some(_)) = (id, presented.peek()) else { return Ok(None) };
        let stored = self.services().store().password(id).await?;
        let known = stored
            .and_then(|stored| presented.find_map(|text| known_device(text, id.as_str(), &stored).map(str::to_owned)));
        Ok(known)
    }
}

/// Returns the header that sets a cookie.
fn set_cookie(cookie: Cookie, value: &str, seconds: i64, page: &Page) -> AppendHeaders<[(HeaderName, HeaderValue); 1]> {
    let cookie = cookie.set(page.secure_cookies(), value, seconds);
    AppendHeaders([(header::SET_COOKIE, HeaderValue::try_from(cookie).unwrap_or(HeaderValue::from_static("")))])
}

/// Returns the header that keeps caches from storing an answer with a secret in it.
fn no_store() -> [(HeaderName, HeaderValue); 1] {
    [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))]
}

fn too_many_logins(TooManyLogins(wait): TooManyLogins) -> Problem {
    Problem::wait(wait, "too many logins to this account, or from this address, are under way")
}

/// Returns the answer to wrong credentials, whichever part is wrong.
fn wrong_credentials() -> Problem {
    Problem::new(Code::AuthFailed, "the user or the password is wrong")
}
