//! Which keys are accepted, and that each works for its own algorithm and no other.

use boardwire_auth::{KeyError, Refusal, TokenIssuer, TokenVerifier};
use serde_json::json;

use crate::forge::*;

fn pem(text: &str) -> Result<TokenVerifier, KeyError> {
    TokenVerifier::builder().public_key_pem(text).build()
}

#[test]
fn each_type_of_key_verifies_its_algorithm() {
    for (public, signer) in [(RSA_PUB, Signer::Rsa), (P256_PUB, Signer::P256), (ED_PUB, Signer::Ed25519)] {
        assert_eq!(
            verify_now(&pem(public).unwrap(), &signed(&valid_claims(), signer)).unwrap().sub,
            "ada",
            "{signer:?}"
        );
    }
    let pkcs1 = pem(include_str!("keys/rsa_pkcs1.pub.pem")).unwrap();
    assert!(verify_now(&pkcs1, &signed(&valid_claims(), Signer::Rsa)).is_ok());
    assert!(verify_now(&secret_verifier(), &signed(&valid_claims(), Signer::Secret(SECRET))).is_ok());
}

#[test]
fn another_key_of_the_same_type_is_refused() {
    assert_eq!(verify_now(&pem(RSA_PUB).unwrap(), &signed(&valid_claims(), Signer::OtherRsa)), Err(Refusal::Signature));
    assert_eq!(
        verify_now(&secret_verifier(), &signed(&valid_claims(), Signer::Secret(OTHER_SECRET))),
        Err(Refusal::Signature)
    );
}

#[test]
fn alg_none_is_refused() {
    for alg in ["none", "None", "NONE", "nOnE", ""] {
        let token = forge(&json!({"typ": "JWT", "alg": alg}), &valid_claims(), Signer::Nobody);
        assert_eq!(verify_now(&secret_verifier(), &token), Err(Refusal::Malformed), "{alg}");
    }
    let missing = forge(&json!({"typ": "JWT"}), &valid_claims(), Signer::Nobody);
    assert_eq!(verify_now(&secret_verifier(), &missing), Err(Refusal::Malformed));
    let unsigned = forge(&json!({"alg": "HS256"}), &valid_claims(), Signer::Nobody);
    assert_eq!(verify_now(&secret_verifier(), &unsigned), Err(Refusal::Signature));
}

#[test]
fn a_public_key_is_never_used_as_a_secret() {
    // The classic confusion: HS256 with the bytes of the published key as the secret.
    for public in [RSA_PUB, P256_PUB, ED_PUB] {
        for secret in [public, public.trim_end()] {
            let token = signed(&valid_claims(), Signer::Secret(secret.as_bytes()));
            assert_eq!(verify_now(&pem(public).unwrap(), &token), Err(Refusal::NoKeyForAlgorithm));
            let both = TokenVerifier::builder().public_key_pem(public).hs256_secret(SECRET).build().unwrap();
            assert_eq!(verify_now(&both, &token), Err(Refusal::Signature));
        }
    }
}

#[test]
fn other_algorithms_of_the_same_family_are_refused() {
    for alg in ["HS384", "HS512"] {
        let token = forge(&json!({"alg": alg}), &valid_claims(), Signer::Secret(SECRET));
        assert_eq!(verify_now(&secret_verifier(), &token), Err(Refusal::NoKeyForAlgorithm), "{alg}");
    }
    for alg in ["RS384", "RS512", "PS256", "PS384", "PS512"] {
        let token = forge(&json!({"alg": alg}), &valid_claims(), Signer::Rsa);
        assert_eq!(verify_now(&pem(RSA_PUB).unwrap(), &token), Err(Refusal::NoKeyForAlgorithm), "{alg}");
    }
    let all = TokenVerifier::builder().hs256_secret(SECRET).public_key_pem(RSA_PUB).public_key_pem(P256_PUB);
    let all = all.public_key_pem(ED_PUB).build().unwrap();
    let signers = [Signer::Secret(SECRET), Signer::Rsa, Signer::P256, Signer::Ed25519];
    for signer in signers {
        assert!(verify_now(&all, &signed(&valid_claims(), signer)).is_ok());
        // The signature of one algorithm under the name of another.
        let own = signed(&valid_claims(), signer);
        let signature = own.rsplit('.').next().unwrap();
        for claimed in signers.into_iter().filter(|claimed| claimed.alg() != signer.alg()) {
            let token =
                forge(&json!({"typ": "JWT", "alg": claimed.alg()}), &valid_claims(), Signer::Nobody) + signature;
            assert_eq!(verify_now(&all, &token), Err(Refusal::Signature), "{signer:?} as {claimed:?}");
        }
    }
}

