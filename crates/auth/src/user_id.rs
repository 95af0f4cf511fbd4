//! The shape of a user id, which is what a token's `sub` must have. Whether such a user exists is the directory's to say.

/// Longest user id, in characters (all of them ASCII, so also in bytes).
pub const MAX_USER_ID_CHARS: usize = 64;

/// True for 1–64 characters of `A-Z a-z 0-9 _ -`: the rule for every id that a client may choose.
///
/// Subjects of outside identity providers that use other characters (`auth0|…`, mail addresses) are not user ids; such a
/// provider has to be told to put a plain id into `sub`.
pub fn is_user_id(text: &str) -> bool {
    (1..=MAX_USER_ID_CHARS).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_to_64_plain_characters() {
        for good in ["a", "user_1", "018f-AZ", &"x".repeat(64)] {
            assert!(is_user_id(good), "{good}");
        }
        for bad in ["", "a b", "a:b", "a@b.c", "auth0|1", "ü", "a\n", "a\0", &"x".repeat(65)] {
            assert!(!is_user_id(bad), "{bad:?}");
        }
    }
}
