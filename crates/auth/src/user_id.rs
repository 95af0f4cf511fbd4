//! The form of a user id, which a token's `sub` must have. Whether such a user exists is left to the directory.

/// The length of the longest user id, in characters, which are ASCII.
pub const MAX_USER_ID_CHARS: usize = 64;

/// Returns whether a text is 1–64 characters of `A-Z a-z 0-9 _ -`, which is the rule for all ids that clients may
/// choose.
///
/// Subjects with other characters (`auth0|…`, mail addresses) are not user ids: an identity provider has to be set up
/// to put a plain id into `sub`.
pub fn is_user_id(text: &str) -> bool {
    (1..=MAX_USER_ID_CHARS).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_id_has_one_to_64_plain_characters() {
        for good in ["a", "user_1", "018f-AZ", &"x".repeat(64)] {
            assert!(is_user_id(good), "{good}");
        }
        for bad in ["", "a b", "a:b", "a@b.c", "auth0|1", "ü", "a\n", "a\0", &"x".repeat(65)] {
            assert!(!is_user_id(bad), "{bad:?}");
        }
    }
}
