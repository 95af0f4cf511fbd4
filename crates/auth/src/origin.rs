//! The origins of pages that may call the server. A request without an origin, such as a program's, is always allowed.

/// The origins of pages that may call the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AllowedOrigins {
    /// The origin of the server's own pages.
    SameHost,
    /// These, written as browsers send them, such as `https://board.example`, and that of the server's own pages.
    Listed(Vec<String>),
    /// All. Cookies are then not accepted, because every page could use them.
    Any,
}

impl AllowedOrigins {
    /// Returns whether a page of this origin may call. `origin` is the `Origin` header; without it, the answer is yes.
    /// `own` is the origin of the server's own pages, with its scheme.
    pub fn allow(&self, origin: Option<&str>, own: Option<&str>) -> bool {
        let Some(origin) = origin else { return true };
        let listed = match self {
            Self::Any => return true,
            Self::SameHost => false,
            Self::Listed(list) => list.iter().any(|allowed| allowed.eq_ignore_ascii_case(origin)),
        };
        listed || own.is_some_and(|own| own.eq_ignore_ascii_case(origin))
    }

    /// Returns whether cookies of a request are accepted: only with an origin that is allowed.
    pub fn allow_cookies(&self, origin: Option<&str>, own: Option<&str>) -> bool {
        *self != Self::Any && origin.is_some() && self.allow(origin, own)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(allowed: &AllowedOrigins, origin: Option<&str>, own: &str, expected: bool) {
        assert_eq!(allowed.allow(origin, Some(own)), expected, "{allowed:?} {origin:?} {own}");
    }

    #[test]
    fn foreign_origins_are_refused() {
        let listed = AllowedOrigins::Listed(vec!["https://board.example".into()]);
        check(&listed, Some("https://board.example"), "http://api.example", true);
        check(&listed, Some("https://board.example.evil"), "http://api.example", false);
        check(&listed, Some("http://board.example"), "http://api.example", false);
        check(&listed, Some("null"), "http://api.example", false);
        check(&listed, None, "http://api.example", true);
        check(&AllowedOrigins::SameHost, Some("http://127.0.0.1:3456"), "http://127.0.0.1:3456", true);
        check(&AllowedOrigins::SameHost, Some("http://127.0.0.1:9"), "http://127.0.0.1:3456", false);
        check(&AllowedOrigins::SameHost, Some("https://127.0.0.1:3456"), "http://127.0.0.1:3456", false);
        check(&AllowedOrigins::Any, Some("https://anywhere.example"), "http://api.example", true);
        assert!(!AllowedOrigins::SameHost.allow(Some("null"), None));
    }

    #[test]
    fn cookies_are_accepted_only_from_pages_of_allowed_origins() {
        let session = |allowed: &AllowedOrigins, origin| allowed.allow_cookies(origin, Some("http://host"));
        assert!(session(&AllowedOrigins::SameHost, Some("http://host")));
        assert!(!session(&AllowedOrigins::SameHost, Some("http://evil")));
        assert!(!session(&AllowedOrigins::SameHost, None));
        assert!(!session(&AllowedOrigins::Any, Some("http://host")));
    }
}
