//! Every setting, with its flag, its variable and its default, in one place.

use std::{net::SocketAddr, num::NonZeroU32, path::PathBuf, time::Duration};

use boardwire_auth::{AllowedOrigins, Permissions, SessionPolicy};
use boardwire_browser::BrowserPolicy;
use boardwire_gate::{ConnectionLimits, Proxies};
use boardwire_rate_limit::{Quota, Weights};
use boardwire_services::Addable;
use clap::{ArgAction, Args, ValueEnum};

use crate::values;

/// Where boards are kept when nothing else is said.
pub(crate) const DEFAULT_DATABASE_URL: &str = "sqlite://boardwire.db";

/// Where boards are kept.
#[derive(Debug, Clone, Args)]
pub(crate) struct StoreSettings {
    /// The database: sqlite://FILE, or postgres://…
    #[arg(long, env = "BOARDWIRE_DATABASE_URL", default_value = DEFAULT_DATABASE_URL, hide_env_values = true)]
    pub(crate) database_url: String,
    /// The configuration file [default: boardwire.toml, if it is there].
    #[arg(long, env = "BOARDWIRE_CONFIG", value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

/// Who may call.
#[derive(Debug, Clone, Args)]
pub(crate) struct AuthSettings {
    /// The secret that tokens are signed with (HS256), at least 32 characters. Without it and without public keys, a
    /// server on SQLite makes one and keeps it beside the database, for use on this machine alone.
    #[arg(long, env = "BOARDWIRE_JWT_SECRET", hide_env_values = true)]
    pub(crate) jwt_secret: Option<String>,
    /// Public keys in PEM files that tokens are checked with (RS256, ES256, EdDSA), separated by commas. Where tokens name
    /// their key with `kid`: KID=FILE.
    #[arg(long, env = "BOARDWIRE_JWT_PUBLIC_KEYS", value_name = "FILES", value_delimiter = ',')]
    pub(crate) jwt_public_keys: Vec<String>,
    /// A file with a JSON Web Key Set; tokens name their key with `kid`.
    #[arg(long, env = "BOARDWIRE_JWT_JWKS", value_name = "FILE")]
    pub(crate) jwt_jwks: Option<PathBuf>,
    /// The issuer that tokens must come from.
    #[arg(long, env = "BOARDWIRE_JWT_ISSUER")]
    pub(crate) jwt_issuer: Option<String>,
    /// The audience that tokens must be meant for.
    #[arg(long, env = "BOARDWIRE_JWT_AUDIENCE")]
    pub(crate) jwt_audience: Option<String>,
}

/// What the server writes to standard error.
#[derive(Debug, Clone, Args)]
pub(crate) struct TelemetrySettings {
    /// What to log: a level, or filters such as info,boardwire_handlers=debug.
    #[arg(long, env = "BOARDWIRE_LOG", default_value = "info", help_heading = "Logging")]
    pub(crate) log: String,
    /// How to write it.
    #[arg(long, env = "BOARDWIRE_LOG_FORMAT", default_value = "console", help_heading = "Logging")]
    pub(crate) log_format: LogFormat,
}

/// How log lines are written.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people.
    Console,
    /// One JSON object a line.
    Json,
}

/// Whom owners may add to their boards.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum AddableMembers {
    /// Every user.
    Anybody,
    /// Users with whom they share a team or another board.
    Acquaintances,
}

/// Everything that a server needs.
#[derive(Debug, Clone, Args)]
pub(crate) struct ServeSettings {
    /// The address to listen on: an IP address or a name, and a port.
    #[arg(long, env = "BOARDWIRE_LISTEN", value_name = "ADDRESS:PORT", default_value = "127.0.0.1:3456")]
    #[arg(value_parser = values::listen_address)]
    pub(crate) listen: SocketAddr,
    #[command(flatten)]
    pub(crate) store: StoreSettings,
    #[command(flatten)]
    pub(crate) auth: AuthSettings,
    /// The origins that browsers may connect from, separated by commas, such as `https://board.example`; `*` allows all.
    /// Pages of the server's own address always may.
    #[arg(long, env = "BOARDWIRE_CLIENT_URL", value_delimiter = ',', value_parser = values::origin)]
    pub(crate) client_url: Vec<String>,
    /// The proxies in front of the server, as addresses and networks, separated by commas, such as 127.0.0.1,10.0.0.0/8.
    /// What they say of clients in `Forwarded`, or in `X-Forwarded-For`, `-Proto` and `-Host`, is believed; nobody else is.
    #[arg(long, env = "BOARDWIRE_TRUSTED_PROXIES", default_value = "", hide_default_value = true)]
    #[arg(value_name = "NETWORKS")]
    pub(crate) trusted_proxies: Proxies,
    /// Whether a valid token of an unknown user creates that user.
    #[arg(long, env = "BOARDWIRE_PROVISION_USERS", default_value_t = true, action = ArgAction::Set)]
    pub(crate) provision_users: bool,
    /// What a user may do who was created by a token.
    #[arg(long, env = "BOARDWIRE_PROVISION_PERMISSIONS", default_value = "read,write")]
    pub(crate) provision_permissions: Permissions,

