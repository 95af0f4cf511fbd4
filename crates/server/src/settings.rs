//! All settings, each with its flag, its variable and its default.

mod parts;

use std::{net::SocketAddr, num::NonZeroU32, path::PathBuf, time::Duration};

use boardwire_auth::Permissions;
use boardwire_gate::Proxies;
use clap::{ArgAction, Args, ValueEnum};

use crate::values;

/// The default database.
pub(crate) const DEFAULT_DATABASE_URL: &str = "sqlite://boardwire.db";

/// The settings of the database.
#[derive(Debug, Clone, Args)]
pub(crate) struct StoreSettings {
    /// The database: sqlite://FILE, or postgres://…
    #[arg(long, env = "BOARDWIRE_DATABASE_URL", default_value = DEFAULT_DATABASE_URL, hide_env_values = true)]
    pub(crate) database_url: String,
    /// The configuration file [default: boardwire.toml, if it exists].
    #[arg(long, env = "BOARDWIRE_CONFIG", value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

/// The settings of authentication by tokens.
#[derive(Debug, Clone, Args)]
pub(crate) struct AuthSettings {
    /// The secret that tokens are signed with (HS256), at least 32 characters. Without a secret or public keys, a
    /// server on SQLite creates one beside the database, which suffices only while it listens on this machine.
    #[arg(long, env = "BOARDWIRE_JWT_SECRET", hide_env_values = true)]
    pub(crate) jwt_secret: Option<String>,
    /// PEM files with the public keys that tokens are verified with (RS256, ES256, EdDSA), separated by commas. If
    /// tokens name their key with `kid`, write KID=FILE.
    #[arg(long, env = "BOARDWIRE_JWT_PUBLIC_KEYS", value_name = "FILES", value_delimiter = ',')]
    pub(crate) jwt_public_keys: Vec<String>,
    /// A file with a JSON Web Key Set; tokens name their key with `kid`.
    #[arg(long, env = "BOARDWIRE_JWT_JWKS", value_name = "FILE")]
    pub(crate) jwt_jwks: Option<PathBuf>,
    /// The issuer that tokens must name.
    #[arg(long, env = "BOARDWIRE_JWT_ISSUER")]
    pub(crate) jwt_issuer: Option<String>,
    /// The audience that tokens must name.
    #[arg(long, env = "BOARDWIRE_JWT_AUDIENCE")]
    pub(crate) jwt_audience: Option<String>,
}

/// The settings of the log, which goes to standard error.
#[derive(Debug, Clone, Args)]
pub(crate) struct TelemetrySettings {
    /// What to log: a level, or filters such as info,boardwire_handlers=debug.
    #[arg(long, env = "BOARDWIRE_LOG", default_value = "info", help_heading = "Logging")]
    pub(crate) log: String,
    /// The format of log lines.
    #[arg(long, env = "BOARDWIRE_LOG_FORMAT", default_value = "console", help_heading = "Logging")]
    pub(crate) log_format: LogFormat,
}

/// The format of log lines.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum LogFormat {
    /// Readable text.
    Console,
    /// One JSON object per line.
    Json,
}

/// The users whom owners may add to their boards.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum AddableMembers {
    /// Every user.
    Anybody,
    /// Users with whom they share a team or another board.
    Acquaintances,
}

