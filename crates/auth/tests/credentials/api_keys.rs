//! API keys: who gets in, with what, until when; which refusal is which; recording of use; renewal.

use std::sync::Arc;

use boardwire_auth::*;

use crate::vault::*;

/// A vault with the one key of `ada`, which is as `change` leaves it.
struct Scene {
    vault: Arc<Vault>,
    keys: ApiKeyAuthenticator,
    issued: IssuedSecret,
}

impl Scene {
    fn new(change: impl FnOnce(&mut ApiKeyRecord)) -> Self {
        let vault = Arc::new(Vault::new());
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
        vault.keys.lock().unwrap().insert(issued.id.clone(), record);
        Self { keys: ApiKeyAuthenticator::new(vault.clone()), vault, issued }
    }

    fn change(&self, change: impl FnOnce(&mut ApiKeyRecord)) {
        change(self.vault.keys.lock().unwrap().get_mut(&self.issued.id).unwrap());
    }

    async fn present(&self, text: &str, now_ms: i64) -> Result<Principal, AuthError> {
        let answer = self.keys.authenticate(&Credential::ApiKey(text.to_owned()), now_ms).await;
        answer.map(|principal| principal.expect("API keys are its kind"))
    }

    async fn enter(&self, now_ms: i64) -> Result<Principal, AuthError> {
        self.present(&self.issued.text, now_ms).await
    }
}

#[tokio::test]
async fn a_good_key_is_its_account() {
    let scene = Scene::new(|record| record.expires_at = Some(NOW + 1));
    let principal = scene.enter(NOW).await.unwrap();
    assert_eq!((principal.user.as_str(), principal.name.as_str()), ("ada", "Ada"));
    assert_eq!((principal.permissions, principal.scope), (Permissions::READ_WRITE, None));
    assert_eq!((principal.teams, principal.expires_at), (vec!["red".to_owned()], Some(NOW + 1)));
    assert_eq!(principal.credential, CredentialId::ApiKey(scene.issued.id));
}

#[tokio::test]
async fn a_key_has_what_its_scope_and_the_account_allow() {
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
        let principal = scene.enter(NOW).await.unwrap();
        assert_eq!(principal.permissions.to_string(), expected, "{account} {scope}");
        assert_eq!(principal.scope, scope.parse().ok());
    }
}

#[tokio::test]
async fn a_wrong_id_a_wrong_secret_and_a_wrong_form_are_the_same() {
    let scene = Scene::new(|_| ());
    let other = SecretKind::ApiKey.generate().unwrap().text;
    let wrong_secret = format!("{}{}", &scene.issued.text[..21], &other[21..]);
    let wrong_id = format!("{}{}", &other[..21], &scene.issued.text[21..]);
    let session = scene.issued.text.replacen("bwk", "bws", 1);
    for bad in [&wrong_secret, &wrong_id, &session, &scene.issued.hash, &scene.issued.id, "", "_", "é"] {
        assert_eq!(refusal(scene.present(bad, NOW).await), Refusal::UnknownCredential, "{bad}");
    }
    assert_eq!(scene.vault.reads(), 2, "only what has the form of a key is looked up");
    assert!(scene.vault.uses().is_empty());
}

#[tokio::test]
async fn revoked_and_expired_are_said_to_the_holder_alone() {
    for (change, expected) in [
        ((|it| it.revoked = true) as fn(&mut ApiKeyRecord), Refusal::Revoked),
        (|it| it.expires_at = Some(NOW), Refusal::Expired),
        (|it| (it.revoked, it.expires_at) = (true, Some(0)), Refusal::Revoked),
    ] {
        let scene = Scene::new(change);
        assert_eq!(refusal(scene.enter(NOW).await), expected);
        let other = SecretKind::ApiKey.generate().unwrap().text;
        let guessed = format!("{}{}", &scene.issued.text[..21], &other[21..]);
        assert_eq!(refusal(scene.present(&guessed, NOW).await), Refusal::UnknownCredential);
        assert!(scene.vault.uses().is_empty(), "a refusal is no use");
    }
}