    /// Where attachments are kept: a folder, or a URL such as s3://BUCKET (a program built with that feature) [default:
    /// a folder beside the database].
    #[arg(long, env = "BOARDWIRE_ATTACHMENTS", value_name = "FOLDER|URL")]
    pub(crate) attachments: Option<String>,
    /// How long a session lasts that is not used, such as 7d.
    #[arg(long, env = "BOARDWIRE_SESSION_IDLE", default_value = "7d", value_parser = values::ttl)]
    pub(crate) session_idle: Duration,
    /// How long a session lasts at most, such as 30d.
    #[arg(long, env = "BOARDWIRE_SESSION_TTL", default_value = "30d", value_parser = values::ttl)]
    pub(crate) session_ttl: Duration,
    /// Whom the owners of a board may make members of it: anybody, or acquaintances, with whom they share a team or another
    /// board; for others there is no such user then. Admins may add anybody. [default: acquaintances, unless the server
    /// listens on this machine alone and trusts no proxy]
    #[arg(long, env = "BOARDWIRE_ADDABLE_MEMBERS", value_name = "WHO")]
    pub(crate) addable_members: Option<AddableMembers>,
    /// Whether session cookies are sent over HTTPS alone [default: yes, unless the server listens on this
    /// machine alone: there those that came over HTTPS through a proxy]. With `false` people can sign in with a
    /// password over plain HTTP: for a trusted network.
    #[arg(long, env = "BOARDWIRE_SECURE_COOKIES", value_name = "BOOL")]
    pub(crate) secure_cookies: Option<bool>,

