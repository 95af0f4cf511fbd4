//! Key sets: which members are used, which are left out, and how a token's `kid` chooses.

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
fn the_key_id_chooses() {
    let keys = set(&[rsa("a"), other_rsa("b"), p256("c"), ed25519("d")]).unwrap();
    for (kid, signer) in [("a", Signer::Rsa), ("b", Signer::OtherRsa), ("c", Signer::P256), ("d", Signer::Ed25519)] {
        assert!(check(&keys, &signed_by(kid, signer)).is_ok(), "{kid}");
    }
    assert_eq!(check(&keys, &signed_by("b", Signer::Rsa)), Err(Refusal::Signature));
    assert_eq!(check(&keys, &signed_by("e", Signer::Rsa)), Err(Refusal::UnknownKey("e".into())));
    // A name that belongs to a key for another algorithm is not known for this one.
    assert_eq!(check(&keys, &signed_by("c", Signer::Rsa)), Err(Refusal::UnknownKey("c".into())));
    assert_eq!(check(&keys, &signed_by("a", Signer::Secret(SECRET))), Err(Refusal::NoKeyForAlgorithm));
}

#[test]
fn without_a_key_id_exactly_one_must_fit() {
    let one = set(&[rsa("a"), p256("c")]).unwrap();
    assert!(check(&one, &signed(&good(), Signer::Rsa)).is_ok());
    assert!(check(&one, &signed(&good(), Signer::P256)).is_ok());
    let two = set(&[rsa("a"), other_rsa("b")]).unwrap();
    assert_eq!(check(&two, &signed(&good(), Signer::Rsa)), Err(Refusal::AmbiguousKey));
}

#[test]
fn a_set_and_a_secret_stand_side_by_side() {
    let text = json!({"keys": [rsa("a")]}).to_string();
    let both = TokenVerifier::builder().hs256_secret(SECRET).jwks(text).build().unwrap();
    assert!(check(&both, &signed(&good(), Signer::Secret(SECRET))).is_ok());
    assert!(check(&both, &signed_by("a", Signer::Rsa)).is_ok());
    assert_eq!(check(&both, &signed_by("a", Signer::Secret(SECRET))), Err(Refusal::UnknownKey("a".into())));
}

#[test]
fn keys_for_something_else_are_left_out() {
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
    assert!(check(&verifier, &signed_by("b", Signer::OtherRsa)).is_ok());
    assert_eq!(check(&verifier, &signed_by("a", Signer::Rsa)), Err(Refusal::UnknownKey("a".into())));
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