#[test]
fn old_and_new_keys_are_accepted_together() {
    let builder = TokenVerifier::builder().hs256_secret(OTHER_SECRET).hs256_secret(SECRET);
    let both = builder.public_key_pem(RSA_PUB).public_key_pem(include_str!("keys/rsa_other.pub.pem")).build().unwrap();
    for signer in [Signer::Secret(SECRET), Signer::Secret(OTHER_SECRET), Signer::Rsa, Signer::OtherRsa] {
        assert!(verify_now(&both, &signed(&valid_claims(), signer)).is_ok(), "{signer:?}");
    }
    assert_eq!(verify_now(&both, &signed(&valid_claims(), Signer::Secret(&[0; 32]))), Err(Refusal::Signature));
}

#[test]
fn a_token_that_names_an_unknown_key_is_refused() {
    let signer = Signer::Secret(SECRET);
    assert_eq!(verify_now(&secret_verifier(), &signed_with_kid("x", signer)), Err(Refusal::UnknownKey("x".into())));
    let named = TokenVerifier::builder().hs256_secret(OTHER_SECRET).key_id("old").hs256_secret(SECRET).key_id("new");
    let named = named.build().unwrap();
    assert!(verify_now(&named, &signed_with_kid("new", signer)).is_ok());
    assert_eq!(verify_now(&named, &signed_with_kid("old", signer)), Err(Refusal::Signature));
    assert_eq!(verify_now(&named, &signed(&valid_claims(), signer)), Err(Refusal::AmbiguousKey));
    // A refusal repeats only a short part of the name, escaped.
    let Err(refusal) = verify_now(&named, &signed_with_kid(&"\n".repeat(3_000), signer)) else { panic!("accepted") };
    assert!(refusal.to_string().len() < 300 && !refusal.to_string().contains('\n'));
}

#[test]
fn weak_and_wrong_keys_are_explained() {
    let short = TokenVerifier::builder().hs256_secret("short").build().unwrap_err();
    assert!(matches!(short, KeyError::WeakSecret(5)) && short.to_string().contains("openssl rand -hex 32"));
    assert!(matches!(TokenIssuer::hs256([1; 31], None, None), Err(KeyError::WeakSecret(31))));
    assert!(matches!(TokenVerifier::builder().build(), Err(KeyError::NoKey)));
    assert!(matches!(pem(include_str!("keys/rsa_1024.pub.pem")), Err(KeyError::RsaSize(1024))));
    for private in [include_str!("keys/rsa.pem"), include_str!("keys/p256.pem"), include_str!("keys/ed25519.pem")] {
        assert!(matches!(pem(private), Err(KeyError::PrivateKey)));
    }
    let unsupported = [include_str!("keys/p384.pub.pem"), include_str!("keys/secp256k1.pub.pem")];
    let wrong = [
        include_str!("keys/certificate.pem"),
        "",
        "not a key",
        "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----",
    ];
    for text in unsupported.into_iter().chain(wrong) {
        assert!(matches!(pem(text), Err(KeyError::Pem)), "{text}");
    }
}

#[test]
fn debug_does_not_show_the_secret() {
    let shown = format!("{:?}", secret_verifier());
    assert!(!shown.contains("0123456789") && !shown.contains("48, 49, 50"), "{shown}");
}
