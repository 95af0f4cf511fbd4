//! Reads the keys of a JSON Web Key Set ([RFC 7517](https://www.rfc-editor.org/rfc/rfc7517)). Fetching and renewing a
//! set is left to the caller.

use jsonwebtoken::DecodingKey;
use serde::Deserialize;
use serde_json::Value;

use crate::key::{Key, KeyError};

/// Returns the set's keys for RS256, ES256 and EdDSA signatures. Other keys (`use` other than `sig`, `key_ops` without
/// `verify`, other types, curves and algorithms) are ignored, as the RFC advises. A symmetric key, a damaged one, and
/// a set without any usable key are errors.
pub(crate) fn read(text: &str) -> Result<Vec<Key>, KeyError> {
    let set: Set = serde_json::from_str(text).map_err(KeyError::JwksShape)?;
    let mut keys = Vec::new();
    for (position, value) in set.keys.into_iter().enumerate() {
        if value.get("kty").and_then(Value::as_str) == Some("oct") {
            return Err(KeyError::SymmetricJwk);
        }
        // A key whose fields have other JSON types is of a kind that is not supported.
        let Ok(member) = serde_json::from_value::<Member>(value) else { continue };
        keys.extend(member.key(position + 1)?);
    }
    if keys.is_empty() { Err(KeyError::NoUsableJwk) } else { Ok(keys) }
}

#[derive(Deserialize)]
struct Set {
    keys: Vec<Value>,
}

#[derive(Deserialize)]
struct Member {
    kty: String,
    #[serde(rename = "use")]
    usage: Option<String>,
    key_ops: Option<Vec<String>>,
    alg: Option<String>,
    kid: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

impl Member {
    fn key(self, index: usize) -> Result<Option<Key>, KeyError> {
        let signs = self.usage.as_deref().is_none_or(|usage| usage == "sig")
            && self.key_ops.as_ref().is_none_or(|ops| ops.iter().any(|op| op == "verify"));
        let is_for = |algorithm| self.alg.as_deref().is_none_or(|alg| alg == algorithm);
        if !signs {
            return Ok(None);
        }
        let (kty, key) = match (self.kty.as_str(), self.crv.as_deref()) {
            ("RSA", _) if is_for("RS256") => ("RSA", self.rsa()?),
            ("EC", Some("P-256")) if is_for("ES256") => ("EC", self.p256()),
            ("OKP", Some("Ed25519")) if is_for("EdDSA") => ("OKP", self.ed25519()),
            _ => return Ok(None),
        };
        let key = key.ok_or(KeyError::BrokenJwk { index, kty })?;
        Ok(Some(key.named(self.kid)))
    }

    fn rsa(&self) -> Result<Option<Key>, KeyError> {
        let (Some(n), Some(e)) = (&self.n, &self.e) else { return Ok(None) };
        DecodingKey::from_rsa_components(n, e).map_or(Ok(None), Key::rsa)
    }

    fn p256(&self) -> Option<Key> {
        Key::p256(DecodingKey::from_ec_components(self.x.as_ref()?, self.y.as_ref()?).ok()?)
    }

    fn ed25519(&self) -> Option<Key> {
        Key::ed25519(DecodingKey::from_ed_components(self.x.as_ref()?).ok()?)
    }
}
