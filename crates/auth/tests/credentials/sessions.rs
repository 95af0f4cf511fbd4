//! Sessions: authentication, idle and absolute end, what counts as a use and when it is recorded, renewal.

use std::sync::Arc;
use std::time::Duration;

use boardwire_auth::*;

use crate::memory_store::*;

/// A store with one session, of `ada`, which began at [`NOW`].
struct Scene {
    store: Arc<MemoryStore>,
    authenticator: SessionAuthenticator,
    issued: IssuedSecret,
}

impl Scene {
    fn new(policy: SessionPolicy) -> Self {
        let store = Arc::new(MemoryStore::new());
        let issued = SecretKind::Session.generate().unwrap();
        let hash = issued.hash.clone();
        let expires_at = policy.absolute_end(NOW);
        let record = SessionRecord { account: ada("read,write"), hash, last_used: NOW, expires_at };
        store.sessions.lock().unwrap().insert(issued.id.clone(), record);
        Self { authenticator: SessionAuthenticator::new(store.clone(), policy), store, issued }
    }

    fn change(&self, change: impl FnOnce(&mut SessionRecord)) {
        change(self.store.sessions.lock().unwrap().get_mut(&self.issued.id).unwrap());
    }

    /// Authenticates with this text as the session credential.
    async fn present(&self, text: &str, now_ms: i64) -> Result<Principal, AuthError> {
        let answer = self.authenticator.authenticate(&Credential::Session(text.to_owned()), now_ms).await;
        answer.map(|principal| principal.expect("this authenticator handles sessions"))
    }

    /// Authenticates with the stored session.
    async fn authenticate(&self, now_ms: i64) -> Result<Principal, AuthError> {
        self.present(&self.issued.text, now_ms).await
    }
}

/// A week of idleness, 30 days in all.
fn with_default_policy() -> Scene {
    Scene::new(SessionPolicy::default())
}

/// 40 minutes of idleness, two hours in all: a use is recorded once a minute.
fn with_short_policy() -> Scene {
    Scene::new(SessionPolicy { idle: Duration::from_secs(40 * 60), absolute: Duration::from_secs(2 * 3_600) })
}

#[tokio::test]
async fn a_valid_session_authenticates_as_its_account() {
    let scene = with_default_policy();
    let principal = scene.authenticate(NOW).await.unwrap();
    assert_eq!((principal.user.as_str(), principal.name.as_str()), ("ada", "Ada"));
    assert_eq!((principal.permissions, principal.scope), (Permissions::READ_WRITE, None));
    assert_eq!((principal.teams, principal.expires_at), (vec!["red".to_owned()], Some(NOW + 7 * DAY)));
    assert_eq!(principal.credential, CredentialId::Session(scene.issued.id));
}

#[tokio::test]
async fn a_session_ends_after_its_idle_time() {
    let scene = with_default_policy();
    assert_eq!(scene.authenticate(NOW + 7 * DAY - 1).await.unwrap().expires_at, Some(NOW + 14 * DAY - 1));
    assert_eq!(expect_refusal(scene.authenticate(NOW + 14 * DAY - 1).await), Refusal::Expired);
    assert_eq!(scene.store.recorded_uses(), [NOW + 7 * DAY - 1], "a refusal must not be recorded as a use");
}

#[tokio::test]
async fn a_session_ends_at_its_absolute_end_even_if_used() {
    let scene = with_default_policy();
    for day in 1..30 {
        let expected = (NOW + (day + 7) * DAY).min(NOW + 30 * DAY);
        assert_eq!(scene.authenticate(NOW + day * DAY).await.unwrap().expires_at, Some(expected), "{day}");
    }
    assert!(scene.authenticate(NOW + 30 * DAY - 1).await.is_ok());
    assert_eq!(expect_refusal(scene.authenticate(NOW + 30 * DAY).await), Refusal::Expired);
}

