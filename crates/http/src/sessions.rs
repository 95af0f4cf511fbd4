//! Signing in with a password, and out again.

use std::sync::Arc;

use axum::{
    Extension, Router,
    extract::State,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use boardwire_auth::{Cookie, CredentialId, SecretKind};
use boardwire_gate::Peer;
use boardwire_protocol::{Code, ConnectedUser, Timestamp, UserId};
use boardwire_rate_limit::Refused;
use boardwire_services::{
    Caller, Fault,
    storage::{Session, StorageError, User},
};
use serde::{Deserialize, Serialize};

use crate::{body::Json, caller::Signed, door::Door, problem::Problem};

pub(crate) fn routes() -> Router<Arc<Door>> {
    Router::new().route("/sessions", post(sign_in)).route("/sessions/current", get(current).delete(sign_out))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SignIn {
    user: String,
    password: String,
}

/// A session.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Current {
    user: ConnectedUser,
    /// When it ends, used or not.
    expires_at: Option<Timestamp>,
    /// For the handshake of programs. A page gets the cookie alone, which no script can read.
    #[serde(skip_serializing_if = "Option::is_none")]
    session_id: Option<String>,
}

async fn sign_in(
    State(door): State<Arc<Door>>,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
    Json(command): Json<SignIn>,
) -> Result<Response, Problem> {
    let clock = door.clock();
    door.parts.logins.check(peer.address).map_err(|wait| Problem::wait(wait, "too many logins from this address"))?;
    let (user, password) = door.check_password(command).await?;

    // The id of a session is new with each login, and the one that was there ends: if its secret came along, not just
    // its public id.
    for old in door.session_cookies(&Method::POST, &headers, Some(&peer)) {
        if let Some(old) = door.gate().session_of(&old).await? {
            door.services().store().delete_session(&old, clock.now()).await.map_err(|error| door.storage(error))?;
        }
    }
    let secret =
        SecretKind::Session.generate().map_err(|error| door.storage(StorageError::Unavailable(error.into())))?;
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
    if !door.services().store().insert_session(&session, &password).await.map_err(|error| door.storage(error))? {
        return Err(wrong());
    }
    tracing::info!(user = %user.id, "signed in");
    tracing::debug!(user = %user.id, session = session.id, "a session begins");

    let from_page = headers.contains_key(header::ORIGIN);
    let body = Current {
        user: ConnectedUser { id: user.id, name: user.name, permissions: user.permissions, teams: user.teams },
        expires_at: Some(session.expires_at),
        session_id: (!from_page).then(|| secret.text.clone()),
    };
    let lifetime = (session.expires_at.0 - now.0) / 1000;
    Ok((StatusCode::CREATED, door.cookie(&secret.text, lifetime, &peer), axum::Json(body)).into_response())
}

async fn current(signed: Signed) -> Response {
    axum::Json(Current::of(&signed.caller)).into_response()
}

async fn sign_out(
    State(door): State<Arc<Door>>,
    Extension(peer): Extension<Peer>,
    signed: Signed,
) -> Result<Response, Problem> {
    let CredentialId::Session(id) = &signed.caller.principal().credential else {
        return Err(Problem::new(Code::NotFound, "there is no session: these are other credentials"));
    };
    let now = door.clock().now();
    door.services().store().delete_session(id, now).await.map_err(|error| door.storage(error))?;
    tracing::info!(user = %signed.caller.user(), "signed out");
    Ok((StatusCode::NO_CONTENT, door.cookie("", 0, &peer)).into_response())
}

impl Current {
    fn of(caller: &Caller) -> Self {
        Self { user: caller.to_user(), expires_at: caller.principal().expires_at.map(Timestamp), session_id: None }
    }
}

impl Door {
    /// The user of this name and password, and the hash that the password was checked with. Who fails too often on one account waits, whatever the password.
    async fn check_password(&self, command: SignIn) -> Result<(User, String), Problem> {
        let SignIn { user: account, password } = command;
        let clock = self.clock();
        self.not_held_back(&account)?;
        let id = UserId::try_from(account.as_str()).ok();
        let (mut user, mut stored) = (None, None);
        if let Some(id) = &id {
            user = self.services().store().user(id).await.map_err(|error| self.storage(error))?;
            stored = self.services().store().password(id).await.map_err(|error| self.storage(error))?;
        }
        let verified = self.passwords.verify(password, stored.clone()).await;
        // Who guesses many at the same time passed the first look with all of them.
        self.not_held_back(&account)?;
        match verified {
            Some(true) => user.zip(stored).ok_or_else(wrong),
            Some(false) => {
                tracing::info!(known = user.is_some(), "login refused");
                // Made-up names are counted too: who is held back must not tell which accounts there are.
                if id.is_some()
                    && let Err(refused) = self.parts.failed_logins.check(&account, 1, clock.monotonic())
                {
                    return Err(Problem::too_often(&refused, clock));
                }
                Err(wrong())
            }
            None => Err(Problem::new(Code::Unavailable, "too many logins at this moment; try again")),
        }
    }

    /// Passes unless there were too many wrong passwords for the account.
    fn not_held_back(&self, account: &str) -> Result<(), Problem> {
        let clock = self.clock();
        let info = self.parts.failed_logins.info(&account.to_owned(), clock.monotonic());
        if info.remaining > 0 {
            return Ok(());
        }
        Err(Problem::too_often(&Refused { info, retry_after: info.reset }, clock))
    }

    fn cookie(&self, value: &str, seconds: i64, peer: &Peer) -> [(header::HeaderName, HeaderValue); 2] {
        let cookie = Cookie::Session.set(self.secure_cookies(Some(peer)), value, seconds);
        let cookie = HeaderValue::try_from(cookie).unwrap_or(HeaderValue::from_static(""));
        [(header::SET_COOKIE, cookie), (header::CACHE_CONTROL, HeaderValue::from_static("no-store"))]
    }

    pub(crate) fn storage(&self, error: StorageError) -> Problem {
        Problem::of(&Fault::Storage(error), self.clock())
    }
}

/// The same for whatever is wrong.
fn wrong() -> Problem {
    Problem::new(Code::AuthFailed, "the user or the password is wrong")
}
