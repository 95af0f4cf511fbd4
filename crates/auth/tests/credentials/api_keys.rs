//! API keys: authentication, permissions, expiry, reasons for refusal, recording of use, renewal.

use std::sync::Arc;

use boardwire_auth::*;

use crate::memory_store::*;

/// A store with one API key, of `ada`.
struct Scene {
    store: Arc<MemoryStore>,
    authenticator: ApiKeyAuthenticator,
    issued: IssuedSecret,
}

impl Scene {
    /// Stores the key after `change` was applied to its record.
    fn new(change: impl FnOnce(&mut ApiKeyRecord)) -> Self {
        let store = Arc::new(MemoryStore::new());
        let issued = SecretKind::ApiKey.generate().unwrap();
        let hash = issued.hash.clone();
        let mut record = ApiKeyRecord {
            account: ada("read,write"),
            hash,
            scope: None,
            revoked: false,
            expires_at: None,
            last_used: None,
        };
        change(&mut record);
        store.keys.lock().unwrap().insert(issued.id.clone(), record);
        Self { authenticator: ApiKeyAuthenticator::new(store.clone()), store, issued }
    }

    fn change(&self, change: impl FnOnce(&mut ApiKeyRecord)) {
        change(self.store.keys.lock().unwrap().get_mut(&self.issued.id).unwrap());
    }

    /// Authenticates with this text as the API key.
    async fn present(&self, text: &str, now_ms: i64) -> Result<Principal, AuthError> {
        let answer = self.authenticator.authenticate(&Credential::ApiKey(text.to_owned()), now_ms).await;
        answer.map(|principal| principal.expect("this authenticator handles API keys"))
    }

    /// Authenticates with the stored key.
    async fn authenticate(&self, now_ms: i64) -> Result<Principal, AuthError> {
        self.present(&self.issued.text, now_ms).await
    }
}

#[tokio::test]
async fn a_valid_key_authenticates_as_its_account() {
    let scene = Scene::new(|record| record.expires_at = Some(NOW + 1));
    let principal = scene.authenticate(NOW).await.unwrap();
    assert_eq!((principal.user.as_str(), principal.name.as_str()), ("ada", "Ada"));
    assert_eq!((principal.permissions, principal.scope), (Permissions::READ_WRITE, None));
    assert_eq!((principal.teams, principal.expires_at), (vec!["red".to_owned()], Some(NOW + 1)));
    assert_eq!(principal.credential, CredentialId::ApiKey(scene.issued.id));
}

#[tokio::test]
async fn a_key_has_the_permissions_that_its_scope_and_account_allow() {
    for (account, scope, expected) in [
        ("read,write", "read", "read"),
        ("read", "read,write,admin", "read"),
        ("read,write", "admin", ""),
        ("read,write", "", ""),
        ("admin", "read", "read"),
        ("read,write,admin", "write", "write"),
    ] {
        let scene = Scene::new(|record| {
            (record.account, record.scope) = (ada(account), Some(scope.parse().unwrap()));
        });
        let principal = scene.authenticate(NOW).await.unwrap();
        assert_eq!(principal.permissions.to_string(), expected, "{account} {scope}");
        assert_eq!(principal.scope, scope.parse().ok());
    }
}

#[tokio::test]
async fn a_wrong_id_secret_or_form_gives_the_same_refusal() {
    let scene = Scene::new(|_| ());
    let other = SecretKind::ApiKey.generate().unwrap().text;
    let wrong_secret = format!("{}{}", &scene.issued.text[..SECRET_START], &other[SECRET_START..]);
    let wrong_id = format!("{}{}", &other[..SECRET_START], &scene.issued.text[SECRET_START..]);
    let session = scene.issued.text.replacen("bwk", "bws", 1);
    for bad in [&wrong_secret, &wrong_id, &session, &scene.issued.hash, &scene.issued.id, "", "_", "é"] {
        assert_eq!(expect_refusal(scene.present(bad, NOW).await), Refusal::UnknownCredential, "{bad}");
    }
    assert_eq!(scene.store.read_count(), 2, "only texts with the form of a key are looked up");
    assert!(scene.store.recorded_uses().is_empty());
}

#[tokio::test]
async fn revoked_and_expired_are_reasons_only_with_the_right_secret() {
    for (change, expected) in [
        ((|it| it.revoked = true) as fn(&mut ApiKeyRecord), Refusal::Revoked),
        (|it| it.expires_at = Some(NOW), Refusal::Expired),
        (|it| (it.revoked, it.expires_at) = (true, Some(0)), Refusal::Revoked),
    ] {
        let scene = Scene::new(change);
        assert_eq!(expect_refusal(scene.authenticate(NOW).await), expected);
        let other = SecretKind::ApiKey.generate().unwrap().text;
        let guessed = format!("{}{}", &scene.issued.text[..SECRET_START], &other[SECRET_START..]);
        assert_eq!(expect_refusal(scene.present(&guessed, NOW).await), Refusal::UnknownCredential);
        assert!(scene.store.recorded_uses().is_empty(), "a refusal must not be recorded as a use");
    }
}