#[tokio::test]
async fn a_wrong_id_secret_or_form_gives_the_same_refusal() {
    let scene = with_default_policy();
    let other = SecretKind::Session.generate().unwrap().text;
    let wrong_secret = format!("{}{}", &scene.issued.text[..SECRET_START], &other[SECRET_START..]);
    let wrong_id = format!("{}{}", &other[..SECRET_START], &scene.issued.text[SECRET_START..]);
    let key = scene.issued.text.replacen("bws", "bwk", 1);
    for bad in [&wrong_secret, &wrong_id, &key, &scene.issued.hash, &scene.issued.id, "", "_", "é"] {
        assert_eq!(expect_refusal(scene.present(bad, NOW).await), Refusal::UnknownCredential, "{bad}");
    }
    assert_eq!(expect_refusal(scene.present(&wrong_secret, NOW + 99 * DAY).await), Refusal::UnknownCredential);
    assert!(scene.store.recorded_uses().is_empty());
    scene.store.sessions.lock().unwrap().clear();
    assert_eq!(expect_refusal(scene.authenticate(NOW).await), Refusal::UnknownCredential, "the session has ended");
}

#[tokio::test]
async fn authenticating_is_a_use_recorded_once_a_minute() {
    let scene = with_short_policy();
    for (after, end) in [(MINUTE - 1, 40 * MINUTE), (MINUTE, 41 * MINUTE), (2 * MINUTE - 1, 41 * MINUTE)] {
        assert_eq!(scene.authenticate(NOW + after).await.unwrap().expires_at, Some(NOW + end), "{after}");
    }
    assert_eq!(scene.store.recorded_uses(), [NOW + MINUTE]);
}

#[tokio::test]
async fn uses_are_recorded_once_in_a_twentieth_of_a_short_idle_time() {
    let policy = SessionPolicy { idle: Duration::from_secs(20), absolute: Duration::from_secs(60) };
    let scene = Scene::new(policy);
    for after in (0..5_000).step_by(100) {
        scene.authenticate(NOW + after).await.unwrap();
    }
    assert_eq!(scene.store.recorded_uses(), [NOW + 1_000, NOW + 2_000, NOW + 3_000, NOW + 4_000]);
}

#[tokio::test]
async fn commands_keep_a_session_alive_until_its_absolute_end() {
    let scene = with_short_policy();
    let mut principal = scene.authenticate(NOW).await.unwrap();
    for after in (0..120 * MINUTE).step_by(10_000) {
        assert!(!principal.expired_at(NOW + after), "{after}");
        if let Some(moved) = scene.authenticator.used(&principal, NOW + after).await.unwrap() {
            principal = moved;
        }
    }
    assert_eq!(principal.expires_at, Some(NOW + 120 * MINUTE));
    assert_eq!(scene.store.recorded_uses().len(), 119);
    assert_eq!(scene.store.read_count(), 1 + 119, "the storage is read only when a recording is due");
    assert_eq!(expect_refusal(scene.authenticator.used(&principal, NOW + 120 * MINUTE).await), Refusal::Expired);
}

#[tokio::test]
async fn connections_of_one_session_share_the_recording() {
    let scene = with_short_policy();
    let (one, other) = (scene.authenticate(NOW).await.unwrap(), scene.authenticate(NOW).await.unwrap());
    let moved = scene.authenticator.used(&one, NOW + 30 * MINUTE).await.unwrap().unwrap();
    assert_eq!(moved.expires_at, Some(NOW + 70 * MINUTE));
    assert_eq!(scene.authenticator.used(&other, NOW + 30 * MINUTE).await.unwrap(), None);
    assert_eq!(scene.authenticator.renew(&other, NOW + 40 * MINUTE).await.unwrap(), Some(moved));
    assert_eq!(scene.store.recorded_uses(), [NOW + 30 * MINUTE], "renewal must not be recorded as a use");
}

