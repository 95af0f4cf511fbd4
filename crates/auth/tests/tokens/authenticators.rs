//! From a credential to a principal: the permissions of account and token together, refusals, outages and the chain.

use std::sync::{Arc, Mutex};

use boardwire_auth::{
    Account, AuthError, Authenticator, Authenticators, BoxError, Claimed, Credential, CredentialId, Directory,
    Permissions, Principal, Refusal, TokenAuthenticator,
};
use serde_json::{Value, json};

use crate::forge::*;

/// A directory that knows only `ada`, with these permissions. It records the claims it is given, and fails for `down`.
struct OneUser(Permissions, Mutex<Vec<Claimed>>);

impl OneUser {
    fn find(&self, user: &str) -> Result<Option<Account>, BoxError> {
        let ada = || Account { id: "ada".into(), name: "Ada".into(), permissions: self.0, teams: vec!["red".into()] };
        if user == "down" { Err("the database is unavailable".into()) } else { Ok((user == "ada").then(ada)) }
    }
}

#[async_trait::async_trait]
impl Directory for OneUser {
    async fn account(&self, claimed: &Claimed) -> Result<Option<Account>, BoxError> {
        self.1.lock().unwrap().push(claimed.clone());
        let found = self.find(&claimed.subject)?;
        Ok(found.map(|account| Account {
            name: claimed.name.clone().unwrap_or(account.name.clone()),
            teams: claimed.teams.clone().unwrap_or_default(),
            ..account
        }))
    }

    async fn known(&self, user: &str) -> Result<Option<Account>, BoxError> {
        self.find(user)
    }
}

/// An authenticator that accepts only the API key `k`.
struct OneKey;

#[async_trait::async_trait]
impl Authenticator for OneKey {
    async fn authenticate(&self, credential: &Credential, _now_ms: i64) -> Result<Option<Principal>, AuthError> {
        match credential {
            Credential::ApiKey(key) if key == "k" => Ok(Some(Principal {
                user: "robot".into(),
                name: "Robot".into(),
                permissions: Permissions::READ_WRITE,
                scope: None,
                teams: vec![],
                expires_at: None,
                credential: CredentialId::ApiKey("key-1".into()),
            })),
            Credential::ApiKey(_) => Err(Refusal::UnknownCredential.into()),
            _ => Ok(None),
        }
    }

    async fn renew(&self, principal: &Principal, _now_ms: i64) -> Result<Option<Principal>, AuthError> {
        Ok(matches!(principal.credential, CredentialId::ApiKey(_)).then(|| principal.clone()))
    }
}

fn chain(account: Permissions) -> Authenticators {
    let directory = Arc::new(OneUser(account, Mutex::default()));
    Authenticators::new(vec![Arc::new(TokenAuthenticator::new(secret_verifier(), directory)), Arc::new(OneKey)])
}

async fn present(account: Permissions, claims: &Value) -> Result<Principal, AuthError> {
    let token = signed(claims, Signer::Secret(SECRET));
    chain(account).authenticate(&Credential::Token(token), NOW_MS).await
}

#[tokio::test]
async fn a_token_has_the_permissions_that_it_and_the_account_allow() {
    for (account, claim, expected) in [
        ("read,write", json!(["read"]), "read"),
        ("read", json!(["read", "write", "admin"]), "read"),
        ("read,write", json!(["admin"]), ""),
        ("read,write", json!([]), ""),
        ("read,write", json!(["unknown"]), ""),
        ("read,write,admin", json!(["write", "read"]), "read,write"),
        ("admin", json!(["read"]), "read"),
    ] {
        let principal = present(account.parse().unwrap(), &claims_with("permissions", claim)).await.unwrap();
        assert_eq!(principal.permissions.to_string(), expected, "{account}");
    }
    assert_eq!(present(Permissions::READ_WRITE, &valid_claims()).await.unwrap().permissions, Permissions::READ_WRITE);
}

#[tokio::test]
async fn the_principal_has_the_claims_of_the_token() {
    let mut claims = claims_with("jti", json!("t1"));
    claims["name"] = json!("Countess");
    claims["teams"] = json!(["red", "blue"]);
    let principal = present(Permissions::ALL, &claims).await.unwrap();
    assert_eq!((principal.user.as_str(), principal.name.as_str()), ("ada", "Countess"));
    assert_eq!(principal.teams, ["red", "blue"]);
    assert_eq!(principal.expires_at, Some((NOW + 60) * 1_000));
    assert_eq!(principal.credential, CredentialId::Token { id: Some("t1".into()) });
}

