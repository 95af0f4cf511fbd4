//! Sessions: who gets in, both ends of a session, what counts as use and when it is recorded; renewal.

use std::sync::Arc;
use std::time::Duration;

use boardwire_auth::*;

use crate::vault::*;

/// A vault with the one session of `ada`, begun at [`NOW`].
struct Scene {
    vault: Arc<Vault>,
    sessions: SessionAuthenticator,
    issued: IssuedSecret,
}

impl Scene {
    fn new(policy: SessionPolicy) -> Self {
        let vault = Arc::new(Vault::new());
        let issued = SecretKind::Session.generate().unwrap();
        let hash = issued.hash.clone();
        let expires_at = policy.absolute_end(NOW);
        let record = SessionRecord { account: ada("read,write"), hash, last_used: NOW, expires_at };
        vault.sessions.lock().unwrap().insert(issued.id.clone(), record);
        Self { sessions: SessionAuthenticator::new(vault.clone(), policy), vault, issued }
    }

    fn change(&self, change: impl FnOnce(&mut SessionRecord)) {
        change(self.vault.sessions.lock().unwrap().get_mut(&self.issued.id).unwrap());
    }

    async fn present(&self, text: &str, now_ms: i64) -> Result<Principal, AuthError> {
        let answer = self.sessions.authenticate(&Credential::Session(text.to_owned()), now_ms).await;
        answer.map(|principal| principal.expect("sessions are its kind"))
    }

    async fn enter(&self, now_ms: i64) -> Result<Principal, AuthError> {
        self.present(&self.issued.text, now_ms).await
    }
}

fn week_and_month() -> Scene {
    Scene::new(SessionPolicy::default())
}

/// 40 minutes of idleness, two hours in all: a use is recorded once a minute.
fn short() -> Scene {
    Scene::new(SessionPolicy { idle: Duration::from_secs(40 * 60), absolute: Duration::from_secs(2 * 3_600) })
}

#[tokio::test]
async fn a_good_session_is_its_account() {
    let scene = week_and_month();
    let principal = scene.enter(NOW).await.unwrap();
    assert_eq!((principal.user.as_str(), principal.name.as_str()), ("ada", "Ada"));
    assert_eq!((principal.permissions, principal.scope), (Permissions::READ_WRITE, None));
    assert_eq!((principal.teams, principal.expires_at), (vec!["red".to_owned()], Some(NOW + 7 * DAY)));
    assert_eq!(principal.credential, CredentialId::Session(scene.issued.id));
}

#[tokio::test]
async fn ends_when_it_was_idle_too_long() {
    let scene = week_and_month();
    assert_eq!(scene.enter(NOW + 7 * DAY - 1).await.unwrap().expires_at, Some(NOW + 14 * DAY - 1));
    assert_eq!(refusal(scene.enter(NOW + 14 * DAY - 1).await), Refusal::Expired);
    assert_eq!(scene.vault.uses(), [NOW + 7 * DAY - 1], "a refusal is no use");
}

#[tokio::test]
async fn ends_at_its_absolute_end_however_much_it_is_used() {
    let scene = week_and_month();
    for day in 1..30 {
        let expected = (NOW + (day + 7) * DAY).min(NOW + 30 * DAY);
        assert_eq!(scene.enter(NOW + day * DAY).await.unwrap().expires_at, Some(expected), "{day}");
    }
    assert!(scene.enter(NOW + 30 * DAY - 1).await.is_ok());
    assert_eq!(refusal(scene.enter(NOW + 30 * DAY).await), Refusal::Expired);
}

#[tokio::test]
async fn a_wrong_id_a_wrong_secret_and_a_wrong_form_are_the_same() {
    let scene = week_and_month();
    let other = SecretKind::Session.generate().unwrap().text;
    let wrong_secret = format!("{}{}", &scene.issued.text[..21], &other[21..]);
    let wrong_id = format!("{}{}", &other[..21], &scene.issued.text[21..]);
    let key = scene.issued.text.replacen("bws", "bwk", 1);
    for bad in [&wrong_secret, &wrong_id, &key, &scene.issued.hash, &scene.issued.id, "", "_", "é"] {
        assert_eq!(refusal(scene.present(bad, NOW).await), Refusal::UnknownCredential, "{bad}");
    }
    assert_eq!(refusal(scene.present(&wrong_secret, NOW + 99 * DAY).await), Refusal::UnknownCredential);
    assert!(scene.vault.uses().is_empty());
    scene.vault.sessions.lock().unwrap().clear();
    assert_eq!(refusal(scene.enter(NOW).await), Refusal::UnknownCredential, "it was ended");
}

#[tokio::test]
async fn authenticating_is_a_use_recorded_once_a_minute() {
    let scene = short();
    for (after, end) in [(MINUTE - 1, 40 * MINUTE), (MINUTE, 41 * MINUTE), (2 * MINUTE - 1, 41 * MINUTE)] {
        assert_eq!(scene.enter(NOW + after).await.unwrap().expires_at, Some(NOW + end), "{after}");
    }
    assert_eq!(scene.vault.uses(), [NOW + MINUTE]);
}

#[tokio::test]
async fn a_twentieth_of_a_short_idle_time_is_recorded() {
    let policy = SessionPolicy { idle: Duration::from_secs(20), absolute: Duration::from_secs(60) };
    let scene = Scene::new(policy);
    for after in (0..5_000).step_by(100) {
        scene.enter(NOW + after).await.unwrap();
    }
    assert_eq!(scene.vault.uses(), [NOW + 1_000, NOW + 2_000, NOW + 3_000, NOW + 4_000]);
}

