//! The bridge between standard input and output and a server, for agents that start their servers as programs. Every
//! message is forwarded to `/mcp` of a Boardwire server, and the server's answers and events are returned. What a
//! message asks for is left to the server.
//!
//! Only JSON-RPC is written to standard output. Messages for people go to [`Settings::say`].

mod batches;
mod event_size;
mod http;
mod pump;
mod subscriptions;

use std::{collections::HashMap, io, sync::Arc, time::Duration};

use ::http::{HeaderName, HeaderValue, Uri};
use rmcp::transport::{
    StreamableHttpClientTransport, async_rw::AsyncRwTransport, common::client_side_sse::ExponentialBackoff,
    stdio_pipes, streamable_http_client::StreamableHttpClientTransportConfig,
};
use tokio::sync::mpsc;

use self::{http::Http, pump::Pump};

/// The prefix of the ids of the bridge's own requests, whose answers are not forwarded.
const OWN_ID_PREFIX: &str = "boardwire-mcp";
/// The longest pause between two attempts to reopen the server's event stream.
const MAX_RECONNECT_PAUSE: Duration = Duration::from_secs(10);

/// The settings of a bridge.
#[derive(Clone)]
pub struct Settings {
    /// The server's address, such as `http://127.0.0.1:3456`. `/mcp` is appended unless the path ends in it.
    pub url: String,
    /// A token or an API key, sent as `Authorization: Bearer`.
    pub token: Option<String>,
    /// An API key, sent as `X-API-Key`.
    pub api_key: Option<String>,
    /// Receives the sentences meant for people.
    pub say: fn(&str),
}

/// Why a bridge stopped working.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Failed {
    /// The text is not an address.
    #[error("{0} is not an address such as http://127.0.0.1:3456")]
    Address(String),
    /// The token or the API key has characters that a header can't carry.
    #[error("the {0} has characters that none has")]
    Credential(&'static str),
    /// The address uses https, and the system has no root certificates.
    #[error("https needs the system's root certificates: {0}")]
    Certificates(io::Error),
    /// The server can't be reached, refuses requests, or has ended the connection. The details were given to `say`.
    #[error("there is no connection to {0} any more")]
    Server(String),
}

/// Forwards messages until standard input ends or `stop` completes, then ends the session with the server.
///
/// A read of standard input can't be interrupted: after a `stop`, shut the runtime down in the background.
pub async fn run(settings: Settings, stop: impl Future<Output = ()>) -> Result<(), Failed> {
    let endpoint = endpoint(&settings.url)?;
    let url = endpoint.to_string();
    let (side_events, received_events) = mpsc::unbounded_channel();
    let client = Http::new(endpoint.scheme_str() == Some("https"), side_events).map_err(Failed::Certificates)?;
    let server = StreamableHttpClientTransport::with_client(client, config(&url, &settings)?);
    let (input, output) = stdio_pipes();
    let (input, _reading) = batches::split(input);
    let agent = AsyncRwTransport::new(input, output);
    Pump::new(agent, server, received_events, url, settings.say).run(stop).await
}

fn config(url: &str, settings: &Settings) -> Result<StreamableHttpClientTransportConfig, Failed> {
    let mut config = StreamableHttpClientTransportConfig::with_uri(url);
    config.allow_stateless = true;
    let mut retry = ExponentialBackoff::default();
    retry.max_delay = Some(MAX_RECONNECT_PAUSE);
    config.retry_config = Arc::new(retry);
    if let Some(token) = &settings.token {
        HeaderValue::from_str(token).map_err(|_| Failed::Credential("token"))?;
        config = config.auth_header(token);
    }
    if let Some(key) = &settings.api_key {
        let mut key = HeaderValue::from_str(key).map_err(|_| Failed::Credential("API key"))?;
        key.set_sensitive(true);
        config = config.custom_headers(HashMap::from([(HeaderName::from_static("x-api-key"), key)]));
    }
    Ok(config)
}

/// Returns the address of `/mcp` on the server.
fn endpoint(url: &str) -> Result<Uri, Failed> {
    let invalid = || Failed::Address(url.to_owned());
    let trimmed = url.trim_end_matches('/');
    let whole = if trimmed.ends_with("/mcp") { trimmed.to_owned() } else { format!("{trimmed}/mcp") };
    let uri: Uri = whole.parse().map_err(|_| invalid())?;
    let is_valid = matches!(uri.scheme_str(), Some("http" | "https"))
        && uri.query().is_none()
        && uri.authority().is_some_and(|authority| !authority.host().is_empty() && !authority.as_str().contains('@'));
    if is_valid { Ok(uri) } else { Err(invalid()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_endpoint_is_completed_or_refused() {
        for (url, expected) in [
            ("http://127.0.0.1:3456", "http://127.0.0.1:3456/mcp"),
            ("http://127.0.0.1:3456/", "http://127.0.0.1:3456/mcp"),
            ("https://board.example/mcp", "https://board.example/mcp"),
            ("https://example.org/boards", "https://example.org/boards/mcp"),
        ] {
            assert_eq!(endpoint(url).unwrap().to_string(), expected);
        }
        for wrong in ["", "127.0.0.1:3456", "ws://a", "http://", "http://a?b", "http://ann:secret@a", "http://a b"] {
            assert!(endpoint(wrong).is_err(), "{wrong}");
        }
    }
}
