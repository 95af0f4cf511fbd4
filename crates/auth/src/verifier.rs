//! Decides whether a JWT is good: which key it must be by, its signature, its time, its issuer and its audience. Whose
//! account the subject is, and what it may do, is decided later.

use jsonwebtoken::Algorithm;

use crate::claims::Claims;
use crate::jwks;
use crate::key::{Key, KeyError};
use crate::refusal::Refusal;

/// Longest token that is looked at, in bytes.
pub const MAX_TOKEN_BYTES: usize = 8 * 1024;

/// How far the issuer's clock may be from ours, in seconds, unless the builder is told otherwise.
pub const DEFAULT_LEEWAY_SECS: u64 = 5;

/// Longest part of a token's `kid` that a refusal repeats, in characters.
const MAX_SHOWN_KID_CHARS: usize = 64;

/// Checks JWTs. Made by [`builder`](Self::builder), never changed after that; cheap to share behind an `Arc`.
///
/// - Each key serves one algorithm: a secret HS256, a public key RS256, ES256 or EdDSA by its type. A token's `alg` only
///   chooses among keys of that algorithm; it cannot make a public key be used as a secret, and `none` is no algorithm.
/// - A token that names a key (`kid`) is checked with the keys that go by this name, and refused if there is none.
///   Secrets and PEM keys go by no name unless one is given with [`key_id`](TokenVerifierBuilder::key_id).
/// - A token that names no key is checked with every unnamed key of its algorithm, so that old and new keys can overlap;
///   where all keys of the algorithm have names, there must be exactly one.
/// - `sub` (a [user id](crate::is_user_id)) and `exp` are required; `nbf` is honoured.
#[derive(Debug, Clone)]
pub struct TokenVerifier {
    keys: Vec<Key>,
    issuer: Option<String>,
    audience: Option<String>,
    leeway_secs: u64,
}

impl TokenVerifier {
    /// Starts with no key, any issuer, any audience and the default leeway.
    pub fn builder() -> TokenVerifierBuilder {
        TokenVerifierBuilder { sources: Vec::new(), issuer: None, audience: None, leeway_secs: DEFAULT_LEEWAY_SECS }
    }

    /// The claims of `token`, a JWT in compact form, if it is good at `now_ms` (Unix milliseconds).
    pub fn verify(&self, token: &str, now_ms: i64) -> Result<Claims, Refusal> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(Refusal::TooLong);
        }
        let header = Header::of(token)?;
        let mut verdict = Err(Refusal::Signature);
        for key in self.candidates(&header)? {
            verdict = key.open(token);
            if !matches!(verdict, Err(Refusal::Signature)) {
                break;
            }
        }
        let claims = verdict?.read()?;
        self.check(&claims, now_ms)?;
        Ok(claims)
    }

    fn candidates(&self, header: &Header) -> Result<Vec<&Key>, Refusal> {
        let fitting: Vec<_> = self.keys.iter().filter(|key| key.algorithm == header.algorithm).collect();
        if fitting.is_empty() {
            return Err(Refusal::NoKeyForAlgorithm);
        }
        let goes_by: Vec<_> = fitting.iter().copied().filter(|key| key.kid == header.kid).collect();
        match &header.kid {
            _ if !goes_by.is_empty() => Ok(goes_by),
            Some(kid) => Err(Refusal::UnknownKey(kid.chars().take(MAX_SHOWN_KID_CHARS).collect())),
            None if fitting.len() == 1 => Ok(fitting),
            None => Err(Refusal::AmbiguousKey),
        }
    }

    fn check(&self, claims: &Claims, now_ms: i64) -> Result<(), Refusal> {
        let leeway_ms = i64::try_from(self.leeway_secs).unwrap_or(i64::MAX).saturating_mul(1_000);
        if now_ms >= (claims.exp * 1_000).saturating_add(leeway_ms) {
            return Err(Refusal::Expired);
        }
        if claims.nbf.is_some_and(|nbf| now_ms < (nbf * 1_000).saturating_sub(leeway_ms)) {
            return Err(Refusal::NotYetValid);
        }
        if self.issuer.is_some() && claims.iss != self.issuer {
            return Err(Refusal::Issuer);
        }
        if self.audience.as_ref().is_some_and(|audience| !claims.aud.contains(audience)) {
            return Err(Refusal::Audience);
        }
        Ok(())
    }
}

