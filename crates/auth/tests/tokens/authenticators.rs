//! From a credential to a principal: what the account and the token allow together, refusals and outages, the chain.

use std::sync::{Arc, Mutex};

use boardwire_auth::{
    Account, AuthError, Authenticator, Authenticators, Claimed, Credential, CredentialId, Directory, Permissions,
    Principal, Refusal, TokenAuthenticator,
};
use serde_json::{Value, json};

use crate::forge::*;

/// Knows `ada` with these permissions, notes what it was asked, and is out of order for `down`.
struct OneUser(Permissions, Mutex<Vec<Claimed>>);

#[async_trait::async_trait]
impl Directory for OneUser {
    async fn account(&self, claimed: &Claimed) -> Result<Option<Account>, Box<dyn std::error::Error + Send + Sync>> {
        self.1.lock().unwrap().push(claimed.clone());
        match claimed.subject.as_str() {
            "down" => Err("the database is away".into()),
            "ada" => Ok(Some(Account {
                id: "ada".into(),
                name: claimed.name.clone().unwrap_or_else(|| "Ada".into()),
                permissions: self.0,
                teams: claimed.teams.clone().unwrap_or_default(),
            })),
            _ => Ok(None),
        }
    }
}

/// Takes the one API key `k`.
struct OneKey;

#[async_trait::async_trait]
impl Authenticator for OneKey {
    async fn authenticate(&self, credential: &Credential, _now_ms: i64) -> Result<Option<Principal>, AuthError> {
        match credential {
            Credential::ApiKey(key) if key == "k" => Ok(Some(Principal {
                user: "robot".into(),
                name: "Robot".into(),
                permissions: Permissions::READ_WRITE,
                teams: vec![],
                expires_at: None,
                credential: CredentialId::ApiKey("key-1".into()),
            })),
            Credential::ApiKey(_) => Err(Refusal::UnknownCredential.into()),
            _ => Ok(None),
        }
    }
}

fn chain(account: Permissions) -> Authenticators {
    let directory = Arc::new(OneUser(account, Mutex::default()));
    Authenticators::new(vec![Arc::new(TokenAuthenticator::new(with_secret(), directory)), Arc::new(OneKey)])
}

async fn present(account: Permissions, claims: &Value) -> Result<Principal, AuthError> {
    let token = signed(claims, Signer::Secret(SECRET));
    chain(account).authenticate(&Credential::Token(token), NOW_MS).await
}

#[tokio::test]
async fn a_token_has_what_it_and_the_account_allow() {
    for (account, claim, expected) in [
        ("read,write", json!(["read"]), "read"),
        ("read", json!(["read", "write", "admin"]), "read"),
        ("read,write", json!(["admin"]), ""),
        ("read,write", json!([]), ""),
        ("read,write", json!(["unknown"]), ""),
        ("read,write,admin", json!(["write", "read"]), "read,write"),
        ("admin", json!(["read"]), "read"),
    ] {
        let principal = present(account.parse().unwrap(), &good_with("permissions", claim)).await.unwrap();
        assert_eq!(principal.permissions.to_string(), expected, "{account}");
    }
    assert_eq!(present(Permissions::READ_WRITE, &good()).await.unwrap().permissions, Permissions::READ_WRITE);
}

#[tokio::test]
async fn the_principal_carries_what_the_token_says() {
    let mut claims = good_with("jti", json!("t1"));
    claims["name"] = json!("Countess");
    claims["teams"] = json!(["red", "blue"]);
    let principal = present(Permissions::ALL, &claims).await.unwrap();
    assert_eq!((principal.user.as_str(), principal.name.as_str()), ("ada", "Countess"));
    assert_eq!(principal.teams, ["red", "blue"]);
    assert_eq!(principal.expires_at, Some((NOW + 60) * 1_000));
    assert_eq!(principal.credential, CredentialId::Token { id: Some("t1".into()) });
}

#[tokio::test]
async fn only_a_good_token_reaches_the_directory() {
    let directory = Arc::new(OneUser(Permissions::ALL, Mutex::default()));
    let tokens = TokenAuthenticator::new(with_secret(), directory.clone());
    for bad in [signed(&good(), Signer::Secret(OTHER_SECRET)), signed(&json!({"sub": "ada"}), Signer::Secret(SECRET))] {
        assert!(tokens.authenticate(&Credential::Token(bad), NOW_MS).await.is_err());
    }
    assert_eq!(directory.1.lock().unwrap().len(), 0);
    let claims = json!({"sub": "ada", "exp": NOW + 60, "teams": []});
    tokens.authenticate(&Credential::Token(signed(&claims, Signer::Secret(SECRET))), NOW_MS).await.unwrap();
    let asked = Claimed { subject: "ada".into(), name: None, teams: Some(vec![]) };
    assert_eq!(*directory.1.lock().unwrap(), [asked]);
}

#[tokio::test]
async fn refusals_and_outages_are_told_apart() {
    let unknown = present(Permissions::ALL, &good_with("sub", json!("eve"))).await;
    assert!(matches!(unknown, Err(AuthError::Refused(Refusal::UnknownAccount))));
    let outage = present(Permissions::ALL, &good_with("sub", json!("down"))).await;
    assert!(matches!(outage, Err(AuthError::Unavailable(_))));
}

#[tokio::test]
async fn the_first_that_knows_the_kind_decides() {
    let chain = chain(Permissions::ALL);
    let by = async |credential| chain.authenticate(&credential, NOW_MS).await;
    assert_eq!(by(Credential::ApiKey("k".into())).await.unwrap().user, "robot");
    assert!(matches!(by(Credential::ApiKey("x".into())).await, Err(AuthError::Refused(Refusal::UnknownCredential))));
    assert!(matches!(by(Credential::Session("s".into())).await, Err(AuthError::Refused(Refusal::UnsupportedKind))));
    let none = Authenticators::default().authenticate(&Credential::Token("t".into()), NOW_MS).await;
    assert!(matches!(none, Err(AuthError::Refused(Refusal::UnsupportedKind))));
}
