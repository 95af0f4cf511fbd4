//! Makes tokens with a shared secret, for command lines and tests. Whether they are accepted is up to the verifier.

use std::time::Duration;

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde::Serialize;

use crate::key::{KeyError, check_secret};
use crate::permission::Permissions;
use crate::user_id::is_user_id;

/// Why a token could not be made.
#[derive(Debug, thiserror::Error)]
pub enum IssueError {
    /// The subject is not a user id, so the token would be refused.
    #[error("{0:?} is not a user id: it takes 1 to 64 letters, digits, `_` and `-`")]
    Subject(String),
    /// The expiry can't be represented.
    #[error("the token would be valid for too long")]
    Ttl,
    /// Signing failed.
    #[error("the token could not be signed")]
    Sign(#[source] jsonwebtoken::errors::Error),
}

/// What a token is to contain.
#[derive(Debug, Clone)]
pub struct IssueRequest {
    /// The user id.
    pub subject: String,
    /// The permissions that the token is limited to; `None`: all that the account has.
    pub permissions: Option<Permissions>,
    /// The subject's name; `None`: the token does not give one.
    pub name: Option<String>,
    /// The subject's teams; `None`: the token does not give them.
    pub teams: Option<Vec<String>>,
    /// How long it is valid, counted from `now_ms`.
    pub ttl: Duration,
    /// The current time in Unix milliseconds.
    pub now_ms: i64,
    /// The token's own id (`jti`).
    pub id: Option<String>,
}

impl IssueRequest {
    /// Returns when the token expires, in Unix milliseconds: a whole second, as in tokens. `None`: it can't be
    /// represented.
    pub fn expires_at(&self) -> Option<i64> {
        let end = self.now_ms.checked_add(i64::try_from(self.ttl.as_millis()).ok()?)?;
        end.div_euclid(1_000).checked_mul(1_000)
    }
}

/// Signs tokens with HS256.
#[derive(Clone)]
pub struct TokenIssuer {
    key: EncodingKey,
    issuer: Option<String>,
    audience: Option<String>,
}

impl TokenIssuer {
    /// Makes an issuer with this secret, at least [`MIN_SECRET_BYTES`](crate::MIN_SECRET_BYTES) long, and these `iss`
    /// and `aud`.
    pub fn hs256(secret: impl AsRef<[u8]>, issuer: Option<&str>, audience: Option<&str>) -> Result<Self, KeyError> {
        let secret = secret.as_ref();
        check_secret(secret)?;
        Ok(Self {
            key: EncodingKey::from_secret(secret),
            issuer: issuer.map(str::to_owned),
            audience: audience.map(str::to_owned),
        })
    }

    /// Returns a token in compact form. It names no key (`kid`).
    pub fn issue(&self, request: &IssueRequest) -> Result<String, IssueError> {
        if !is_user_id(&request.subject) {
            return Err(IssueError::Subject(request.subject.clone()));
        }
        let claims = SignedClaims {
            sub: &request.subject,
            exp: request.expires_at().ok_or(IssueError::Ttl)? / 1_000,
            iat: request.now_ms.div_euclid(1_000),
            jti: request.id.as_deref(),
            name: request.name.as_deref(),
            teams: request.teams.as_deref(),
            permissions: request.permissions,
            iss: self.issuer.as_deref(),
            aud: self.audience.as_deref(),
        };
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &self.key).map_err(IssueError::Sign)
    }
}

/// The claims as they are in the token.
#[derive(Serialize)]
struct SignedClaims<'a> {
    sub: &'a str,
    exp: i64,
    iat: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    jti: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    teams: Option<&'a [String]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    permissions: Option<Permissions>,
    #[serde(skip_serializing_if = "Option::is_none")]
    iss: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    aud: Option<&'a str>,
}
