//! Credentials with an id and a secret: generating, parsing and comparing them, and that `Debug` never shows a secret.

use std::collections::HashSet;

use boardwire_auth::{IssuedSecret, SecretKind};
use proptest::prelude::*;

use crate::memory_store::SECRET_START;

/// Where the id is in the text of a credential.
const ID: std::ops::Range<usize> = 4..20;

const KINDS: [(SecretKind, &str); 2] = [(SecretKind::ApiKey, "bwk"), (SecretKind::Session, "bws")];

fn secret_part(issued: &IssuedSecret) -> &str {
    issued.text.splitn(3, '_').nth(2).unwrap()
}

#[test]
fn a_generated_credential_can_be_parsed_and_matches_its_hash() {
    for (kind, prefix) in KINDS {
        for _ in 0..300 {
            let issued = kind.generate().unwrap();
            assert_eq!(issued.text.len(), 64);
            assert!(issued.text.starts_with(&format!("{prefix}_{}_", issued.id)), "{issued:?}");
            let presented = kind.parse(&issued.text).unwrap();
            assert_eq!(presented.id(), issued.id);
            assert!(presented.matches(Some(&issued.hash)));
        }
    }
}

#[test]
fn ids_and_secrets_do_not_repeat() {
    let issued: Vec<_> = (0..300).map(|_| SecretKind::ApiKey.generate().unwrap()).collect();
    assert_eq!(issued.iter().map(|it| &it.id).collect::<HashSet<_>>().len(), 300);
    assert_eq!(issued.iter().map(secret_part).collect::<HashSet<_>>().len(), 300);
}

#[test]
fn a_known_text_has_a_known_hash() {
    let text = "bwk_0123456789abcdef_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
    let presented = SecretKind::ApiKey.parse(text).unwrap();
    assert_eq!(presented.id(), "0123456789abcdef");
    // printf %s AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8 | sha256sum
    assert!(presented.matches(Some("ea866a757e4c38babfa8127cbe9a409d3e1f93a00ff1488ff735fcf917afffd0")));
}

#[test]
fn only_the_right_hash_matches() {
    let (one, other) = (SecretKind::Session.generate().unwrap(), SecretKind::Session.generate().unwrap());
    let presented = SecretKind::Session.parse(&one.text).unwrap();
    let upper = one.hash.to_uppercase();
    let zeros = "0".repeat(64);
    for wrong in [&other.hash, "", &one.hash[..63], &format!("{}0", one.hash), &upper, &zeros, &one.text] {
        assert!(!presented.matches(Some(wrong)), "{wrong}");
    }
    assert!(!presented.matches(None));
}

#[test]
fn the_hash_and_debug_do_not_contain_the_secret() {
    for (kind, _) in KINDS {
        let issued = kind.generate().unwrap();
        let secret = secret_part(&issued);
        assert!(issued.hash.len() == 64 && issued.hash.bytes().all(|it| matches!(it, b'0'..=b'9' | b'a'..=b'f')));
        assert!(issued.hash != issued.text && !issued.text.contains(&issued.hash) && !issued.hash.contains(secret));
        let presented = kind.parse(&issued.text).unwrap();
        for shown in [format!("{issued:?} {issued:#?}"), format!("{presented:?} {presented:#?}")] {
            assert!(shown.contains(&issued.id), "{shown}");
            assert!(!shown.contains(secret) && !shown.contains(&issued.hash), "{shown}");
        }
    }
}

#[test]
fn a_credential_of_one_kind_is_not_parsed_as_the_other() {
    let [key, session] = KINDS.map(|(kind, _)| kind.generate().unwrap().text);
    assert!(SecretKind::Session.parse(&key).is_none() && SecretKind::ApiKey.parse(&session).is_none());
}

#[test]
fn a_secret_may_contain_underscores() {
    for secret in ["_".repeat(43), format!("__{}", "-".repeat(41)), format!("{}_", "a".repeat(42))] {
        assert!(SecretKind::ApiKey.parse(&format!("bwk_0123456789abcdef_{secret}")).is_some(), "{secret}");
    }
}

#[test]
fn texts_of_another_form_are_not_parsed() {
    let good = SecretKind::ApiKey.generate().unwrap().text;
    let (id, secret) = (&good[ID], &good[SECRET_START..]);
    for bad in [
        "".into(),
        "bwk".into(),
        "bwk_".into(),
        "bwk__".into(),
        "___".into(),
        format!("bwk_{id}"),
        format!("bwk_{id}_"),
        format!("bwk__{secret}"),
        format!("bwk{id}{secret}"),
        format!("BWK_{id}_{secret}"),
        format!("bwk_0123456789ABCDEF_{secret}"),
        format!("bwk_0123456789abcdeg_{secret}"),
        format!("bwk_{}_{secret}", &id[1..]),
        format!("bwk_0{id}_{secret}"),
        format!("bwk-{id}-{secret}"),
        format!(" {good}"),
        format!("{good} "),
        format!("{good}="),
        format!("{good}\n"),
        format!("{good}\0"),
        format!("bwk_{id}_{}", &secret[1..]),
        format!("bwk_{id}_{}+", &secret[1..]),
        format!("bwk_{id}_{}/", &secret[1..]),
        format!("bwk_{id}_{}é", &secret[2..]),
        format!("bwk_{id}_{}", "a".repeat(10_000_000)),
        "é".repeat(32),
    ] {
        assert!(SecretKind::ApiKey.parse(&bad).is_none(), "{:?}", &bad.chars().take(80).collect::<String>());
    }
}

#[test]
fn every_byte_must_be_right() {
    let issued = SecretKind::ApiKey.generate().unwrap();
    for position in 0..issued.text.len() {
        for other in 0..128_u8 {
            let mut changed = issued.text.clone().into_bytes();
            if std::mem::replace(&mut changed[position], other) == other {
                continue;
            }
            let text = String::from_utf8(changed).unwrap();
            let same = |it: boardwire_auth::PresentedSecret<'_>| it.id() == issued.id && it.matches(Some(&issued.hash));
            assert!(!SecretKind::ApiKey.parse(&text).is_some_and(same), "{position} {text:?}");
        }
        assert!(SecretKind::ApiKey.parse(&issued.text[..position]).is_none(), "cut at {position}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn arbitrary_text_is_not_parsed(text in ".{0,140}") {
        for (kind, _) in KINDS {
            prop_assert!(kind.parse(&text).is_none());
        }
    }

    #[test]
    fn nearly_right_texts_never_panic(text in "bw[ks]?_?[0-9a-gé]{14,17}_?[A-Za-z0-9_=+é-]{40,45}") {
        for (kind, prefix) in KINDS {
            if let Some(presented) = kind.parse(&text) {
                prop_assert!(text.len() == 64 && text.is_ascii() && text.starts_with(prefix));
                prop_assert_eq!(presented.id(), &text[ID]);
            }
        }
    }
}