    /// The length of the window in which commands are counted, in milliseconds.
    #[arg(long, env = "BOARDWIRE_RATE_LIMIT_WINDOW_MS", default_value_t = 60_000, help_heading = "Limits")]
    #[arg(value_parser = values::positive::<u64>)]
    pub(crate) rate_limit_window_ms: u64,
    /// Commands of one user in any such window.
    #[arg(long, env = "BOARDWIRE_RATE_LIMIT_MAX_REQUESTS", default_value_t = 100, help_heading = "Limits")]
    #[arg(value_parser = values::positive::<u32>)]
    pub(crate) rate_limit_max_requests: u32,
    /// Commands of one user in any second.
    #[arg(long, env = "BOARDWIRE_RATE_LIMIT_BURST", default_value_t = 10, help_heading = "Limits")]
    #[arg(value_parser = values::positive::<u32>)]
    pub(crate) rate_limit_burst: u32,
    /// How many commands one that changes something counts as; no more than the burst.
    #[arg(long, env = "BOARDWIRE_RATE_LIMIT_CHANGE_WEIGHT", default_value_t = 1, help_heading = "Limits")]
    pub(crate) rate_limit_change_weight: u32,
    /// How many commands one that reads counts as.
    #[arg(long, env = "BOARDWIRE_RATE_LIMIT_QUERY_WEIGHT", default_value_t = 1, help_heading = "Limits")]
    pub(crate) rate_limit_query_weight: u32,
    /// How many commands one that concerns the connection itself counts as.
    #[arg(long, env = "BOARDWIRE_RATE_LIMIT_SESSION_WEIGHT", default_value_t = 1, help_heading = "Limits")]
    pub(crate) rate_limit_session_weight: u32,
    /// Views, presence and typing of one user in any ten seconds.
    #[arg(long, env = "BOARDWIRE_ACTIVITY_LIMIT_MAX_REQUESTS", default_value_t = 60, help_heading = "Limits")]
    #[arg(value_parser = values::positive::<u32>)]
    pub(crate) activity_limit_max_requests: u32,
    /// The largest message, in bytes, at least 1024.
    #[arg(long, env = "BOARDWIRE_MAX_PAYLOAD", default_value_t = 65_536, help_heading = "Limits")]
    #[arg(value_parser = values::payload_size)]
    pub(crate) max_payload: u64,
    /// The largest attachment, in bytes.
    #[arg(long, env = "BOARDWIRE_MAX_ATTACHMENT_SIZE", default_value_t = 26_214_400, help_heading = "Limits")]
    #[arg(value_parser = values::positive::<u64>)]
    pub(crate) max_attachment_size: u64,
    /// Tasks on one board.
    #[arg(long, env = "BOARDWIRE_MAX_TASKS_PER_BOARD", default_value_t = 20_000, help_heading = "Limits")]
    #[arg(value_parser = values::positive::<u32>)]
    pub(crate) max_tasks_per_board: u32,
    /// What the attachments of one user may hold, in bytes; 0: without a limit.
    #[arg(long, env = "BOARDWIRE_ATTACHMENT_QUOTA_PER_USER", default_value_t = 1 << 30, help_heading = "Limits")]
    pub(crate) attachment_quota_per_user: u64,
    /// What all attachments together may hold, in bytes; 0: without a limit.
    #[arg(long, env = "BOARDWIRE_ATTACHMENT_QUOTA", default_value_t = 20 << 30, help_heading = "Limits")]
    pub(crate) attachment_quota: u64,
    /// How many percent of a disk with attachments or the database stay free: while there is less, uploads are refused.
    #[arg(long, env = "BOARDWIRE_MIN_FREE_DISK", value_name = "PERCENT", default_value_t = 5, help_heading = "Limits")]
    #[arg(value_parser = clap::value_parser!(u8).range(..100))]
    pub(crate) min_free_disk: u8,
    /// Subscriptions of one connection.
    #[arg(long, env = "BOARDWIRE_MAX_SUBSCRIPTIONS", default_value_t = 128, help_heading = "Limits")]
    #[arg(value_parser = values::positive::<u32>)]
    pub(crate) max_subscriptions: u32,
    /// Connections in all.
    #[arg(long, env = "BOARDWIRE_MAX_CONNECTIONS", default_value_t = 20_000, help_heading = "Limits")]
    #[arg(value_parser = values::positive::<usize>)]
    pub(crate) max_connections: usize,
    /// Connections of one user.
    #[arg(long, env = "BOARDWIRE_MAX_CONNECTIONS_PER_USER", default_value_t = 256, help_heading = "Limits")]
    #[arg(value_parser = values::positive::<usize>)]
    pub(crate) max_connections_per_user: usize,
    /// Connections of one address.
    #[arg(long, env = "BOARDWIRE_MAX_CONNECTIONS_PER_ADDRESS", default_value_t = 10_000, help_heading = "Limits")]
    #[arg(value_parser = values::positive::<usize>)]
    pub(crate) max_connections_per_address: usize,
    /// Sessions of agents over MCP in all. Clients of the revision 2026-07-28 need none.
    #[arg(long, env = "BOARDWIRE_MAX_MCP_SESSIONS", default_value_t = 1000, help_heading = "Limits")]
    #[arg(value_parser = values::positive::<usize>)]
    pub(crate) max_mcp_sessions: usize,
    /// How long such a session lasts in which nothing is asked, such as 1h.
    #[arg(long, env = "BOARDWIRE_MCP_SESSION_IDLE", default_value = "1h", value_parser = values::ttl, help_heading = "Limits")]
    pub(crate) mcp_session_idle: Duration,
    /// Handshakes of one address in a minute.
    #[arg(long, env = "BOARDWIRE_HANDSHAKES_PER_MINUTE", default_value = "12000", help_heading = "Limits")]
    pub(crate) handshakes_per_minute: NonZeroU32,
    /// Logins of one address in a minute, right or wrong; further ones wait. Known devices are not counted.
    #[arg(long, env = "BOARDWIRE_LOGINS_PER_MINUTE", default_value = "60", help_heading = "Limits")]
    pub(crate) logins_per_minute: NonZeroU32,
    /// Wrong passwords for one account from one address, or from one known device, in any 15 minutes, after which each
    /// further attempt has to wait: 1 second, then twice as long each time, at most 30.
    #[arg(long, env = "BOARDWIRE_FAILED_LOGINS", default_value_t = 5, help_heading = "Limits")]
    #[arg(value_parser = values::positive::<u32>)]
    pub(crate) failed_logins: u32,
    /// Failed handshakes of one address in a minute.
    #[arg(long, env = "BOARDWIRE_FAILED_HANDSHAKES_PER_MINUTE", default_value = "60", help_heading = "Limits")]
    pub(crate) failed_handshakes_per_minute: NonZeroU32,