/// All settings of a server.
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
    /// The origins that browsers may connect from, separated by commas, such as `https://board.example`; `*` allows
    /// all. Pages from the server's own address are always allowed.
    #[arg(long, env = "BOARDWIRE_CLIENT_URL", value_delimiter = ',', value_parser = values::origin)]
    pub(crate) client_url: Vec<String>,
    /// The proxies in front of the server, as addresses and networks, separated by commas, such as
    /// 127.0.0.1,10.0.0.0/8. Only their `Forwarded` header, or `X-Forwarded-For`, `-Proto` and `-Host`, is trusted.
    #[arg(long, env = "BOARDWIRE_TRUSTED_PROXIES", default_value = "", hide_default_value = true)]
    #[arg(value_name = "NETWORKS")]
    pub(crate) trusted_proxies: Proxies,
    /// Whether a valid token of an unknown user creates that user.
    #[arg(long, env = "BOARDWIRE_PROVISION_USERS", default_value_t = true, action = ArgAction::Set)]
    pub(crate) provision_users: bool,
    /// The permissions of users created by a token.
    #[arg(long, env = "BOARDWIRE_PROVISION_PERMISSIONS", default_value = "read,write")]
    pub(crate) provision_permissions: Permissions,

    /// Where attachments are stored: a folder, or a URL such as s3://BUCKET if the program was built with that feature
    /// [default: a folder beside the database].
    #[arg(long, env = "BOARDWIRE_ATTACHMENTS", value_name = "FOLDER|URL")]
    pub(crate) attachments: Option<String>,
    /// How long an unused session lasts, such as 7d.
    #[arg(long, env = "BOARDWIRE_SESSION_IDLE", default_value = "7d", value_parser = values::duration)]
    pub(crate) session_idle: Duration,
    /// How long any session lasts, such as 30d.
    #[arg(long, env = "BOARDWIRE_SESSION_TTL", default_value = "30d", value_parser = values::duration)]
    pub(crate) session_ttl: Duration,
    /// Whom the owners of a board may add as members: anybody, or acquaintances, users who share a team or another
    /// board with them; other users then count as nonexistent. Admins may add anybody. [default: acquaintances, unless
    /// the server listens on this machine only and trusts no proxy]
    #[arg(long, env = "BOARDWIRE_ADDABLE_MEMBERS", value_name = "WHO")]
    pub(crate) addable_members: Option<AddableMembers>,
    /// Whether session cookies are sent only over HTTPS [default: true; if the server listens on this machine only,
    /// just for those set over HTTPS through a proxy]. With `false`, people can sign in with a password over plain
    /// HTTP: use it only on a trusted network.
    #[arg(long, env = "BOARDWIRE_SECURE_COOKIES", value_name = "BOOL")]
    pub(crate) secure_cookies: Option<bool>,

    /// The length of the window in which a user's commands are counted, in milliseconds.
    #[arg(long, env = "BOARDWIRE_RATE_LIMIT_WINDOW_MS", default_value_t = 60_000, help_heading = "Limits")]
    #[arg(value_parser = values::positive::<u64>)]
    pub(crate) rate_limit_window_ms: u64,
    /// The most commands of one user in that window.
    #[arg(long, env = "BOARDWIRE_RATE_LIMIT_MAX_REQUESTS", default_value_t = 100, help_heading = "Limits")]
    #[arg(value_parser = values::positive::<u32>)]
    pub(crate) rate_limit_max_requests: u32,
    /// The most commands of one user in one second.
    #[arg(long, env = "BOARDWIRE_RATE_LIMIT_BURST", default_value_t = 10, help_heading = "Limits")]
    #[arg(value_parser = values::positive::<u32>)]
    pub(crate) rate_limit_burst: u32,
    /// How many commands a command that changes something counts as; at most the burst.
    #[arg(long, env = "BOARDWIRE_RATE_LIMIT_CHANGE_WEIGHT", default_value_t = 1, help_heading = "Limits")]
    pub(crate) rate_limit_change_weight: u32,
    /// How many commands a command that only reads counts as.
    #[arg(long, env = "BOARDWIRE_RATE_LIMIT_QUERY_WEIGHT", default_value_t = 1, help_heading = "Limits")]
    pub(crate) rate_limit_query_weight: u32,
    /// How many commands a command about the connection itself counts as.
    #[arg(long, env = "BOARDWIRE_RATE_LIMIT_SESSION_WEIGHT", default_value_t = 1, help_heading = "Limits")]
    pub(crate) rate_limit_session_weight: u32,
    /// The most views, presence and typing updates of one user in ten seconds.
    #[arg(long, env = "BOARDWIRE_ACTIVITY_LIMIT_MAX_REQUESTS", default_value_t = 60, help_heading = "Limits")]
    #[arg(value_parser = values::positive::<u32>)]
    pub(crate) activity_limit_max_requests: u32,
    /// The largest message, in bytes; at least 1024.
    #[arg(long, env = "BOARDWIRE_MAX_PAYLOAD", default_value_t = 65_536, help_heading = "Limits")]
    #[arg(value_parser = values::payload_size)]
    pub(crate) max_payload: u64,
    /// The largest attachment, in bytes.
    #[arg(long, env = "BOARDWIRE_MAX_ATTACHMENT_SIZE", default_value_t = 26_214_400, help_heading = "Limits")]
    #[arg(value_parser = values::positive::<u64>)]
    pub(crate) max_attachment_size: u64,
    /// The most tasks on one board.
    #[arg(long, env = "BOARDWIRE_MAX_TASKS_PER_BOARD", default_value_t = 20_000, help_heading = "Limits")]
    #[arg(value_parser = values::positive::<u32>)]
    pub(crate) max_tasks_per_board: u32,
    /// The most space for the attachments of one user, in bytes; 0 means no limit.
    #[arg(long, env = "BOARDWIRE_ATTACHMENT_QUOTA_PER_USER", default_value_t = 1 << 30, help_heading = "Limits")]
    pub(crate) attachment_quota_per_user: u64,
    /// The most space for all attachments together, in bytes; 0 means no limit.
    #[arg(long, env = "BOARDWIRE_ATTACHMENT_QUOTA", default_value_t = 20 << 30, help_heading = "Limits")]
    pub(crate) attachment_quota: u64,
    /// The share of each disk with attachments or the database that must stay free, in percent; below it, uploads are
    /// refused.
    #[arg(long, env = "BOARDWIRE_MIN_FREE_DISK", value_name = "PERCENT", default_value_t = 5, help_heading = "Limits")]
    #[arg(value_parser = clap::value_parser!(u8).range(..100))]
    pub(crate) min_free_disk: u8,
    /// The most subscriptions of one connection.
    #[arg(long, env = "BOARDWIRE_MAX_SUBSCRIPTIONS", default_value_t = 128, help_heading = "Limits")]
    #[arg(value_parser = values::positive::<u32>)]
    pub(crate) max_subscriptions: u32,
    /// The most connections in all.
    #[arg(long, env = "BOARDWIRE_MAX_CONNECTIONS", default_value_t = 20_000, help_heading = "Limits")]
    #[arg(value_parser = values::positive::<usize>)]
    pub(crate) max_connections: usize,
    /// The most connections of one user.
    #[arg(long, env = "BOARDWIRE_MAX_CONNECTIONS_PER_USER", default_value_t = 256, help_heading = "Limits")]
    #[arg(value_parser = values::positive::<usize>)]
    pub(crate) max_connections_per_user: usize,
    /// The most connections from one address.
    #[arg(long, env = "BOARDWIRE_MAX_CONNECTIONS_PER_ADDRESS", default_value_t = 10_000, help_heading = "Limits")]
    #[arg(value_parser = values::positive::<usize>)]
    pub(crate) max_connections_per_address: usize,
    /// The most MCP sessions of agents in all. Clients of revision 2026-07-28 need none.
    #[arg(long, env = "BOARDWIRE_MAX_MCP_SESSIONS", default_value_t = 1000, help_heading = "Limits")]
    #[arg(value_parser = values::positive::<usize>)]
    pub(crate) max_mcp_sessions: usize,
    /// How long an MCP session without requests lasts, such as 1h.
    #[arg(long, env = "BOARDWIRE_MCP_SESSION_IDLE", default_value = "1h", help_heading = "Limits")]
    #[arg(value_parser = values::duration)]
    pub(crate) mcp_session_idle: Duration,
    /// The most handshakes from one address in one minute.
    #[arg(long, env = "BOARDWIRE_HANDSHAKES_PER_MINUTE", default_value = "12000", help_heading = "Limits")]
    pub(crate) handshakes_per_minute: NonZeroU32,
    /// The most logins from one address in one minute, right or wrong; further ones wait. Known devices are not
    /// counted.
    #[arg(long, env = "BOARDWIRE_LOGINS_PER_MINUTE", default_value = "60", help_heading = "Limits")]
    pub(crate) logins_per_minute: NonZeroU32,
    /// How many wrong passwords, for one account from one address or from one known device, are free in 15 minutes.
    /// Each further attempt must wait: 1 second at first, then twice as long each time, up to 30.
    #[arg(long, env = "BOARDWIRE_FAILED_LOGINS", default_value_t = 5, help_heading = "Limits")]
    #[arg(value_parser = values::positive::<u32>)]
    pub(crate) failed_logins: u32,
    /// The most failed handshakes from one address in one minute.
    #[arg(long, env = "BOARDWIRE_FAILED_HANDSHAKES_PER_MINUTE", default_value = "60", help_heading = "Limits")]
    pub(crate) failed_handshakes_per_minute: NonZeroU32,

    /// How often clients are pinged, in milliseconds.
    #[arg(long, env = "BOARDWIRE_PING_INTERVAL_MS", default_value_t = 25_000, help_heading = "Timing")]
    #[arg(value_parser = values::positive::<u64>)]
    pub(crate) ping_interval_ms: u64,
    /// How long to wait for a client's pong, in milliseconds.
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
    /// How many days events stay in the boards' logs; 0 means for ever. Clients that were away longer load a fresh
    /// snapshot.
    #[arg(long, env = "BOARDWIRE_EVENT_RETENTION_DAYS", default_value_t = 90, help_heading = "Timing")]
    pub(crate) event_retention_days: u32,
}

#[cfg(test)]
mod tests;
