//! Passwords: their length, that only the right one is accepted, and that checking takes as long without a hash.

use std::time::{Duration, Instant};

use boardwire_auth::{PasswordError, hash_password, verify_password};

#[test]
fn only_the_right_password_is_accepted() {
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
fn a_missing_or_unreadable_hash_takes_as_long_and_is_refused() {
    for stored in [
        None,
        Some(""),
        Some("correct horse"),
        Some("$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA"),
        Some("$2b$12$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
    ] {
        let started = Instant::now();
        assert!(!verify_password("correct horse", stored), "{stored:?}");
        // No machine fills 19 MiB twice in a millisecond; a refusal without hashing takes microseconds.
        assert!(started.elapsed() > Duration::from_millis(1), "{stored:?}");
    }
}

#[test]
fn passwords_have_eight_to_1024_bytes() {
    assert!(matches!(hash_password("1234567"), Err(PasswordError::TooShort(7))));
    assert!(matches!(hash_password(&"x".repeat(1025)), Err(PasswordError::TooLong(1025))));
    let longest = "é".repeat(512);
    let stored = hash_password(&longest).unwrap();
    assert!(verify_password(&longest, Some(&stored)));
    assert!(!verify_password(&format!("{longest}x"), Some(&stored)));
    assert!(hash_password("12345678").is_ok());
}
