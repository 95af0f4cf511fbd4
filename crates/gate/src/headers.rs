//! Headers that doors share: the credentials of a request, and `Cache-Control` of a stream.

use boardwire_auth::Credential;
use http::{HeaderMap, HeaderName, HeaderValue, header};

/// The header that carries an API key.
const API_KEY: HeaderName = HeaderName::from_static("x-api-key");
/// The prefix of every API key, and of no token.
const KEY_PREFIX: &str = "bwk_";

/// The `Cache-Control` of a stream of events: caches must not keep it, and proxies must not compress it.
pub const STREAM_CACHE_CONTROL: HeaderValue = HeaderValue::from_static("no-cache, no-transform");

/// Returns the credentials in `Authorization: Bearer` or, if that is absent, in `X-API-Key`. The first takes precedence
/// even if it can't be read. It may also carry an API key, for clients that can set only this header.
#[must_use]
pub fn credential(headers: &HeaderMap) -> Option<Credential> {
    let text = |name| headers.get(name).map(|value: &HeaderValue| value.to_str().unwrap_or_default());
    if let Some(value) = text(header::AUTHORIZATION) {
        let (scheme, secret) = value.split_once(' ')?;
        let secret = secret.trim().to_owned();
        return scheme.eq_ignore_ascii_case("bearer").then(|| match secret.starts_with(KEY_PREFIX) {
            true => Credential::ApiKey(secret),
            false => Credential::Token(secret),
        });
    }
    text(API_KEY).map(|key| Credential::ApiKey(key.to_owned()))
}

/// Returns whether a header carries credentials, readable or not.
#[must_use]
pub fn names_credential(headers: &HeaderMap) -> bool {
    headers.contains_key(header::AUTHORIZATION) || headers.contains_key(API_KEY)
}
