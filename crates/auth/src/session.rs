//! The authenticator for sessions, and how long they last. Where they are stored is the other side of [`Sessions`];
//! logging in and out, and the cookie, are for the doors.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::authenticator::{AuthError, Authenticator, BoxError};
use crate::credential::Credential;
use crate::directory::Account;
use crate::principal::{CredentialId, Principal};
use crate::refusal::Refusal;
use crate::secret::SecretKind;
use crate::usage::Usage;

/// How often the use of one session is recorded at most, in milliseconds, where `idle` is 20 minutes or more.
const RECORD_EVERY_MS: i64 = 60_000;

/// How long sessions last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionPolicy {
    /// A session ends when it was not used for so long.
    pub idle: Duration,
    /// A session ends so long after it began, used or not.
    pub absolute: Duration,
}

/// 7 days without use, 30 days in all.
impl Default for SessionPolicy {
    fn default() -> Self {
        const DAY: u64 = 24 * 3_600;
        Self { idle: Duration::from_secs(7 * DAY), absolute: Duration::from_secs(30 * DAY) }
    }
}

impl SessionPolicy {
    /// The absolute end of a session that begins at `now_ms`, both in Unix milliseconds: for
    /// [`SessionRecord::expires_at`].
    pub fn absolute_end(&self, now_ms: i64) -> i64 {
        now_ms.saturating_add(millis(self.absolute))
    }

    /// Of a short idle time a minute would be too much: at most a twentieth of it goes unrecorded.
    fn record_every_ms(&self) -> i64 {
        RECORD_EVERY_MS.min(millis(self.idle) / 20)
    }
}

/// A session as it is stored, with the account that it speaks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRecord {
    /// The account as it is now.
    pub account: Account,
    /// SHA-256 of the secret part as lower-case hexadecimal digits: [`IssuedSecret::hash`](crate::IssuedSecret::hash).
    pub hash: String,
    /// When a use was last recorded, in Unix milliseconds; at first, when the session began.
    pub last_used: i64,
    /// The absolute end, in Unix milliseconds: [`SessionPolicy::absolute_end`].
    pub expires_at: i64,
}

/// The border to wherever sessions are stored.
#[async_trait::async_trait]
pub trait Sessions: Send + Sync {
    /// The session of this id (16 lower-case hexadecimal digits). `None`: there is no such session, it was ended, or
    /// its account is gone. An error: it could not be found out.
    async fn session(&self, id: &str) -> Result<Option<SessionRecord>, BoxError>;

    /// Records that the session was used at `now_ms` (Unix milliseconds). A session that is gone is no error.
    async fn session_used(&self, id: &str, now_ms: i64) -> Result<(), BoxError>;
}

/// Turns [`Credential::Session`] into a [`Principal`]; knows no other kind.
///
/// - A text that is not a session's in form, an id that does not exist and a secret that is wrong are the same refusal,
///   [`Refusal::UnknownCredential`]; that a session has expired is said only where its secret was right.
/// - The principal's `expires_at` is the earlier of the absolute end and the last recorded use plus the idle time. A
///   use is recorded unless one was within the last minute or twentieth of the idle time, whichever is shorter; a session
///   may end sooner by that much. Failing to record refuses nobody, but moves no end either.
/// - Authenticating is a use, and so is what [`used`](Self::used) is told of. Renewal is none.
/// - One session can have many connections, and the use of one moves the end for all: when a principal's `expires_at`
///   has come, [renew](Authenticator::renew) it before turning its caller away.
pub struct SessionAuthenticator {
    sessions: Arc<dyn Sessions>,
    policy: SessionPolicy,
    usage: Usage,
}

impl SessionAuthenticator {
    /// Looks sessions up in `sessions`, which end as `policy` says.
    pub fn new(sessions: Arc<dyn Sessions>, policy: SessionPolicy) -> Self {
        Self { sessions, policy, usage: Usage::every(policy.record_every_ms()) }
    }

    /// For a door to say that `principal` was used by a command at `now_ms` (Unix milliseconds), so that a connection
    /// that sends commands does not end as idle. Cheap enough for every command.
    ///
    /// - `Ok(None)`: go on with the principal at hand. It is no session's, or a use was recorded just before by this or
    ///   another connection, which is known without asking the storage.
    /// - `Ok(Some(_))`: the use was due to be recorded; go on with this principal, renewed and with its end moved.
    /// - [`AuthError::Refused`]: the session has ended, and a use does not bring it back.
    /// - [`AuthError::Unavailable`]: it could not be found out. Go on with the principal at hand while it lasts.
    pub async fn used(&self, principal: &Principal, now_ms: i64) -> Result<Option<Principal>, AuthError> {
        let CredentialId::Session(id) = &principal.credential else { return Ok(None) };
        if !self.usage.claim(id, None, now_ms) {
            return Ok(None);
        }
        let found = self.found(id, principal, now_ms).await;
        if found.is_err() {
            self.usage.release(id);
        }
        let mut record = found?;
        self.record_use(id, &mut record, now_ms).await;
        Ok(Some(self.principal(id, record)))
    }

    /// The record behind `principal`, unless the session has ended.
    async fn found(&self, id: &str, principal: &Principal, now_ms: i64) -> Result<SessionRecord, AuthError> {
        let record = self.sessions.session(id).await.map_err(AuthError::Unavailable)?;
        let record = record.filter(|record| record.account.id == principal.user).ok_or(Refusal::UnknownCredential)?;
        if now_ms >= self.end(&record) { Err(Refusal::Expired.into()) } else { Ok(record) }
    }

    async fn record_use(&self, id: &str, record: &mut SessionRecord, now_ms: i64) {
        match self.sessions.session_used(id, now_ms).await {
            Ok(()) => record.last_used = record.last_used.max(now_ms),
            // Who may come in does not hang on it, and the next use tries again.
            Err(_) => self.usage.release(id),
        }
    }

    fn end(&self, record: &SessionRecord) -> i64 {
        record.expires_at.min(record.last_used.saturating_add(millis(self.policy.idle)))
    }

    fn principal(&self, id: &str, record: SessionRecord) -> Principal {
        let end = self.end(&record);
        Principal::of(record.account, None, Some(end), CredentialId::Session(id.to_owned()))
    }
}

#[async_trait::async_trait]
impl Authenticator for SessionAuthenticator {
    async fn authenticate(&self, credential: &Credential, now_ms: i64) -> Result<Option<Principal>, AuthError> {
        let Credential::Session(text) = credential else { return Ok(None) };
        let presented = SecretKind::Session.parse(text).ok_or(Refusal::UnknownCredential)?;
        let id = presented.id();
        let record = self.sessions.session(id).await.map_err(AuthError::Unavailable)?;
        let matches = presented.matches(record.as_ref().map(|record| record.hash.as_str()));
        let mut record = record.filter(|_| matches).ok_or(Refusal::UnknownCredential)?;
        if now_ms >= self.end(&record) {
            return Err(Refusal::Expired.into());
        }
        if self.usage.claim(id, Some(record.last_used), now_ms) {
            self.record_use(id, &mut record, now_ms).await;
        }
        Ok(Some(self.principal(id, record)))
    }

    async fn renew(&self, principal: &Principal, now_ms: i64) -> Result<Option<Principal>, AuthError> {
        let CredentialId::Session(id) = &principal.credential else { return Ok(None) };
        let record = self.found(id, principal, now_ms).await?;
        Ok(Some(self.principal(id, record)))
    }
}

impl fmt::Debug for SessionAuthenticator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionAuthenticator").field("policy", &self.policy).finish_non_exhaustive()
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
