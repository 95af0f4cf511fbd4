//! Which pages a browser may call from. Programs that are no browsers send no origin, and are not concerned.

use crate::cookie::session_in_cookies;

/// The origins that are allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AllowedOrigins {
    /// Pages that come from the server's own address.
    SameHost,
    /// These, written as browsers send them: `https://board.example`; and pages from the server's own address.
    Listed(Vec<String>),
    /// All. Cookies are not accepted then: every page would send them.
    Any,
}

impl AllowedOrigins {
    /// May a page of this origin call? `origin` and `host` are the headers of these names; without an origin, yes.
    pub fn allow(&self, origin: Option<&str>, host: Option<&str>) -> bool {
        let Some(origin) = origin else { return true };
        let listed = match self {
            Self::Any => return true,
            Self::SameHost => false,
            Self::Listed(list) => list.iter().any(|allowed| allowed.eq_ignore_ascii_case(origin)),
        };
        listed || same_host(origin, host)
    }

    /// The session among a request's cookies, where cookies may count at all: the page that sent them is known, and
    /// allowed. `cookies` are the values of the header of this name.
    pub fn session_cookie<'a>(
        &self,
        origin: Option<&str>,
        host: Option<&str>,
        mut cookies: impl Iterator<Item = &'a str>,
    ) -> Option<&'a str> {
        let known = *self != Self::Any && origin.is_some() && self.allow(origin, host);
        cookies.find_map(session_in_cookies).filter(|_| known)
    }
}

fn same_host(origin: &str, host: Option<&str>) -> bool {
    let authority = origin.split_once("://").map(|(_, authority)| authority);
    authority.zip(host).is_some_and(|(authority, host)| authority.eq_ignore_ascii_case(host))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(allowed: &AllowedOrigins, origin: Option<&str>, host: &str, expected: bool) {
        assert_eq!(allowed.allow(origin, Some(host)), expected, "{allowed:?} {origin:?} {host}");
    }

    #[test]
    fn foreign_origins_are_refused() {
        let listed = AllowedOrigins::Listed(vec!["https://board.example".into()]);
        check(&listed, Some("https://board.example"), "api.example", true);
        check(&listed, Some("https://board.example.evil"), "api.example", false);
        check(&listed, Some("http://board.example"), "api.example", false);
        check(&listed, Some("null"), "api.example", false);
        check(&listed, None, "api.example", true);
        check(&AllowedOrigins::SameHost, Some("http://127.0.0.1:3456"), "127.0.0.1:3456", true);
        check(&AllowedOrigins::SameHost, Some("http://127.0.0.1:9"), "127.0.0.1:3456", false);
        check(&AllowedOrigins::Any, Some("https://anywhere.example"), "api.example", true);
        assert!(!AllowedOrigins::SameHost.allow(Some("null"), None));
    }

    #[test]
    fn cookies_count_from_known_pages_alone() {
        let session = |allowed: &AllowedOrigins, origin| {
            let cookies = ["a=b; boardwire_session=s"].into_iter();
            allowed.session_cookie(origin, Some("host"), cookies).is_some()
        };
        assert!(session(&AllowedOrigins::SameHost, Some("http://host")));
        assert!(!session(&AllowedOrigins::SameHost, Some("http://evil")));
        assert!(!session(&AllowedOrigins::SameHost, None));
        assert!(!session(&AllowedOrigins::Any, Some("http://host")));
    }
}