    /// How often a client is asked for a sign of life, in milliseconds.
    #[arg(long, env = "BOARDWIRE_PING_INTERVAL_MS", default_value_t = 25_000, help_heading = "Timing")]
    #[arg(value_parser = values::positive::<u64>)]
    pub(crate) ping_interval_ms: u64,
    /// How long it may take to give one, in milliseconds.
    #[arg(long, env = "BOARDWIRE_PING_TIMEOUT_MS", default_value_t = 60_000, help_heading = "Timing")]
    #[arg(value_parser = values::positive::<u64>)]
    pub(crate) ping_timeout_ms: u64,
    /// How long a connection may take to authenticate, in milliseconds.
    #[arg(long, env = "BOARDWIRE_CONNECT_TIMEOUT_MS", default_value_t = 10_000, help_heading = "Timing")]
    #[arg(value_parser = values::positive::<u64>)]
    pub(crate) connect_timeout_ms: u64,
    /// How long connections may take to close on shutdown, in milliseconds.
    #[arg(long, env = "BOARDWIRE_DRAIN_TIMEOUT_MS", default_value_t = 5_000, help_heading = "Timing")]
    pub(crate) drain_timeout_ms: u64,
    /// How many days events stay in the boards' logs; 0: for ever. Clients that were away longer take a fresh snapshot.
    #[arg(long, env = "BOARDWIRE_EVENT_RETENTION_DAYS", default_value_t = 90, help_heading = "Timing")]
    pub(crate) event_retention_days: u32,
}

impl ServeSettings {
    pub(crate) fn origins(&self) -> AllowedOrigins {
        let listed: Vec<_> = self.client_url.iter().filter(|origin| !origin.is_empty()).cloned().collect();
        match listed.as_slice() {
            [] => AllowedOrigins::SameHost,
            list if list.iter().any(|origin| origin == "*") => AllowedOrigins::Any,
            list => AllowedOrigins::Listed(list.to_vec()),
        }
    }

    /// Commands of one user.
    pub(crate) fn commands(&self) -> Quota {
        Quota {
            window: Duration::from_millis(self.rate_limit_window_ms),
            max_requests: self.rate_limit_max_requests,
            burst_window: Duration::from_secs(1),
            burst: self.rate_limit_burst,
        }
    }

    /// What a command counts as, by its class.
    pub(crate) fn weights(&self) -> Weights {
        Weights::from([
            ("change", self.rate_limit_change_weight),
            ("query", self.rate_limit_query_weight),
            ("session", self.rate_limit_session_weight),
        ])
    }

    /// How long sessions last.
    pub(crate) fn sessions(&self) -> SessionPolicy {
        SessionPolicy { idle: self.session_idle, absolute: self.session_ttl }
    }

    /// Whether nobody has said how browsers reach a server that others can reach: its session cookies are for HTTPS alone
    /// then, and browsers drop them from pages over plain HTTP.
    pub(crate) fn needs_https_untold(&self) -> bool {
        let has_https = self.client_url.iter().any(|origin| origin.starts_with("https://"));
        self.secure_cookies.is_none() && !self.listen.ip().is_loopback() && !has_https && !self.has_proxy()
    }

    /// Whether others come by way of a proxy.
    pub(crate) fn has_proxy(&self) -> bool {
        self.trusted_proxies != Proxies::default()
    }

