//! Malformed and damaged tokens: whatever the bytes, the answer is a refusal, never a panic.

use boardwire_auth::{MAX_TOKEN_BYTES, Refusal, TokenVerifier};
use proptest::prelude::*;
use serde_json::json;

use crate::forge::*;

fn all_keys() -> TokenVerifier {
    let builder = TokenVerifier::builder().hs256_secret(SECRET).public_key_pem(RSA_PUB);
    builder.public_key_pem(P256_PUB).public_key_pem(ED_PUB).build().unwrap()
}

#[test]
fn a_token_that_is_too_long_is_refused_before_anything_else() {
    let long = signed(&claims_with("name", json!("x".repeat(7_000))), Signer::Secret(SECRET));
    assert!(long.len() > MAX_TOKEN_BYTES);
    assert_eq!(verify_now(&all_keys(), &long), Err(Refusal::TooLong));
    assert_eq!(verify_now(&all_keys(), &"é".repeat(10_000_000)), Err(Refusal::TooLong));
    let fits = signed(&claims_with("name", json!("x".repeat(5_000))), Signer::Secret(SECRET));
    assert!(verify_now(&all_keys(), &fits).is_ok());
}

#[test]
fn malformed_tokens_are_refused() {
    for text in ["", ".", "..", "...", "a.b.c", "a.b", "Bearer x", "e30.e30.e30", "\u{0}.\u{0}.\u{0}", "é.é.é"] {
        assert_eq!(verify_now(&all_keys(), text), Err(Refusal::Malformed), "{text:?}");
    }
    let token = signed(&valid_claims(), Signer::Secret(SECRET));
    for changed in [format!("{token}."), format!("{token}="), format!(" {token}"), format!("{token}.x"), token + "\n"] {
        assert!(verify_now(&all_keys(), &changed).is_err(), "{changed:?}");
    }
    let nested = format!(r#"{{"alg":"HS256","x":{}1{}}}"#, "[".repeat(2_000), "]".repeat(2_000));
    assert_eq!(verify_now(&all_keys(), &forge_text(&nested, "{}", Signer::Nobody)), Err(Refusal::Malformed));
}

#[test]
fn every_byte_must_be_right() {
    let verifier = all_keys();
    for signer in [Signer::Secret(SECRET), Signer::P256, Signer::Ed25519] {
        let token = signed(&valid_claims(), signer).into_bytes();
        for position in 0..token.len() {
            for other in [b'.', token[position] ^ 1] {
                let mut changed = token.clone();
                changed[position] = other;
                if changed != token {
                    let text = String::from_utf8_lossy(&changed);
                    assert!(verify_now(&verifier, &text).is_err(), "{signer:?} {position} {text}");
                }
            }
        }
        for end in 0..token.len() {
            assert!(verify_now(&verifier, std::str::from_utf8(&token[..end]).unwrap()).is_err(), "cut at {end}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn arbitrary_text_is_refused(text in ".{0,200}") {
        prop_assert!(verify_now(&all_keys(), &text).is_err());
    }

    #[test]
    fn any_header_and_claims_with_a_bad_signature_are_refused(
        header in r#"\{"alg":"(HS256|RS256|ES256|EdDSA|none)","(kid|crit|jwk|x)":[\[{"0-9a-z:,\]}]{0,20}\}"#,
        claims in ".{0,80}",
    ) {
        prop_assert!(verify_now(&all_keys(), &forge_text(&header, &claims, Signer::Nobody)).is_err());
    }

    #[test]
    fn any_claims_with_a_good_signature_do_not_panic(
        claim in "(sub|exp|nbf|iat|jti|name|teams|permissions|iss|aud)",
        value in r#"(-?[0-9]{1,25}|[0-9]{1,3}e-?[0-9]{1,3}|null|true|"[a-z]{0,5}"|\[("a",)?1\]|\{\})"#,
    ) {
        let claims = format!(r#"{{"sub":"ada","exp":{},"x":0,"{claim}":{value}}}"#, NOW + 60);
        let _ = verify_now(&all_keys(), &forge_text(r#"{"alg":"HS256"}"#, &claims, Signer::Secret(SECRET)));
    }
}
