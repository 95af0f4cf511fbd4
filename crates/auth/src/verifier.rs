//! Checks JWTs: the key, the signature, the time, the issuer and the audience. The account of the subject and its
//! permissions are found in `token.rs`.

use jsonwebtoken::Algorithm;

use crate::claims::Claims;
use crate::jwks;
use crate::key::{Key, KeyError};
use crate::refusal::Refusal;

/// The length of the longest token that is accepted, in bytes.
pub const MAX_TOKEN_BYTES: usize = 8 * 1024;

/// How far the issuer's clock may differ from this one, in seconds, by default.
pub const DEFAULT_LEEWAY_SECS: u64 = 5;

/// The most characters of a token's `kid` that a refusal repeats.
const MAX_SHOWN_KID_CHARS: usize = 64;

/// Checks JWTs. Made by [`builder`](Self::builder).
///
/// - Each key is for one algorithm: a secret for HS256, a public key for RS256, ES256 or EdDSA, depending on its type.
///   A token's `alg` only chooses among the keys of that algorithm, so a public key is never used as a secret; `none`
///   is not supported.
/// - A token that names a key (`kid`) is checked with the keys of that name, and refused if there is none. Secrets and
///   PEM keys have no name unless one is given with [`key_id`](TokenVerifierBuilder::key_id).
/// - A token that names no key is checked with all unnamed keys of its algorithm, so that old and new keys can overlap.
///   If all keys of the algorithm have names, there must be exactly one.
/// - `sub` (a [user id](crate::is_user_id)) and `exp` are required; `nbf` is honoured.
#[derive(Debug, Clone)]
pub struct TokenVerifier {
    keys: Vec<Key>,
    issuer: Option<String>,
    audience: Option<String>,
    leeway_secs: u64,
}

impl TokenVerifier {
    /// Returns a builder with no key, any issuer, any audience and the default leeway.
    pub fn builder() -> TokenVerifierBuilder {
        TokenVerifierBuilder { sources: Vec::new(), issuer: None, audience: None, leeway_secs: DEFAULT_LEEWAY_SECS }
    }

    /// Returns the claims of `token`, a JWT in compact form, if it is valid at `now_ms` (Unix milliseconds).
    pub fn verify(&self, token: &str, now_ms: i64) -> Result<Claims, Refusal> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(Refusal::TooLong);
        }
        let header = Header::of(token)?;
        let mut verdict = Err(Refusal::Signature);
        for key in self.candidates(&header)? {
            verdict = key.verify(token);
            if !matches!(verdict, Err(Refusal::Signature)) {
                break;
            }
        }
        let claims = verdict?.read()?;
        self.check(&claims, now_ms)?;
        Ok(claims)
    }

    fn candidates(&self, header: &Header) -> Result<Vec<&Key>, Refusal> {
        let of_algorithm: Vec<_> = self.keys.iter().filter(|key| key.algorithm == header.algorithm).collect();
        if of_algorithm.is_empty() {
            return Err(Refusal::NoKeyForAlgorithm);
        }
        let with_same_name: Vec<_> = of_algorithm.iter().copied().filter(|key| key.kid == header.kid).collect();
        match &header.kid {
            _ if !with_same_name.is_empty() => Ok(with_same_name),
            Some(kid) => Err(Refusal::UnknownKey(kid.chars().take(MAX_SHOWN_KID_CHARS).collect())),
            None if of_algorithm.len() == 1 => Ok(of_algorithm),
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

/// Collects keys and requirements for a [`TokenVerifier`]. Several keys can be added; each of them is accepted.
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

    /// Gives the secret or PEM key added last its name in tokens (`kid`). Does nothing after a key set, whose keys have
    /// their own names, and before the first key.
    pub fn key_id(mut self, kid: impl Into<String>) -> Self {
        if let Some((_, name)) = self.sources.last_mut() {
            *name = Some(kid.into());
        }
        self
    }

    /// Requires this exact `iss`. By default any `iss` is accepted.
    pub fn issuer(mut self, issuer: impl Into<String>) -> Self {
        self.issuer = Some(issuer.into());
        self
    }

    /// Requires this exact value in `aud`. By default any `aud` is accepted.
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audience = Some(audience.into());
        self
    }

    /// Sets how far the issuer's clock may differ from this one, for `exp` and `nbf`.
    pub fn leeway_secs(mut self, seconds: u64) -> Self {
        self.leeway_secs = seconds;
        self
    }

    /// Makes the verifier.
    ///
    /// # Errors
    /// The error of the first key that can't be used, or [`KeyError::NoKey`].
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

/// The fields of a token's header that are used.
struct Header {
    algorithm: Algorithm,
    kid: Option<String>,
}

impl Header {
    fn of(token: &str) -> Result<Self, Refusal> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| Refusal::Malformed)?;
        // RFC 7515 section 4.1.11: a token with unsupported critical extensions must be refused; the library ignores
        // them.
        if header.crit.is_some() {
            return Err(Refusal::CriticalHeader);
        }
        Ok(Self { algorithm: header.alg, kid: header.kid })
    }
}
