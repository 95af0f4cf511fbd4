//! The operator's settings for browsers.

use boardwire_auth::AllowedOrigins;

/// The operator's settings for browsers.
#[derive(Debug, Clone)]
pub struct BrowserPolicy {
    /// The origins whose pages may call.
    pub origins: AllowedOrigins,
    /// Whether cookies are sent only over HTTPS; `None` means only those that were set over HTTPS.
    pub secure_cookies: Option<bool>,
}