/// Collects keys and requirements for a [`TokenVerifier`]. Several keys can be added; all of them count.
#[derive(Clone)]
#[must_use]
pub struct TokenVerifierBuilder {
    sources: Vec<(Source, Option<String>)>,
    issuer: Option<String>,
    audience: Option<String>,
    leeway_secs: u64,
}

#[derive(Clone)]
enum Source {
    Secret(Vec<u8>),
    Pem(String),
    Jwks(String),
}

impl TokenVerifierBuilder {
    /// Adds a secret for HS256, at least [`MIN_SECRET_BYTES`](crate::MIN_SECRET_BYTES) long.
    pub fn hs256_secret(mut self, secret: impl AsRef<[u8]>) -> Self {
        self.sources.push((Source::Secret(secret.as_ref().to_vec()), None));
        self
    }

    /// Adds a public key as PEM text (`BEGIN PUBLIC KEY`, `BEGIN RSA PUBLIC KEY`): RSA for RS256, EC P-256 for ES256,
    /// Ed25519 for EdDSA.
    pub fn public_key_pem(mut self, pem: impl AsRef<str>) -> Self {
        self.sources.push((Source::Pem(pem.as_ref().to_owned()), None));
        self
    }

    /// Adds the signature keys of a JSON Web Key Set, given as its JSON text.
    pub fn jwks(mut self, json_text: impl AsRef<str>) -> Self {
        self.sources.push((Source::Jwks(json_text.as_ref().to_owned()), None));
        self
    }

    /// Gives the secret or PEM key added last the name that tokens call it by (`kid`). Has no effect on a key set, whose
    /// keys have names of their own, or where nothing was added yet.
    pub fn key_id(mut self, kid: impl Into<String>) -> Self {
        if let Some((_, name)) = self.sources.last_mut() {
            *name = Some(kid.into());
        }
        self
    }

    /// Requires this `iss`, exactly.
    pub fn issuer(mut self, issuer: impl Into<String>) -> Self {
        self.issuer = Some(issuer.into());
        self
    }

    /// Requires this in `aud`, exactly. Without it any `aud` is accepted.
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audience = Some(audience.into());
        self
    }

    /// How far the issuer's clock may be from ours, for `exp` and `nbf`.
    pub fn leeway_secs(mut self, seconds: u64) -> Self {
        self.leeway_secs = seconds;
        self
    }

    /// Reads all keys. The first one that cannot be used is the error; at least one key is needed.
    pub fn build(self) -> Result<TokenVerifier, KeyError> {
        let mut keys = Vec::new();
        for (source, name) in self.sources {
            match source {
                Source::Secret(secret) => keys.push(Key::hs256(&secret)?.named(name)),
                Source::Pem(pem) => keys.push(Key::public_pem(&pem)?.named(name)),
                Source::Jwks(text) => keys.extend(jwks::read(&text)?),
            }
        }
        if keys.is_empty() {
            return Err(KeyError::NoKey);
        }
        let Self { issuer, audience, leeway_secs, .. } = self;
        Ok(TokenVerifier { keys, issuer, audience, leeway_secs })
    }
}

/// What of a token's header counts.
struct Header {
    algorithm: Algorithm,
    kid: Option<String>,
}

impl Header {
    fn of(token: &str) -> Result<Self, Refusal> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| Refusal::Malformed)?;
        // RFC 7515 section 4.1.11: who does not understand a critical extension must refuse; the library ignores them.
        if header.crit.is_some() {
            return Err(Refusal::CriticalHeader);
        }
        Ok(Self { algorithm: header.alg, kid: header.kid })
    }
}
