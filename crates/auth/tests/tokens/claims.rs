//! Claims compared with the clock and the configuration, and tokens made by [`TokenIssuer`].

use std::time::Duration;

use boardwire_auth::{IssueError, IssueRequest, Permissions, Refusal, TokenIssuer, TokenVerifier};
use serde_json::{Value, json};

use crate::forge::*;

fn verdict(verifier: &TokenVerifier, claims: &Value) -> Result<(), Refusal> {
    verify_now(verifier, &signed(claims, Signer::Secret(SECRET))).map(drop)
}

#[test]
fn sub_and_exp_are_required() {
    assert_eq!(verdict(&secret_verifier(), &json!({"sub": "ada"})), Err(Refusal::MissingClaim("exp")));
    assert_eq!(verdict(&secret_verifier(), &json!({"exp": NOW + 60})), Err(Refusal::MissingClaim("sub")));
    for sub in [json!(""), json!("a b"), json!("../etc"), json!("x".repeat(65)), json!(1)] {
        assert_eq!(verdict(&secret_verifier(), &claims_with("sub", sub)), Err(Refusal::InvalidClaim("sub")));
    }
}

#[test]
fn exp_and_nbf_are_compared_with_the_given_time() {
    let exact = TokenVerifier::builder().hs256_secret(SECRET).leeway_secs(0).build().unwrap();
    let token = signed(&json!({"sub": "ada", "nbf": NOW, "exp": NOW + 10}), Signer::Secret(SECRET));
    let at = |verifier: &TokenVerifier, ms: i64| verifier.verify(&token, NOW_MS + ms).map(drop);
    assert_eq!(at(&exact, -1), Err(Refusal::NotYetValid));
    assert_eq!(at(&exact, 0), Ok(()));
    assert_eq!(at(&exact, 9_999), Ok(()));
    assert_eq!(at(&exact, 10_000), Err(Refusal::Expired));
    let usual = secret_verifier();
    assert_eq!(at(&usual, -5_001), Err(Refusal::NotYetValid));
    assert_eq!(at(&usual, -5_000), Ok(()));
    assert_eq!(at(&usual, 14_999), Ok(()));
    assert_eq!(at(&usual, 15_000), Err(Refusal::Expired));
    let lax = TokenVerifier::builder().hs256_secret(SECRET).leeway_secs(u64::MAX).build().unwrap();
    assert_eq!(lax.verify(&token, i64::MAX).map(drop), Err(Refusal::Expired));
    assert_eq!(lax.verify(&token, 0).map(drop), Ok(()));
    assert_eq!(usual.verify(&token, i64::MIN).map(drop), Err(Refusal::NotYetValid));
}

#[test]
fn an_invalid_exp_is_refused() {
    for text in ["\"1\"", "18446744073709551615", "9223372036854775807", "1e300", "-1", "true", "[]", "{}"] {
        let claims = format!(r#"{{"sub":"ada","exp":{text}}}"#);
        let token = forge_text(r#"{"alg":"HS256"}"#, &claims, Signer::Secret(SECRET));
        assert_eq!(verify_now(&secret_verifier(), &token), Err(Refusal::InvalidClaim("exp")), "{text}");
    }
    for claims in [r#"{"sub":"ada","exp":1e400}"#, r#"{"sub":"ada","exp":1,"exp":9999999999}"#, "[]", "null", "7", ""] {
        let token = forge_text(r#"{"alg":"HS256"}"#, claims, Signer::Secret(SECRET));
        assert_eq!(verify_now(&secret_verifier(), &token), Err(Refusal::Malformed), "{claims}");
    }
}

#[test]
fn issuer_and_audience_must_match_where_configured() {
    let strict = TokenVerifier::builder().hs256_secret(SECRET).issuer("us").audience("board").build().unwrap();
    let from = |iss: Value, aud: Value| json!({"sub": "ada", "exp": NOW + 60, "iss": iss, "aud": aud});
    assert_eq!(verdict(&strict, &from(json!("us"), json!("board"))), Ok(()));
    assert_eq!(verdict(&strict, &from(json!("us"), json!(["other", "board"]))), Ok(()));
    for iss in [json!("them"), json!("US"), json!(""), json!(null)] {
        assert_eq!(verdict(&strict, &from(iss, json!("board"))), Err(Refusal::Issuer));
    }
    assert_eq!(verdict(&strict, &from(json!(["us"]), json!("board"))), Err(Refusal::InvalidClaim("iss")));
    for aud in [json!("other"), json!(["other"]), json!([]), json!(null)] {
        assert_eq!(verdict(&strict, &from(json!("us"), aud)), Err(Refusal::Audience));
    }
    let missing_both = valid_claims();
    assert_eq!(verdict(&strict, &missing_both), Err(Refusal::Issuer));
    assert_eq!(verdict(&strict, &claims_with("iss", json!("us"))), Err(Refusal::Audience));
    assert_eq!(verdict(&secret_verifier(), &from(json!("anyone"), json!("anything"))), Ok(()));
}

#[test]
fn critical_extensions_are_refused() {
    for header in [json!({"alg": "HS256", "crit": ["b64"], "b64": false}), json!({"alg": "HS256", "crit": []})] {
        assert_eq!(
            verify_now(&secret_verifier(), &forge(&header, &valid_claims(), Signer::Secret(SECRET))),
            Err(Refusal::CriticalHeader)
        );
    }
}

#[test]
fn an_issued_token_is_accepted() {
    let issuer = TokenIssuer::hs256(SECRET, Some("us"), Some("board")).unwrap();
    let verifier = TokenVerifier::builder().hs256_secret(SECRET).issuer("us").audience("board").build().unwrap();
    let request = IssueRequest {
        subject: "ada".into(),
        permissions: Some(Permissions::READ_WRITE),
        name: Some("Ada".into()),
        teams: Some(vec!["red".into()]),
        ttl: Duration::from_millis(60_900),
        now_ms: NOW_MS + 50,
        id: Some("t1".into()),
    };
    let claims = verify_now(&verifier, &issuer.issue(&request).unwrap()).unwrap();
    assert_eq!((claims.sub.as_str(), claims.exp, claims.iat), ("ada", NOW + 60, Some(NOW)));
    assert_eq!(request.expires_at(), Some((NOW + 60) * 1_000));
    assert_eq!((claims.permissions, claims.jti.as_deref()), (Some(Permissions::READ_WRITE), Some("t1")));
    assert_eq!((claims.name.as_deref(), claims.teams), (Some("Ada"), Some(vec!["red".to_owned()])));

    let stranger = IssueRequest { subject: "a@b".into(), ..request.clone() };
    assert!(matches!(issuer.issue(&stranger), Err(IssueError::Subject(_))));
    let eternal = IssueRequest { ttl: Duration::MAX, ..request };
    assert!(matches!(issuer.issue(&eternal), Err(IssueError::Ttl)));
}
