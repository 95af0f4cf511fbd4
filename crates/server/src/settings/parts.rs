//! What each part of the server gets from the settings.

use std::time::Duration;

use boardwire_auth::{AllowedOrigins, SessionPolicy};
use boardwire_browser::BrowserPolicy;
use boardwire_gate::{ConnectionLimits, Proxies};
use boardwire_rate_limit::{Quota, Weights};
use boardwire_services::Addable;

use super::{AddableMembers, ServeSettings};

impl ServeSettings {
    /// Returns the origins whose pages may call.
    fn origins(&self) -> AllowedOrigins {
        let listed: Vec<_> = self.client_url.iter().filter(|origin| !origin.is_empty()).cloned().collect();
        match listed.as_slice() {
            [] => AllowedOrigins::SameHost,
            list if list.iter().any(|origin| origin == "*") => AllowedOrigins::Any,
            list => AllowedOrigins::Listed(list.to_vec()),
        }
    }

    /// Returns the rate limit for the commands of one user.
    pub(crate) fn commands(&self) -> Quota {
        Quota {
            window: Duration::from_millis(self.rate_limit_window_ms),
            max_requests: self.rate_limit_max_requests,
            burst_window: Duration::from_secs(1),
            burst: self.rate_limit_burst,
        }
    }

    /// Returns the weights of commands, by group.
    pub(crate) fn weights(&self) -> Weights {
        Weights::from([
            ("change", self.rate_limit_change_weight),
            ("query", self.rate_limit_query_weight),
            ("session", self.rate_limit_session_weight),
        ])
    }

    /// Returns how long sessions last.
    pub(crate) fn sessions(&self) -> SessionPolicy {
        SessionPolicy { idle: self.session_idle, absolute: self.session_ttl }
    }

    /// Returns whether others can reach the server while no setting says whether browsers use HTTPS. Session cookies
    /// are then for HTTPS only, and browsers drop them from pages over plain HTTP.
    pub(crate) fn lacks_https(&self) -> bool {
        let has_https = self.client_url.iter().any(|origin| origin.starts_with("https://"));
        self.secure_cookies.is_none() && !self.listen.ip().is_loopback() && !has_https && !self.has_proxy()
    }

    /// Returns whether clients come through a proxy.
    pub(crate) fn has_proxy(&self) -> bool {
        self.trusted_proxies != Proxies::default()
    }

    /// Returns whom owners may add to their boards.
    pub(crate) fn addable(&self) -> Addable {
        match self.addable_members {
            Some(AddableMembers::Anybody) => Addable::Anybody,
            Some(AddableMembers::Acquaintances) => Addable::Acquaintances,
            None if self.listen.ip().is_loopback() && !self.has_proxy() => Addable::Anybody,
            None => Addable::Acquaintances,
        }
    }

    /// Returns whether cookies are sent only over HTTPS; `None` means only those that were set over HTTPS.
    fn secure_cookies(&self) -> Option<bool> {
        self.secure_cookies.or((!self.listen.ip().is_loopback()).then_some(true))
    }

    /// Returns the settings of the HTTP door.
    pub(crate) fn http(&self) -> boardwire_http::Settings {
        boardwire_http::Settings {
            sessions: self.sessions(),
            max_attachment_size: self.max_attachment_size,
            quotas: boardwire_http::Quotas {
                per_user: self.attachment_quota_per_user,
                in_all: self.attachment_quota,
                min_free: self.min_free_disk,
            },
        }
    }

    /// Returns the operator's policy for browsers.
    pub(crate) fn browser_policy(&self) -> BrowserPolicy {
        BrowserPolicy { origins: self.origins(), secure_cookies: self.secure_cookies() }
    }

    /// Returns the settings of the MCP door.
    pub(crate) fn mcp(&self) -> boardwire_mcp::Settings {
        boardwire_mcp::Settings { max_sessions: self.max_mcp_sessions, session_idle: self.mcp_session_idle }
    }

    /// Returns the limit for the views, presence and typing commands of one user.
    pub(crate) fn activity(&self) -> Quota {
        let (ten_seconds, activity) = (Duration::from_secs(10), self.activity_limit_max_requests);
        Quota { window: ten_seconds, max_requests: activity, burst_window: ten_seconds, burst: activity }
    }

    /// Returns how many connections there may be.
    pub(crate) fn connection_limits(&self) -> ConnectionLimits {
        ConnectionLimits {
            in_all: self.max_connections,
            per_user: self.max_connections_per_user,
            per_address: self.max_connections_per_address,
        }
    }

    /// Returns the settings of the socket door.
    pub(crate) fn gateway(&self) -> boardwire_handlers::Settings {
        boardwire_handlers::Settings {
            ping_interval: Duration::from_millis(self.ping_interval_ms),
            ping_timeout: Duration::from_millis(self.ping_timeout_ms),
            connect_timeout: Duration::from_millis(self.connect_timeout_ms),
            max_payload: self.max_payload,
            max_subscriptions: self.max_subscriptions,
        }
    }
}
