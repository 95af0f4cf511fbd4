//! The authenticator for login sessions, and how long they last. Storing them is left to the implementation of
//! [`Sessions`]; logging in and out, and cookies, are left to the user of this crate.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::authenticator::Authenticator;
use crate::credential::Credential;
use crate::directory::Account;
use crate::error::{AuthError, BoxError};
use crate::principal::{CredentialId, Principal};
use crate::refusal::Refusal;
use crate::secret::SecretKind;
use crate::usage::Usage;

/// The least time between two recorded uses of one session, in milliseconds, if `idle` is 20 minutes or more.
const RECORD_EVERY_MS: i64 = 60_000;

/// How long sessions last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionPolicy {
    /// The time without use after which a session ends.
    pub idle: Duration,
    /// The time after its beginning at which a session ends even if it is used.
    pub absolute: Duration,
}

/// 7 days without use, 30 days in total.
impl Default for SessionPolicy {
    fn default() -> Self {
        const DAY: u64 = 24 * 3_600;
        Self { idle: Duration::from_secs(7 * DAY), absolute: Duration::from_secs(30 * DAY) }
    }
}

impl SessionPolicy {
    /// Returns the absolute end of a session that begins at `now_ms`, both in Unix milliseconds: for
    /// [`SessionRecord::expires_at`].
    pub fn absolute_end(&self, now_ms: i64) -> i64 {
        now_ms.saturating_add(millis(self.absolute))
    }

    /// Returns the least time between two recorded uses: a minute, or a twentieth of the idle time if that is shorter.
    fn record_every_ms(&self) -> i64 {
        RECORD_EVERY_MS.min(millis(self.idle) / 20)
    }
}

/// A session as it is stored, with its account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRecord {
    /// The account as it is now.
    pub account: Account,
    /// SHA-256 of the secret part as lower-case hexadecimal digits: [`IssuedSecret::hash`](crate::IssuedSecret::hash).
    pub hash: String,
    /// When a use was last recorded, in Unix milliseconds; before the first one, when the session began.
    pub last_used: i64,
    /// The absolute end, in Unix milliseconds: [`SessionPolicy::absolute_end`].
    pub expires_at: i64,
}

/// Where sessions are stored.
#[async_trait::async_trait]
pub trait Sessions: Send + Sync {
    /// Returns the session with this id (16 lower-case hexadecimal digits). `None`: there is no such session, it has
    /// ended, or its account no longer exists. An error: the storage failed.
    async fn session(&self, id: &str) -> Result<Option<SessionRecord>, BoxError>;

    /// Records that the session was used at `now_ms` (Unix milliseconds). It is not an error if the session no longer
    /// exists.
    async fn session_used(&self, id: &str, now_ms: i64) -> Result<(), BoxError>;
}

/// Turns [`Credential::Session`] into a [`Principal`]; handles no other kind.
///
/// - A text that is not a session credential, an unknown id and a wrong secret give the same refusal,
///   [`Refusal::UnknownCredential`]. [`Refusal::Expired`] requires the right secret.
/// - The principal's `expires_at` is the earlier of the absolute end and the last recorded use plus the idle time. A
///   use is recorded unless one was recorded within the last minute or the last twentieth of the idle time, whichever
///   is shorter; a session may end sooner by that much. The caller is accepted even if recording fails, and the end
///   stays where it was.
/// - Authenticating is a use, and so is a call of [`used`](Self::used). Renewal is not.
/// - One session can have many connections, and a use by one of them moves the end for all. So,
///   before you refuse the caller of an expired principal, [renew](Authenticator::renew) the principal.
pub struct SessionAuthenticator {
    sessions: Arc<dyn Sessions>,
    policy: SessionPolicy,
    usage: Usage,
}

impl SessionAuthenticator {
    /// Makes an authenticator that looks sessions up in `sessions` and ends them as `policy` says.
    pub fn new(sessions: Arc<dyn Sessions>, policy: SessionPolicy) -> Self {
        Self { sessions, policy, usage: Usage::every(policy.record_every_ms()) }
    }

    /// Records that `principal` sent a command at `now_ms` (Unix milliseconds), so that the session of a connection
    /// that sends commands does not end for being idle. Cheap enough for every command.
    ///
    /// - `Ok(None)`: keep the principal. It is not from a session, or a use was recorded shortly before, over this
    ///   connection or another one; the storage was not asked.
    /// - `Ok(Some(_))`: replace the principal with this one, which is renewed, and ends later if the use was recorded.
    /// - [`AuthError::Refused`]: the session has ended.
    /// - [`AuthError::Unavailable`]: the storage failed; keep the principal until it expires.
    pub async fn used(&self, principal: &Principal, now_ms: i64) -> Result<Option<Principal>, AuthError> {
        let CredentialId::Session(id) = &principal.credential else { return Ok(None) };
        if !self.usage.claim(id, None, now_ms) {
            return Ok(None);
        }
        let found = self.find(id, principal, now_ms).await;
        if found.is_err() {
            self.usage.release(id);
        }
        let mut record = found?;
        self.record_use(id, &mut record, now_ms).await;
        Ok(Some(self.principal(id, record)))
    }

    /// Returns the record of the session of `principal`, unless it has ended.
    async fn find(&self, id: &str, principal: &Principal, now_ms: i64) -> Result<SessionRecord, AuthError> {
        let record = self.sessions.session(id).await.map_err(AuthError::Unavailable)?;
        let record = record.filter(|record| record.account.id == principal.user).ok_or(Refusal::UnknownCredential)?;
        if now_ms >= self.end(&record) { Err(Refusal::Expired.into()) } else { Ok(record) }
    }

    async fn record_use(&self, id: &str, record: &mut SessionRecord, now_ms: i64) {
        match self.sessions.session_used(id, now_ms).await {
            Ok(()) => record.last_used = record.last_used.max(now_ms),
            // The caller is accepted nevertheless; the next use is recorded instead.
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
        let record = self.find(id, principal, now_ms).await?;
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
