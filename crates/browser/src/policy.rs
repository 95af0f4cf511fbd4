//! The operator's settings for browsers.

use boardwire_auth::AllowedOrigins;
use boardwire_gate::Peer;
use http::{Extensions, HeaderMap, header};

/// The operator's settings for browsers.
#[derive(Debug, Clone)]
pub struct BrowserPolicy {
    /// The origins whose pages may call.
    pub origins: AllowedOrigins,
    /// Whether cookies are sent only over HTTPS; `None` means those that were set over it.
    pub secure_cookies: Option<bool>,
}

impl BrowserPolicy {
    /// Returns whether the page that sent a request may call.
    pub(crate) fn allows(&self, headers: &HeaderMap, extensions: &Extensions) -> bool {
        let origin = headers.get(header::ORIGIN).map(|value| value.to_str().unwrap_or("null"));
        self.origins.allow(origin, extensions.get::<Peer>().and_then(Peer::origin).as_deref())
    }
}
