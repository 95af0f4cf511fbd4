//! The cookie that carries a session in browsers: its name, and how it is found among others.

/// The name of the session cookie.
pub const SESSION_COOKIE: &str = "boardwire_session";

/// The session among the cookies of a `Cookie` header.
///
/// ```
/// assert_eq!(boardwire_auth::session_in_cookies("a=b; boardwire_session=bws_1"), Some("bws_1"));
/// assert_eq!(boardwire_auth::session_in_cookies("a=b"), None);
/// ```
pub fn session_in_cookies(header: &str) -> Option<&str> {
    let pairs = header.split(';').filter_map(|pair| pair.trim().split_once('='));
    pairs.into_iter().find_map(|(name, value)| (name == SESSION_COOKIE).then_some(value))
}
