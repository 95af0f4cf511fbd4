//! The credentials that callers present. Finding them in headers, cookies or a handshake is left to the user of this
//! crate.

use std::fmt;

/// A credential as presented. It is secret: `Debug` shows its kind only, so that it can't get into a log.
#[derive(Clone, PartialEq, Eq)]
pub enum Credential {
    /// A JWT in compact form, without the word `Bearer`.
    Token(String),
    /// A complete API key, such as `bwk_…`.
    ApiKey(String),
    /// A complete session credential, such as `bws_…`, from a cookie or a handshake.
    Session(String),
}

impl Credential {
    /// Returns the kind, as a stable word for logs and metrics: `token`, `api_key` or `session`.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Token(_) => "token",
            Self::ApiKey(_) => "api_key",
            Self::Session(_) => "session",
        }
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Self::Token(_) => "Token",
            Self::ApiKey(_) => "ApiKey",
            Self::Session(_) => "Session",
        };
        f.debug_tuple(name).field(&format_args!("[redacted]")).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_hides_the_secret() {
        let secret = || "s3cret".to_owned();
        for credential in [Credential::Token(secret()), Credential::ApiKey(secret()), Credential::Session(secret())] {
            let shown = format!("{credential:?} {credential:#?}");
            assert!(!shown.contains("s3cret") && shown.contains("[redacted]"), "{shown}");
        }
    }
}
