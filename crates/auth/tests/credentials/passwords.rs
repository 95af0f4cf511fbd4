//! Passwords: which are taken, that only the right one opens, and that absence looks like a wrong one.

use std::time::{Duration, Instant};

use boardwire_auth::{PasswordError, hash_password, verify_password};

#[test]
fn only_the_right_password_opens() {
    let stored = hash_password("correct horse").unwrap();
    assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
    assert!(!stored.contains("correct"));
    assert!(verify_password("correct horse", Some(&stored)));
    for wrong in ["correct hors", "Correct horse", ""] {
        assert!(!verify_password(wrong, Some(&stored)), "{wrong:?}");
    }
    assert_ne!(hash_password("correct horse").unwrap(), stored, "each hash has a salt of its own");
}

#[test]
fn no_hash_and_unreadable_hashes_are_wrong_but_take_the_work() {
    for nothing in [
        None,
        Some(""),
        Some("correct horse"),
        Some("$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA"),
        Some("$2b$12$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
    ] {
        let begun = Instant::now();
        assert!(!verify_password("correct horse", nothing), "{nothing:?}");
        // No machine fills 19 MiB twice in a millisecond; to look and say no takes microseconds.
        assert!(begun.elapsed() > Duration::from_millis(1), "{nothing:?}");
    }
}

#[test]
fn eight_to_1024_bytes() {
    assert!(matches!(hash_password("1234567"), Err(PasswordError::TooShort(7))));
    assert!(matches!(hash_password(&"x".repeat(1025)), Err(PasswordError::TooLong(1025))));
    let longest = "é".repeat(512);
    let stored = hash_password(&longest).unwrap();
    assert!(verify_password(&longest, Some(&stored)));
    assert!(!verify_password(&format!("{longest}x"), Some(&stored)));
    assert!(hash_password("12345678").is_ok());
}
