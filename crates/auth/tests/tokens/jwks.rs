//! Key sets: which keys are used, which are ignored, and how a token's `kid` chooses among them.

use boardwire_auth::{KeyError, Refusal, TokenVerifier};
use jsonwebtoken::DecodingKey;
use jsonwebtoken::jwk::Jwk;
use serde_json::{Value, json};

use crate::forge::*;

fn rsa(kid: &str) -> Value {
    jwk(&DecodingKey::from_rsa_pem(RSA_PUB.as_bytes()).unwrap(), json!({"kid": kid, "use": "sig", "alg": "RS256"}))
}

fn other_rsa(kid: &str) -> Value {
    let key = DecodingKey::from_rsa_pem(include_bytes!("keys/rsa_other.pub.pem")).unwrap();
    jwk(&key, json!({"kid": kid}))
}

fn p256(kid: &str) -> Value {
    jwk(&DecodingKey::from_ec_pem(P256_PUB.as_bytes()).unwrap(), json!({"kid": kid}))
}

fn ed25519(kid: &str) -> Value {
    jwk(&DecodingKey::from_ed_pem(ED_PUB.as_bytes()).unwrap(), json!({"kid": kid, "key_ops": ["verify"]}))
}

fn jwk(key: &DecodingKey, extra: Value) -> Value {
    let mut jwk = serde_json::to_value(Jwk::from_decoding_key(key, None).unwrap()).unwrap();
    for (name, value) in extra.as_object().unwrap() {
        jwk[name] = value.clone();
    }
    jwk
}

fn with(mut key: Value, name: &str, value: Value) -> Value {
    key[name] = value;
    key
}

fn set(keys: &[Value]) -> Result<TokenVerifier, KeyError> {
    TokenVerifier::builder().jwks(json!({ "keys": keys }).to_string()).build()
}

#[test]
fn the_key_id_chooses_the_key() {
    let keys = set(&[rsa("a"), other_rsa("b"), p256("c"), ed25519("d")]).unwrap();
    for (kid, signer) in [("a", Signer::Rsa), ("b", Signer::OtherRsa), ("c", Signer::P256), ("d", Signer::Ed25519)] {
        assert!(verify_now(&keys, &signed_with_kid(kid, signer)).is_ok(), "{kid}");
    }
    assert_eq!(verify_now(&keys, &signed_with_kid("b", Signer::Rsa)), Err(Refusal::Signature));
    assert_eq!(verify_now(&keys, &signed_with_kid("e", Signer::Rsa)), Err(Refusal::UnknownKey("e".into())));
    // The name of a key for another algorithm is unknown for this one.
    assert_eq!(verify_now(&keys, &signed_with_kid("c", Signer::Rsa)), Err(Refusal::UnknownKey("c".into())));
    assert_eq!(verify_now(&keys, &signed_with_kid("a", Signer::Secret(SECRET))), Err(Refusal::NoKeyForAlgorithm));
}

#[test]
fn without_a_key_id_exactly_one_key_must_have_the_algorithm() {
    let one = set(&[rsa("a"), p256("c")]).unwrap();
    assert!(verify_now(&one, &signed(&valid_claims(), Signer::Rsa)).is_ok());
    assert!(verify_now(&one, &signed(&valid_claims(), Signer::P256)).is_ok());
    let two = set(&[rsa("a"), other_rsa("b")]).unwrap();
    assert_eq!(verify_now(&two, &signed(&valid_claims(), Signer::Rsa)), Err(Refusal::AmbiguousKey));
}

#[test]
fn a_key_set_and_a_secret_can_be_combined() {
    let text = json!({"keys": [rsa("a")]}).to_string();
    let both = TokenVerifier::builder().hs256_secret(SECRET).jwks(text).build().unwrap();
    assert!(verify_now(&both, &signed(&valid_claims(), Signer::Secret(SECRET))).is_ok());
    assert!(verify_now(&both, &signed_with_kid("a", Signer::Rsa)).is_ok());
    assert_eq!(verify_now(&both, &signed_with_kid("a", Signer::Secret(SECRET))), Err(Refusal::UnknownKey("a".into())));
}

#[test]
fn keys_for_other_purposes_are_ignored() {
    let useless = [
        with(rsa("a"), "use", json!("enc")),
        with(ed25519("a"), "key_ops", json!(["encrypt"])),
        with(rsa("a"), "alg", json!("PS256")),
        with(rsa("a"), "alg", json!("RSA-OAEP")),
        with(p256("a"), "crv", json!("P-384")),
        with(ed25519("a"), "crv", json!("X25519")),
        json!({"kty": "AKP", "alg": "ML-DSA-44", "pub": "AA"}),
        json!({"kty": 7}),
        json!("text"),
    ];
    for key in &useless {
        assert!(matches!(set(std::slice::from_ref(key)), Err(KeyError::NoUsableJwk)), "{key}");
    }
    let mut keys = useless.to_vec();
    keys.push(other_rsa("b"));
    let verifier = set(&keys).unwrap();
    assert!(verify_now(&verifier, &signed_with_kid("b", Signer::OtherRsa)).is_ok());
    assert_eq!(verify_now(&verifier, &signed_with_kid("a", Signer::Rsa)), Err(Refusal::UnknownKey("a".into())));
}

#[test]
fn symmetric_and_damaged_keys_are_errors() {
    let oct = json!({"kty": "oct", "kid": "s", "k": "AAAA"});
    let error = set(&[rsa("a"), oct]).unwrap_err();
    assert!(matches!(error, KeyError::SymmetricJwk) && error.to_string().contains("symmetric"));
    for damaged in [
        with(rsa("a"), "n", json!(null)),
        with(rsa("a"), "n", json!("not base64!")),
        with(rsa("a"), "e", json!("AA")),
        with(p256("a"), "x", json!("AAAA")),
        with(p256("a"), "y", p256("a")["x"].clone()),
        with(ed25519("a"), "x", json!("AAAA")),
        with(ed25519("a"), "x", json!("")),
    ] {
        let error = set(&[p256("c"), damaged.clone()]).unwrap_err();
        assert!(matches!(error, KeyError::BrokenJwk { index: 2, .. }), "{damaged} {error}");
    }
    assert!(matches!(set(&[with(rsa("a"), "n", json!("_____w"))]), Err(KeyError::RsaSize(32))));
    for text in ["", "[]", "{}", r#"{"keys":{}}"#, "nonsense"] {
        assert!(matches!(TokenVerifier::builder().jwks(text).build(), Err(KeyError::JwksShape(_))), "{text}");
    }
    assert!(matches!(set(&[]), Err(KeyError::NoUsableJwk)));
}