#[tokio::test]
async fn use_is_recorded_once_a_minute() {
    let scene = Scene::new(|_| ());
    for now in [NOW, NOW + 1, NOW + MINUTE - 1, NOW + MINUTE, NOW + MINUTE + 1, NOW + 5 * MINUTE] {
        scene.authenticate(now).await.unwrap();
    }
    assert_eq!(scene.store.recorded_uses(), [NOW, NOW + MINUTE, NOW + 5 * MINUTE]);

    // Another process finds the last use in the record.
    let second = ApiKeyAuthenticator::new(scene.store.clone());
    let credential = Credential::ApiKey(scene.issued.text.clone());
    second.authenticate(&credential, NOW + 5 * MINUTE + 1).await.unwrap();
    assert_eq!(scene.store.recorded_uses().len(), 3);
}

#[tokio::test]
async fn a_failure_to_record_a_use_does_not_refuse_the_caller() {
    let scene = Scene::new(|_| ());
    scene.store.set_broken(Broken::Recording);
    scene.authenticate(NOW).await.unwrap();
    scene.store.set_broken(Broken::Nothing);
    scene.authenticate(NOW + 1).await.unwrap();
    assert_eq!(scene.store.recorded_uses(), [NOW + 1]);
}

#[tokio::test]
async fn an_outage_is_not_a_refusal() {
    let scene = Scene::new(|_| ());
    let principal = scene.authenticate(NOW).await.unwrap();
    scene.store.set_broken(Broken::Everything);
    assert!(matches!(scene.authenticate(NOW).await, Err(AuthError::Unavailable(_))));
    assert!(matches!(scene.authenticator.renew(&principal, NOW).await, Err(AuthError::Unavailable(_))));
}

#[tokio::test]
async fn other_kinds_of_credential_are_left_to_other_authenticators() {
    let scene = Scene::new(|_| ());
    for other in [Credential::Token(scene.issued.text.clone()), Credential::Session(scene.issued.text.clone())] {
        assert_eq!(scene.authenticator.authenticate(&other, NOW).await.unwrap(), None);
    }
    let mut principal = scene.authenticate(NOW).await.unwrap();
    for other in [CredentialId::Token { id: None }, CredentialId::Session(scene.issued.id.clone())] {
        principal.credential = other;
        assert_eq!(scene.authenticator.renew(&principal, NOW).await.unwrap(), None);
    }
}

#[tokio::test]
async fn renewal_reads_the_key_and_the_account_again() {
    let scene = Scene::new(|record| record.scope = "read,admin".parse().ok());
    let before = scene.authenticate(NOW).await.unwrap();
    assert_eq!(before.permissions.to_string(), "read");

    scene.change(|record| {
        record.account = Account { name: "Countess".into(), teams: vec![], ..ada("admin") };
        record.expires_at = Some(NOW + 10 * MINUTE);
    });
    let renewed = scene.authenticator.renew(&before, NOW + 2 * MINUTE).await.unwrap().unwrap();
    assert_eq!(renewed.permissions.to_string(), "read,admin");
    assert_eq!((renewed.name.as_str(), renewed.teams.len()), ("Countess", 0));
    assert_eq!(renewed.expires_at, Some(NOW + 10 * MINUTE));
    assert_eq!((&renewed.user, &renewed.credential), (&before.user, &before.credential));
    assert_eq!(scene.store.recorded_uses(), [NOW], "renewal must not be recorded as a use");

    scene.change(|record| record.scope = "write".parse().ok());
    assert_eq!(scene.authenticator.renew(&before, NOW).await.unwrap().unwrap().permissions.to_string(), "write");
    assert_eq!(expect_refusal(scene.authenticator.renew(&before, NOW + 10 * MINUTE).await), Refusal::Expired);
    scene.change(|record| record.revoked = true);
    assert_eq!(expect_refusal(scene.authenticator.renew(&before, NOW).await), Refusal::Revoked);
    scene.change(|record| record.account.id = "eve".into());
    assert_eq!(expect_refusal(scene.authenticator.renew(&before, NOW).await), Refusal::UnknownCredential);
    scene.store.keys.lock().unwrap().clear();
    assert_eq!(expect_refusal(scene.authenticator.renew(&before, NOW).await), Refusal::UnknownCredential);
}