    /// Whom owners may add to their boards.
    pub(crate) fn addable(&self) -> Addable {
        match self.addable_members {
            Some(AddableMembers::Anybody) => Addable::Anybody,
            Some(AddableMembers::Acquaintances) => Addable::Acquaintances,
            None if self.listen.ip().is_loopback() && !self.has_proxy() => Addable::Anybody,
            None => Addable::Acquaintances,
        }
    }

    /// Whether cookies are sent over HTTPS alone; `None`: those that were set over it.
    fn secure_cookies(&self) -> Option<bool> {
        self.secure_cookies.or((!self.listen.ip().is_loopback()).then_some(true))
    }

    /// What the HTTP door accepts.
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

    /// Which pages of browsers may call, and whose cookies count.
    pub(crate) fn browser_policy(&self) -> BrowserPolicy {
        BrowserPolicy { origins: self.origins(), secure_cookies: self.secure_cookies() }
    }

    /// What the MCP door accepts.
    pub(crate) fn mcp(&self) -> boardwire_mcp::Settings {
        boardwire_mcp::Settings { max_sessions: self.max_mcp_sessions, session_idle: self.mcp_session_idle }
    }

    /// Views, presence and typing of one user.
    pub(crate) fn activity(&self) -> Quota {
        let (ten_seconds, activity) = (Duration::from_secs(10), self.activity_limit_max_requests);
        Quota { window: ten_seconds, max_requests: activity, burst_window: ten_seconds, burst: activity }
    }

    /// How many may be connected.
    pub(crate) fn connection_limits(&self) -> ConnectionLimits {
        ConnectionLimits {
            in_all: self.max_connections,
            per_user: self.max_connections_per_user,
            per_address: self.max_connections_per_address,
        }
    }

    /// The limits of the socket door.
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

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Program {
        #[command(flatten)]
        settings: ServeSettings,
    }

    fn accepts(argument: &str) -> bool {
        Program::try_parse_from(["test", argument]).is_ok()
    }

    #[test]
    fn limits_that_allow_nothing_are_refused() {
        for flag in [
            "rate-limit-window-ms",
            "rate-limit-max-requests",
            "rate-limit-burst",
            "activity-limit-max-requests",
            "max-tasks-per-board",
            "max-subscriptions",
            "max-connections",
            "max-connections-per-user",
            "max-connections-per-address",
            "max-mcp-sessions",
            "handshakes-per-minute",
            "failed-handshakes-per-minute",
            "ping-interval-ms",
            "ping-timeout-ms",
            "connect-timeout-ms",
        ] {
            assert!(!accepts(&format!("--{flag}=0")), "{flag}");
            assert!(accepts(&format!("--{flag}=1")), "{flag}");
        }
        assert!(!accepts("--max-payload=1023") && accepts("--max-payload=1024"));
        assert!(accepts("--min-free-disk=0") && accepts("--min-free-disk=99") && !accepts("--min-free-disk=100"));
        assert!(accepts("--attachment-quota=0") && accepts("--attachment-quota-per-user=0"));
        assert!(accepts("--drain-timeout-ms=0") && accepts("--event-retention-days=0"));
    }

    #[test]
    fn a_server_that_others_reach_without_a_word_of_https_is_told_of() {
        let told = |arguments: &[&str]| {
            let arguments = std::iter::once("test").chain(arguments.iter().copied());
            Program::try_parse_from(arguments).unwrap().settings.needs_https_untold()
        };
        assert!(told(&["--listen=0.0.0.0:3456"]));
        assert!(told(&["--listen=192.0.2.1:3456", "--client-url=http://board.example"]));
        assert!(!told(&["--listen=127.0.0.1:3456"]));
        assert!(!told(&["--listen=0.0.0.0:3456", "--client-url=https://board.example"]));
        assert!(!told(&["--listen=0.0.0.0:3456", "--trusted-proxies=192.0.2.7"]));
        assert!(!told(&["--listen=0.0.0.0:3456", "--secure-cookies=false"]));
        assert!(!told(&["--listen=0.0.0.0:3456", "--secure-cookies=true"]));
    }

    #[test]
    fn each_origin_of_the_list_is_checked() {
        let settings = Program::try_parse_from(["test", "--client-url=https://a.example/,https://b.example:8443"]);
        assert_eq!(settings.unwrap().settings.client_url, ["https://a.example", "https://b.example:8443"]);
        assert!(!accepts("--client-url=https://a.example,https://b.example/app"));
    }
}
