//! Makes tokens, valid or not, with any header, claims and signer.

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

/// The current time in these tests, in Unix milliseconds.
pub(crate) const NOW_MS: i64 = NOW * 1_000;
/// The current time in these tests, in Unix seconds.
pub(crate) const NOW: i64 = 1_790_000_000;

/// The key that signs a token.
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
    /// Returns the algorithm that this signer's key is meant for.
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

/// Returns a token with exactly this header and these claims.
pub(crate) fn forge(header: &Value, claims: &Value, signer: Signer<'_>) -> String {
    forge_text(&header.to_string(), &claims.to_string(), signer)
}

/// Returns a token with exactly these bytes as header and claims.
pub(crate) fn forge_text(header: &str, claims: &str, signer: Signer<'_>) -> String {
    let alg = serde_json::from_str::<Value>(header).ok().and_then(|it| Some(it.get("alg")?.as_str()?.to_owned()));
    let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    let signature = signer.sign(&message, alg.as_deref().unwrap_or("HS256"));
    format!("{message}.{signature}")
}

/// Returns a token with an ordinary header that names the signer's algorithm.
pub(crate) fn signed(claims: &Value, signer: Signer<'_>) -> String {
    forge(&json!({"typ": "JWT", "alg": signer.alg()}), claims, signer)
}

/// Returns a token with valid claims whose header names a key (`kid`).
pub(crate) fn signed_with_kid(kid: &str, signer: Signer<'_>) -> String {
    forge(&json!({"alg": signer.alg(), "kid": kid}), &valid_claims(), signer)
}

/// Returns the claims of a token that is valid for a minute.
pub(crate) fn valid_claims() -> Value {
    json!({"sub": "ada", "exp": NOW + 60})
}

/// Returns the valid claims with one added or replaced.
pub(crate) fn claims_with(claim: &str, value: Value) -> Value {
    let mut claims = valid_claims();
    claims[claim] = value;
    claims
}

/// Verifies the token at [`NOW_MS`].
pub(crate) fn verify_now(verifier: &TokenVerifier, token: &str) -> Result<Claims, Refusal> {
    verifier.verify(token, NOW_MS)
}

/// Returns a verifier with [`SECRET`] as its only key.
pub(crate) fn secret_verifier() -> TokenVerifier {
    TokenVerifier::builder().hs256_secret(SECRET).build().unwrap()
}