#[tokio::test]
async fn a_use_does_not_revive_an_ended_session() {
    let scene = with_short_policy();
    let principal = scene.authenticate(NOW).await.unwrap();
    assert_eq!(expect_refusal(scene.authenticator.used(&principal, NOW + 40 * MINUTE).await), Refusal::Expired);
    scene.store.sessions.lock().unwrap().clear();
    assert_eq!(
        expect_refusal(scene.authenticator.used(&principal, NOW + 2 * MINUTE).await),
        Refusal::UnknownCredential
    );
    assert!(scene.store.recorded_uses().is_empty());
}

#[tokio::test]
async fn a_failure_to_record_a_use_neither_refuses_the_caller_nor_moves_the_end() {
    let scene = with_short_policy();
    scene.store.set_broken(Broken::Recording);
    let principal = scene.authenticate(NOW + 2 * MINUTE).await.unwrap();
    assert_eq!(principal.expires_at, Some(NOW + 40 * MINUTE));
    assert_eq!(scene.authenticator.used(&principal, NOW + 3 * MINUTE).await.unwrap(), Some(principal.clone()));
    scene.store.set_broken(Broken::Nothing);
    let moved = scene.authenticator.used(&principal, NOW + 3 * MINUTE + 1).await.unwrap().unwrap();
    assert_eq!(moved.expires_at, Some(NOW + 43 * MINUTE + 1));
}

#[tokio::test]
async fn an_outage_is_not_a_refusal() {
    let scene = with_short_policy();
    let principal = scene.authenticate(NOW).await.unwrap();
    scene.store.set_broken(Broken::Everything);
    let later = NOW + 2 * MINUTE;
    assert!(matches!(scene.authenticate(later).await, Err(AuthError::Unavailable(_))));
    assert!(matches!(scene.authenticator.renew(&principal, later).await, Err(AuthError::Unavailable(_))));
    assert!(matches!(scene.authenticator.used(&principal, later).await, Err(AuthError::Unavailable(_))));
    scene.store.set_broken(Broken::Nothing);
    assert!(scene.authenticator.used(&principal, later).await.unwrap().is_some(), "the recording is still due");
}

#[tokio::test]
async fn other_kinds_of_credential_are_left_to_other_authenticators() {
    let scene = with_short_policy();
    for other in [Credential::Token(scene.issued.text.clone()), Credential::ApiKey(scene.issued.text.clone())] {
        assert_eq!(scene.authenticator.authenticate(&other, NOW).await.unwrap(), None);
    }
    let mut principal = scene.authenticate(NOW).await.unwrap();
    for other in [CredentialId::Token { id: None }, CredentialId::ApiKey(scene.issued.id.clone())] {
        principal.credential = other;
        assert_eq!(scene.authenticator.renew(&principal, NOW).await.unwrap(), None);
        assert_eq!(scene.authenticator.used(&principal, NOW + 2 * MINUTE).await.unwrap(), None);
    }
}

#[tokio::test]
async fn renewal_reads_the_session_and_the_account_again() {
    let scene = with_short_policy();
    let before = scene.authenticate(NOW).await.unwrap();
    scene.change(|record| {
        record.account = Account { name: "Countess".into(), teams: vec![], ..ada("read") };
        record.last_used = NOW + 5 * MINUTE;
    });
    let renewed = scene.authenticator.renew(&before, NOW + 6 * MINUTE).await.unwrap().unwrap();
    assert_eq!((renewed.name.as_str(), renewed.teams.len()), ("Countess", 0));
    assert_eq!((renewed.permissions.to_string(), renewed.expires_at), ("read".into(), Some(NOW + 45 * MINUTE)));
    assert_eq!((&renewed.user, &renewed.credential), (&before.user, &before.credential));

    assert_eq!(expect_refusal(scene.authenticator.renew(&before, NOW + 45 * MINUTE).await), Refusal::Expired);
    scene.change(|record| record.account.id = "eve".into());
    assert_eq!(expect_refusal(scene.authenticator.renew(&before, NOW).await), Refusal::UnknownCredential);
    scene.store.sessions.lock().unwrap().clear();
    assert_eq!(expect_refusal(scene.authenticator.renew(&before, NOW).await), Refusal::UnknownCredential);
    assert!(scene.store.recorded_uses().is_empty());
}
