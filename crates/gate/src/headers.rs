//! Credentials in the headers of a request.

use boardwire_auth::Credential;
use http::{HeaderMap, HeaderName, header};

/// The header that carries an API key.
const API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// The credentials in `Authorization: Bearer`, or else in `X-API-Key`. What is in the first counts, also when it can't be
/// read. An API key may stand in the first too: clients that know one header alone are content with that.
#[must_use]
pub fn credential(headers: &HeaderMap) -> Option<Credential> {
    let text = |name| headers.get(name).map(|value: &http::HeaderValue| value.to_str().unwrap_or_default());
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

/// Is there a header that carries credentials, readable or not?
#[must_use]
pub fn names_credential(headers: &HeaderMap) -> bool {
    headers.contains_key(header::AUTHORIZATION) || headers.contains_key(API_KEY)
}

/// How API keys begin, and no token does.
const KEY_PREFIX: &str = "bwk_";
