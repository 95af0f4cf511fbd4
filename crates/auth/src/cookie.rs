//! The cookies of this server: their names, their `Set-Cookie` headers, and reading them from `Cookie` headers.

/// A cookie of this server.
///
/// The name of a [`secure`](Self::name) cookie begins with `__Host-`: browsers accept such a cookie only from this host
/// and over HTTPS, so neither another host of the same domain nor somebody who intercepts HTTP can replace it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cookie {
    /// Carries a session.
    Session,
    /// Identifies a device on which a user has signed in before: [`known_device`](crate::known_device).
    Device,
}

impl Cookie {
    /// Returns its name. `secure`: whether it is sent over HTTPS only.
    pub const fn name(self, secure: bool) -> &'static str {
        match (self, secure) {
            (Self::Session, true) => "__Host-boardwire_session",
            (Self::Session, false) => "boardwire_session",
            (Self::Device, true) => "__Host-boardwire_device",
            (Self::Device, false) => "boardwire_device",
        }
    }

    /// Returns its values in the `Cookie` headers of a request, in order. There may be several: without `__Host-`,
    /// pages at other paths, ports and hosts of the domain can set a cookie of the same name.
    ///
    /// ```
    /// use boardwire_auth::Cookie;
    ///
    /// let headers = ["a=b; boardwire_session=one", "boardwire_session=two; __Host-boardwire_session=three"];
    /// assert_eq!(Cookie::Session.values(false, headers).collect::<Vec<_>>(), ["one", "two"]);
    /// assert_eq!(Cookie::Session.values(true, headers).collect::<Vec<_>>(), ["three"]);
    /// ```
    pub fn values<'a>(self, secure: bool, headers: impl IntoIterator<Item = &'a str>) -> impl Iterator<Item = &'a str> {
        let pairs = headers.into_iter().flat_map(|header| header.split(';')).filter_map(|pair| pair.split_once('='));
        pairs.filter_map(move |(name, value)| (name.trim() == self.name(secure)).then_some(value.trim()))
    }

    /// Returns the `Set-Cookie` header that sets this value for this many seconds; 0 removes the cookie. Scripts can't
    /// read it.
    pub fn set(self, secure: bool, value: &str, seconds: i64) -> String {
        let attribute = if secure { "; Secure" } else { "" };
        format!("{}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{attribute}", self.name(secure))
    }
}
