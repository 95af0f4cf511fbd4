//! The page that a request comes from, as far as the doors need to know.

use std::{net::IpAddr, sync::Arc};

use boardwire_auth::{AllowedOrigins, Cookie, Credential, SecretKind};
use boardwire_gate::Peer;
use http::{Extensions, HeaderMap, HeaderName, Method, header};

use crate::BrowserPolicy;

/// The header in which a browser says how the page is related to the server.
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
/// The most sessions that are examined in one request. Each costs a look-up in storage.
const MAX_SESSIONS: usize = 8;

/// The page that a request comes from, in the extensions of every request that [`protect`](crate::protect) let through.
#[derive(Debug, Clone)]
pub struct Page {
    policy: Arc<BrowserPolicy>,
    /// The origin of the server's own pages, as this client's browser sees it.
    own_origin: Option<String>,
    /// Whether the client came over HTTPS.
    https: bool,
}

impl Page {
    pub(crate) fn of(policy: Arc<BrowserPolicy>, extensions: &Extensions) -> Self {
        let peer = extensions.get::<Peer>();
        Self { policy, own_origin: peer.and_then(Peer::origin), https: peer.is_some_and(|peer| peer.https) }
    }

    /// Returns whether the page may call.
    pub(crate) fn may_call(&self, headers: &HeaderMap) -> bool {
        self.policy.origins.allow(text(headers, header::ORIGIN), self.own_origin.as_deref())
    }

    /// Returns whether this client's cookies are sent only over HTTPS.
    #[must_use]
    pub fn secure_cookies(&self) -> bool {
        self.policy.secure_cookies.unwrap_or(self.https)
    }

    /// Returns the sessions in the cookies of a handshake, for which browsers always name the origin: at most 8 that
    /// have the form of a session, if cookies are accepted from its page.
    #[must_use]
    pub fn handshake_sessions(&self, headers: &HeaderMap) -> Vec<Credential> {
        self.sessions_from(text(headers, header::ORIGIN), headers)
    }

    /// Returns the sessions in the cookies of a request, if cookies are accepted from its page. A browser names no
    /// origin when one of our own pages only reads. It names one with every change, and also says how the page is
    /// related to us; so a request with neither comes from a program, whose user chose to send the cookie.
    #[must_use]
    pub fn sessions(&self, method: &Method, headers: &HeaderMap) -> Vec<Credential> {
        let is_own_page_or_program = match text(headers, FETCH_SITE) {
            None => true,
            Some(site) => matches!(*method, Method::GET | Method::HEAD) && matches!(site, "same-origin" | "none"),
        };
        let own = self.own_origin.as_deref().filter(|_| is_own_page_or_program);
        self.sessions_from(text(headers, header::ORIGIN).or(own), headers)
    }

    /// Returns whether a request has a session cookie, accepted or not.
    #[must_use]
    pub fn has_session(&self, headers: &HeaderMap) -> bool {
        self.session_cookies(headers).next().is_some()
    }

    fn sessions_from(&self, origin: Option<&str>, headers: &HeaderMap) -> Vec<Credential> {
        match self.policy.origins.allow_cookies(origin, self.own_origin.as_deref()) {
            true => self.session_cookies(headers).take(MAX_SESSIONS).collect(),
            false => Vec::new(),
        }
    }

    fn session_cookies<'a>(&self, headers: &'a HeaderMap) -> impl Iterator<Item = Credential> + use<'a> {
        let values = Cookie::Session.values(self.secure_cookies(), cookies(headers));
        let sessions = values.filter(|value| SecretKind::Session.parse(value).is_some());
        sessions.map(|value| Credential::Session(value.to_owned()))
    }

    /// Returns whether a request's host can't have been pointed at the server by a page (DNS rebinding): the request
    /// names no origin, as with programs, or the host is an address, this machine, or that of an allowed origin.
    #[must_use]
    pub fn has_known_host(&self, headers: &HeaderMap) -> bool {
        let host = self.own_origin.as_deref().and_then(|own| own.split_once("://")).map(|(_, host)| host);
        !headers.contains_key(header::ORIGIN) || host.is_some_and(|host| is_known_host(&self.policy.origins, host))
    }
}

/// Returns the `Cookie` headers of a request.
pub fn cookies(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok())
}

/// Returns a header as text. One that is not text counts as `null`, the origin of pages that have none.
fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name).map(|value| value.to_str().unwrap_or("null"))
}

/// Returns whether no page can have pointed this host at the server.
fn is_known_host(origins: &AllowedOrigins, host: &str) -> bool {
    let name = host_name(host);
    let listed = match origins {
        AllowedOrigins::Any => true,
        AllowedOrigins::SameHost => false,
        AllowedOrigins::Listed(list) => list.iter().any(|origin| {
            origin.split_once("://").is_some_and(|(_, authority)| host_name(authority).eq_ignore_ascii_case(name))
        }),
    };
    listed || name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok()
}

/// Returns a host without its port.
fn host_name(authority: &str) -> &str {
    if let Some(rest) = authority.strip_prefix('[') {
        return rest.split_once(']').map_or(rest, |(name, _)| name);
    }
    authority.rsplit_once(':').map_or(authority, |(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(origins: &AllowedOrigins, host: &str) -> Page {
        let policy = BrowserPolicy { origins: origins.clone(), secure_cookies: None };
        Page { policy: Arc::new(policy), own_origin: Some(format!("http://{host}")), https: false }
    }

    fn check(origins: &AllowedOrigins, origin: Option<&'static str>, host: &str, expected: bool) {
        let headers = origin.map(|origin| (header::ORIGIN, http::HeaderValue::from_static(origin)));
        let (page, headers) = (page(origins, host), headers.into_iter().collect());
        let allowed = origins.allow(origin, page.own_origin.as_deref()) && page.has_known_host(&headers);
        assert_eq!(allowed, expected, "{origins:?} {origin:?} {host}");
    }

    #[test]
    fn a_page_cannot_call_under_its_own_host_name() {
        let own = AllowedOrigins::SameHost;
        check(&own, Some("http://evil.example:3456"), "evil.example:3456", false);
        check(&own, Some("http://evil.example"), "127.0.0.1:3456", false);
        check(&own, Some("http://localhost:3456"), "localhost:3456", true);
        check(&own, Some("http://[::1]:3456"), "[::1]:3456", true);
        check(&own, None, "board.example", true);
        let listed = AllowedOrigins::Listed(vec!["https://board.example".into()]);
        check(&listed, Some("https://board.example"), "board.example", true);
        check(&listed, Some("http://evil.example"), "evil.example", false);
        check(&AllowedOrigins::Any, Some("http://any.example"), "board.example", true);
    }
}