#[tokio::test]
async fn use_is_recorded_once_a_minute() {
    let scene = Scene::new(|_| ());
    for now in [NOW, NOW + 1, NOW + MINUTE - 1, NOW + MINUTE, NOW + MINUTE + 1, NOW + 5 * MINUTE] {
        scene.enter(now).await.unwrap();
    }
    assert_eq!(scene.vault.uses(), [NOW, NOW + MINUTE, NOW + 5 * MINUTE]);

    // Another process sees in the record what the first one wrote.
    let second = ApiKeyAuthenticator::new(scene.vault.clone());
    let credential = Credential::ApiKey(scene.issued.text.clone());
    second.authenticate(&credential, NOW + 5 * MINUTE + 1).await.unwrap();
    assert_eq!(scene.vault.uses().len(), 3);
}

#[tokio::test]
async fn use_that_cannot_be_recorded_refuses_nobody() {
    let scene = Scene::new(|_| ());
    scene.vault.break_down(Broken::Recording);
    scene.enter(NOW).await.unwrap();
    scene.vault.break_down(Broken::Nothing);
    scene.enter(NOW + 1).await.unwrap();
    assert_eq!(scene.vault.uses(), [NOW + 1]);
}

#[tokio::test]
async fn an_outage_is_no_refusal() {
    let scene = Scene::new(|_| ());
    let principal = scene.enter(NOW).await.unwrap();
    scene.vault.break_down(Broken::Everything);
    assert!(matches!(scene.enter(NOW).await, Err(AuthError::Unavailable(_))));
    assert!(matches!(scene.keys.renew(&principal, NOW).await, Err(AuthError::Unavailable(_))));
}

#[tokio::test]
async fn other_kinds_are_left_to_others() {
    let scene = Scene::new(|_| ());
    for other in [Credential::Token(scene.issued.text.clone()), Credential::Session(scene.issued.text.clone())] {
        assert_eq!(scene.keys.authenticate(&other, NOW).await.unwrap(), None);
    }
    let mut principal = scene.enter(NOW).await.unwrap();
    for other in [CredentialId::Token { id: None }, CredentialId::Session(scene.issued.id.clone())] {
        principal.credential = other;
        assert_eq!(scene.keys.renew(&principal, NOW).await.unwrap(), None);
    }
}

#[tokio::test]
async fn renewal_looks_at_the_key_and_the_account_again() {
    let scene = Scene::new(|record| record.scope = "read,admin".parse().ok());
    let before = scene.enter(NOW).await.unwrap();
    assert_eq!(before.permissions.to_string(), "read");

    scene.change(|record| {
        record.account = Account { name: "Countess".into(), teams: vec![], ..ada("admin") };
        record.expires_at = Some(NOW + 10 * MINUTE);
    });
    let renewed = scene.keys.renew(&before, NOW + 2 * MINUTE).await.unwrap().unwrap();
    assert_eq!(renewed.permissions.to_string(), "read,admin");
    assert_eq!((renewed.name.as_str(), renewed.teams.len()), ("Countess", 0));
    assert_eq!(renewed.expires_at, Some(NOW + 10 * MINUTE));
    assert_eq!((&renewed.user, &renewed.credential), (&before.user, &before.credential));
    assert_eq!(scene.vault.uses(), [NOW], "renewal is no use");

    scene.change(|record| record.scope = "write".parse().ok());
    assert_eq!(scene.keys.renew(&before, NOW).await.unwrap().unwrap().permissions.to_string(), "write");
    assert_eq!(refusal(scene.keys.renew(&before, NOW + 10 * MINUTE).await), Refusal::Expired);
    scene.change(|record| record.revoked = true);
    assert_eq!(refusal(scene.keys.renew(&before, NOW).await), Refusal::Revoked);
    scene.change(|record| record.account.id = "eve".into());
    assert_eq!(refusal(scene.keys.renew(&before, NOW).await), Refusal::UnknownCredential);
    scene.vault.keys.lock().unwrap().clear();
    assert_eq!(refusal(scene.keys.renew(&before, NOW).await), Refusal::UnknownCredential);
}