#[tokio::test]
async fn commands_keep_a_connection_alive_to_the_absolute_end() {
    let scene = short();
    let mut principal = scene.enter(NOW).await.unwrap();
    for after in (0..120 * MINUTE).step_by(10_000) {
        assert!(!principal.expired_at(NOW + after), "{after}");
        if let Some(moved) = scene.sessions.used(&principal, NOW + after).await.unwrap() {
            principal = moved;
        }
    }
    assert_eq!(principal.expires_at, Some(NOW + 120 * MINUTE));
    assert_eq!(scene.vault.uses().len(), 119);
    assert_eq!(scene.vault.reads(), 1 + 119, "no look at the storage where nothing is due");
    assert_eq!(refusal(scene.sessions.used(&principal, NOW + 120 * MINUTE).await), Refusal::Expired);
}

#[tokio::test]
async fn connections_of_one_session_share_the_recording() {
    let scene = short();
    let (one, other) = (scene.enter(NOW).await.unwrap(), scene.enter(NOW).await.unwrap());
    let moved = scene.sessions.used(&one, NOW + 30 * MINUTE).await.unwrap().unwrap();
    assert_eq!(moved.expires_at, Some(NOW + 70 * MINUTE));
    assert_eq!(scene.sessions.used(&other, NOW + 30 * MINUTE).await.unwrap(), None);
    assert_eq!(scene.sessions.renew(&other, NOW + 40 * MINUTE).await.unwrap(), Some(moved));
    assert_eq!(scene.vault.uses(), [NOW + 30 * MINUTE], "renewal is no use");
}

#[tokio::test]
async fn a_use_does_not_bring_a_session_back() {
    let scene = short();
    let principal = scene.enter(NOW).await.unwrap();
    assert_eq!(refusal(scene.sessions.used(&principal, NOW + 40 * MINUTE).await), Refusal::Expired);
    scene.vault.sessions.lock().unwrap().clear();
    assert_eq!(refusal(scene.sessions.used(&principal, NOW + 2 * MINUTE).await), Refusal::UnknownCredential);
    assert!(scene.vault.uses().is_empty());
}

#[tokio::test]
async fn use_that_cannot_be_recorded_refuses_nobody_and_moves_nothing() {
    let scene = short();
    scene.vault.break_down(Broken::Recording);
    let principal = scene.enter(NOW + 2 * MINUTE).await.unwrap();
    assert_eq!(principal.expires_at, Some(NOW + 40 * MINUTE));
    assert_eq!(scene.sessions.used(&principal, NOW + 3 * MINUTE).await.unwrap(), Some(principal.clone()));
    scene.vault.break_down(Broken::Nothing);
    let moved = scene.sessions.used(&principal, NOW + 3 * MINUTE + 1).await.unwrap().unwrap();
    assert_eq!(moved.expires_at, Some(NOW + 43 * MINUTE + 1));
}

#[tokio::test]
async fn an_outage_is_no_refusal() {
    let scene = short();
    let principal = scene.enter(NOW).await.unwrap();
    scene.vault.break_down(Broken::Everything);
    let later = NOW + 2 * MINUTE;
    assert!(matches!(scene.enter(later).await, Err(AuthError::Unavailable(_))));
    assert!(matches!(scene.sessions.renew(&principal, later).await, Err(AuthError::Unavailable(_))));
    assert!(matches!(scene.sessions.used(&principal, later).await, Err(AuthError::Unavailable(_))));
    scene.vault.break_down(Broken::Nothing);
    assert!(scene.sessions.used(&principal, later).await.unwrap().is_some(), "it is still due");
}

#[tokio::test]
async fn other_kinds_are_left_to_others() {
    let scene = short();
    for other in [Credential::Token(scene.issued.text.clone()), Credential::ApiKey(scene.issued.text.clone())] {
        assert_eq!(scene.sessions.authenticate(&other, NOW).await.unwrap(), None);
    }
    let mut principal = scene.enter(NOW).await.unwrap();
    for other in [CredentialId::Token { id: None }, CredentialId::ApiKey(scene.issued.id.clone())] {
        principal.credential = other;
        assert_eq!(scene.sessions.renew(&principal, NOW).await.unwrap(), None);
        assert_eq!(scene.sessions.used(&principal, NOW + 2 * MINUTE).await.unwrap(), None);
    }
}

#[tokio::test]
async fn renewal_looks_at_the_session_and_the_account_again() {
    let scene = short();
    let before = scene.enter(NOW).await.unwrap();
    scene.change(|record| {
        record.account = Account { name: "Countess".into(), teams: vec![], ..ada("read") };
        record.last_used = NOW + 5 * MINUTE;
    });
    let renewed = scene.sessions.renew(&before, NOW + 6 * MINUTE).await.unwrap().unwrap();
    assert_eq!((renewed.name.as_str(), renewed.teams.len()), ("Countess", 0));
    assert_eq!((renewed.permissions.to_string(), renewed.expires_at), ("read".into(), Some(NOW + 45 * MINUTE)));
    assert_eq!((&renewed.user, &renewed.credential), (&before.user, &before.credential));

    assert_eq!(refusal(scene.sessions.renew(&before, NOW + 45 * MINUTE).await), Refusal::Expired);
    scene.change(|record| record.account.id = "eve".into());
    assert_eq!(refusal(scene.sessions.renew(&before, NOW).await), Refusal::UnknownCredential);
    scene.vault.sessions.lock().unwrap().clear();
    assert_eq!(refusal(scene.sessions.renew(&before, NOW).await), Refusal::UnknownCredential);
    assert!(scene.vault.uses().is_empty());
}