#[tokio::test]
async fn only_a_valid_token_reaches_the_directory() {
    let directory = Arc::new(OneUser(Permissions::ALL, Mutex::default()));
    let tokens = TokenAuthenticator::new(secret_verifier(), directory.clone());
    for bad in
        [signed(&valid_claims(), Signer::Secret(OTHER_SECRET)), signed(&json!({"sub": "ada"}), Signer::Secret(SECRET))]
    {
        assert!(tokens.authenticate(&Credential::Token(bad), NOW_MS).await.is_err());
    }
    assert_eq!(directory.1.lock().unwrap().len(), 0);
    let claims = json!({"sub": "ada", "exp": NOW + 60, "teams": []});
    tokens.authenticate(&Credential::Token(signed(&claims, Signer::Secret(SECRET))), NOW_MS).await.unwrap();
    let asked = Claimed { subject: "ada".into(), name: None, teams: Some(vec![]) };
    assert_eq!(*directory.1.lock().unwrap(), [asked]);
}

#[tokio::test]
async fn a_refusal_and_an_outage_are_different_errors() {
    let unknown = present(Permissions::ALL, &claims_with("sub", json!("eve"))).await;
    assert!(matches!(unknown, Err(AuthError::Refused(Refusal::UnknownAccount))));
    let outage = present(Permissions::ALL, &claims_with("sub", json!("down"))).await;
    assert!(matches!(outage, Err(AuthError::Unavailable(_))));
}

#[tokio::test]
async fn the_first_authenticator_that_knows_the_kind_decides() {
    let chain = chain(Permissions::ALL);
    let by = async |credential| chain.authenticate(&credential, NOW_MS).await;
    assert_eq!(by(Credential::ApiKey("k".into())).await.unwrap().user, "robot");
    assert!(matches!(by(Credential::ApiKey("x".into())).await, Err(AuthError::Refused(Refusal::UnknownCredential))));
    assert!(matches!(by(Credential::Session("s".into())).await, Err(AuthError::Refused(Refusal::UnsupportedKind))));
    let none = Authenticators::default().authenticate(&Credential::Token("t".into()), NOW_MS).await;
    assert!(matches!(none, Err(AuthError::Refused(Refusal::UnsupportedKind))));
}

#[tokio::test]
async fn renewal_takes_the_account_as_it_is_now() {
    let mut claims = claims_with("permissions", json!(["read", "admin"]));
    claims["name"] = json!("Countess");
    let before = present("read".parse().unwrap(), &claims).await.unwrap();
    assert_eq!((before.permissions.to_string(), before.scope), ("read".into(), "read,admin".parse().ok()));
    for (account, expected) in [("read,write,admin", "read,admin"), ("write", ""), ("read", "read")] {
        let renewed = chain(account.parse().unwrap()).renew(&before, NOW_MS + 59_999).await.unwrap();
        assert_eq!(renewed.permissions.to_string(), expected, "{account}");
        assert_eq!((renewed.name.as_str(), renewed.teams.as_slice()), ("Ada", ["red".to_owned()].as_slice()));
        assert_eq!((&renewed.user, renewed.scope, renewed.expires_at), (&before.user, before.scope, before.expires_at));
        assert_eq!(renewed.credential, before.credential);
    }
}

#[tokio::test]
async fn a_token_is_not_renewed_after_its_expiry_or_without_its_account() {
    let before = present(Permissions::ALL, &valid_claims()).await.unwrap();
    let renew = async |principal| chain(Permissions::ALL).renew(&principal, NOW_MS).await;
    let late = Principal { expires_at: Some(NOW_MS), ..before.clone() };
    assert!(matches!(renew(late).await, Err(AuthError::Refused(Refusal::Expired))));
    let gone = Principal { user: "eve".into(), ..before.clone() };
    assert!(matches!(renew(gone).await, Err(AuthError::Refused(Refusal::UnknownAccount))));
    let down = Principal { user: "down".into(), ..before };
    assert!(matches!(renew(down).await, Err(AuthError::Unavailable(_))));
}

#[tokio::test]
async fn the_chain_renews_with_the_authenticator_of_the_kind() {
    let robot = chain(Permissions::ALL).authenticate(&Credential::ApiKey("k".into()), NOW_MS).await.unwrap();
    assert_eq!(chain(Permissions::ALL).renew(&robot, NOW_MS).await.unwrap(), robot);
    let session = Principal { credential: CredentialId::Session("s".into()), ..robot };
    for chain in [chain(Permissions::ALL), Authenticators::default()] {
        let renewed = chain.renew(&session, NOW_MS).await;
        assert!(matches!(renewed, Err(AuthError::Refused(Refusal::UnsupportedKind))));
    }
}
