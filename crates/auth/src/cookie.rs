//! The cookies that browsers keep for this server: their names, how they are set, and how they are found among others.

/// A cookie of this server.
///
/// Where it is [`secure`](Self::name), its name begins with `__Host-`: browsers take such a cookie from this host over
/// HTTPS alone, so neither another host of the same domain nor somebody on the line can put one in its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cookie {
    /// Carries a session.
    Session,
    /// Tells a device again on which somebody has signed in: [`known_device`](crate::known_device).
    Device,
}

impl Cookie {
    /// Its name, where cookies are sent over HTTPS alone (`secure`) or over HTTP too.
    pub const fn name(self, secure: bool) -> &'static str {
        match (self, secure) {
            (Self::Session, true) => "__Host-boardwire_session",
            (Self::Session, false) => "boardwire_session",
            (Self::Device, true) => "__Host-boardwire_device",
            (Self::Device, false) => "boardwire_device",
        }
    }

    /// Its values in the `Cookie` headers of a request, in their order. There may be several: what is not `__Host-` can
    /// also come from a page of another path, port or host of the same domain.
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

    /// The `Set-Cookie` header that keeps this value for so many seconds; 0 removes it. No script can read it.
    pub fn set(self, secure: bool, value: &str, seconds: i64) -> String {
        let attribute = if secure { "; Secure" } else { "" };
        format!("{}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{attribute}", self.name(secure))
    }
}
