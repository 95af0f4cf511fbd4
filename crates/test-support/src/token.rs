//! Credentials for tests: tokens as an external identity provider would sign them.

use std::time::Duration;

use anyhow::{Context, Result};
use jsonwebtoken::{EncodingKey, Header, encode, get_current_timestamp};
use serde_json::json;

/// The secret that test servers are started with: 40 characters, used nowhere else.
pub const JWT_SECRET: &str = "test-secret-of-exactly-forty-characters!";

/// How long a token is valid by default.
const DEFAULT_TTL: Duration = Duration::from_secs(3600);

/// Returns a token for `user` with these permissions, valid for an hour. The server creates the user if it is unknown.
///
/// # Errors
/// Signing fails.
pub fn token(user: &str, permissions: &[&str]) -> Result<String> {
    token_expiring_in(user, permissions, DEFAULT_TTL)
}

/// Returns the same token, valid for `ttl`.
///
/// # Errors
/// Signing fails.
pub fn token_expiring_in(user: &str, permissions: &[&str], ttl: Duration) -> Result<String> {
    let claims = json!({
        "sub": user,
        "name": name_of(user),
        "exp": get_current_timestamp() + ttl.as_secs(),
        "permissions": permissions,
    });
    encode(&Header::default(), &claims, &EncodingKey::from_secret(JWT_SECRET.as_bytes()))
        .context("signing a test token")
}

/// Returns the name that goes with a user id: the id with a capital first letter.
fn name_of(user: &str) -> String {
    let mut letters = user.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_secret_is_as_long_as_it_says() {
        assert_eq!(JWT_SECRET.len(), 40);
    }

    #[test]
    fn a_name_is_the_id_capitalised() {
        assert_eq!(name_of("ann"), "Ann");
    }
}
