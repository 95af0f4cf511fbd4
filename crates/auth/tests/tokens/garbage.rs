//! Tokens that are no tokens: whatever the bytes, the answer is a refusal, never a panic and never a principal.

use boardwire_auth::{MAX_TOKEN_BYTES, Refusal, TokenVerifier};
use proptest::prelude::*;
use serde_json::json;

use crate::forge::*;

fn all_keys() -> TokenVerifier {
    let builder = TokenVerifier::builder().hs256_secret(SECRET).public_key_pem(RSA_PUB);
    builder.public_key_pem(P256_PUB).public_key_pem(ED_PUB).build().unwrap()
}

#[test]
fn too_long_is_refused_before_anything_else() {
    let long = signed(&good_with("name", json!("x".repeat(7_000))), Signer::Secret(SECRET));
    assert!(long.len() > MAX_TOKEN_BYTES);
    assert_eq!(check(&all_keys(), &long), Err(Refusal::TooLong));
    assert_eq!(check(&all_keys(), &"é".repeat(10_000_000)), Err(Refusal::TooLong));
    let fits = signed(&good_with("name", json!("x".repeat(5_000))), Signer::Secret(SECRET));
    assert!(check(&all_keys(), &fits).is_ok());
}

#[test]
fn shapes_that_are_no_token() {
    for text in ["", ".", "..", "...", "a.b.c", "a.b", "Bearer x", "e30.e30.e30", "\u{0}.\u{0}.\u{0}", "é.é.é"] {
        assert_eq!(check(&all_keys(), text), Err(Refusal::Malformed), "{text:?}");
    }
    let token = signed(&good(), Signer::Secret(SECRET));
    for changed in [format!("{token}."), format!("{token}="), format!(" {token}"), format!("{token}.x"), token + "\n"] {
        assert!(check(&all_keys(), &changed).is_err(), "{changed:?}");
    }
    let nested = format!(r#"{{"alg":"HS256","x":{}1{}}}"#, "[".repeat(2_000), "]".repeat(2_000));
    assert_eq!(check(&all_keys(), &forge_text(&nested, "{}", Signer::Nobody)), Err(Refusal::Malformed));
}

#[test]
fn every_single_byte_counts() {
    let verifier = all_keys();
    for signer in [Signer::Secret(SECRET), Signer::P256, Signer::Ed25519] {
        let token = signed(&good(), signer).into_bytes();
        for place in 0..token.len() {
            for other in [b'.', token[place] ^ 1] {
                let mut changed = token.clone();
                changed[place] = other;
                if changed != token {
                    let text = String::from_utf8_lossy(&changed);
                    assert!(check(&verifier, &text).is_err(), "{signer:?} {place} {text}");
                }
            }
        }
        for end in 0..token.len() {
            assert!(check(&verifier, std::str::from_utf8(&token[..end]).unwrap()).is_err(), "cut at {end}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_text_is_refused(text in ".{0,200}") {
        prop_assert!(check(&all_keys(), &text).is_err());
    }

    #[test]
    fn any_header_and_claims_with_a_bad_signature_are_refused(
        header in r#"\{"alg":"(HS256|RS256|ES256|EdDSA|none)","(kid|crit|jwk|x)":[\[{"0-9a-z:,\]}]{0,20}\}"#,
        claims in ".{0,80}",
    ) {
        prop_assert!(check(&all_keys(), &forge_text(&header, &claims, Signer::Nobody)).is_err());
    }

    #[test]
    fn any_claims_well_signed_never_panic(
        claim in "(sub|exp|nbf|iat|jti|name|teams|permissions|iss|aud)",
        value in r#"(-?[0-9]{1,25}|[0-9]{1,3}e-?[0-9]{1,3}|null|true|"[a-z]{0,5}"|\[("a",)?1\]|\{\})"#,
    ) {
        let claims = format!(r#"{{"sub":"ada","exp":{},"x":0,"{claim}":{value}}}"#, NOW + 60);
        let _ = check(&all_keys(), &forge_text(r#"{"alg":"HS256"}"#, &claims, Signer::Secret(SECRET)));
    }
}
