//! Makes tokens, good and bad, with any header and any signer. What they are expected to do is each test's.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use boardwire_auth::{Claims, Refusal, TokenVerifier};
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::{Value, json};

pub(crate) const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";
pub(crate) const OTHER_SECRET: &[u8] = b"fedcba9876543210fedcba9876543210";
pub(crate) const RSA_PUB: &str = include_str!("keys/rsa.pub.pem");
pub(crate) const P256_PUB: &str = include_str!("keys/p256.pub.pem");
pub(crate) const ED_PUB: &str = include_str!("keys/ed25519.pub.pem");

/// The tests' present, in Unix milliseconds and seconds.
pub(crate) const NOW_MS: i64 = NOW * 1_000;
pub(crate) const NOW: i64 = 1_790_000_000;

/// Who signs.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Signer<'a> {
    Secret(&'a [u8]),
    Rsa,
    OtherRsa,
    P256,
    Ed25519,
    Nobody,
}

impl Signer<'_> {
    /// The algorithm that this signer's key is meant for.
    pub(crate) fn alg(self) -> &'static str {
        match self {
            Self::Secret(_) => "HS256",
            Self::Rsa | Self::OtherRsa => "RS256",
            Self::P256 => "ES256",
            Self::Ed25519 => "EdDSA",
            Self::Nobody => "none",
        }
    }

    fn sign(self, message: &str, alg: &str) -> String {
        let key = match self {
            Self::Secret(secret) => EncodingKey::from_secret(secret),
            Self::Rsa => EncodingKey::from_rsa_pem(include_bytes!("keys/rsa.pem")).unwrap(),
            Self::OtherRsa => EncodingKey::from_rsa_pem(include_bytes!("keys/rsa_other.pem")).unwrap(),
            Self::P256 => EncodingKey::from_ec_pem(include_bytes!("keys/p256.pem")).unwrap(),
            Self::Ed25519 => EncodingKey::from_ed_pem(include_bytes!("keys/ed25519.pem")).unwrap(),
            Self::Nobody => return String::new(),
        };
        let algorithm: Algorithm = alg.parse().or_else(|_| self.alg().parse()).unwrap();
        jsonwebtoken::crypto::sign(message.as_bytes(), &key, algorithm).unwrap()
    }
}

/// A token with exactly this header and these claims.
pub(crate) fn forge(header: &Value, claims: &Value, signer: Signer<'_>) -> String {
    forge_text(&header.to_string(), &claims.to_string(), signer)
}

/// A token with exactly these bytes as header and claims.
pub(crate) fn forge_text(header: &str, claims: &str, signer: Signer<'_>) -> String {
    let alg = serde_json::from_str::<Value>(header).ok().and_then(|it| Some(it.get("alg")?.as_str()?.to_owned()));
    let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    let signature = signer.sign(&message, alg.as_deref().unwrap_or("HS256"));
    format!("{message}.{signature}")
}

/// A token with plain header and the signer's own algorithm.
pub(crate) fn signed(claims: &Value, signer: Signer<'_>) -> String {
    forge(&json!({"typ": "JWT", "alg": signer.alg()}), claims, signer)
}

/// The same, naming its key.
pub(crate) fn signed_by(kid: &str, signer: Signer<'_>) -> String {
    forge(&json!({"alg": signer.alg(), "kid": kid}), &good(), signer)
}

/// Claims of a token that is good for a minute.
pub(crate) fn good() -> Value {
    json!({"sub": "ada", "exp": NOW + 60})
}

/// The good claims with one added or replaced.
pub(crate) fn good_with(claim: &str, value: Value) -> Value {
    let mut claims = good();
    claims[claim] = value;
    claims
}

/// Verifies at the tests' present.
pub(crate) fn check(verifier: &TokenVerifier, token: &str) -> Result<Claims, Refusal> {
    verifier.verify(token, NOW_MS)
}

/// A verifier with the secret alone.
pub(crate) fn with_secret() -> TokenVerifier {
    TokenVerifier::builder().hs256_secret(SECRET).build().unwrap()
}
