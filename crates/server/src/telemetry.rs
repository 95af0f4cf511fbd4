//! Logging to standard error.

use std::io::IsTerminal as _;

use anyhow::{Context as _, Result};
use tracing_subscriber::{EnvFilter, fmt, prelude::*};

use crate::settings::{LogFormat, TelemetrySettings};

/// These print packets, credentials included, below this level, whatever the operator asks for.
const CAPPED: [&str; 2] = ["engineioxide=info", "socketioxide=info"];
/// This one tells of every session, and of every client that hangs up, as if something were wrong. Filters that the operator
/// names come after these.
const QUIET: &str = "rmcp=error,rmcp::service=off,rmcp::transport::streamable_http_server::tower=off";

/// Starts logging.
pub(crate) fn start(settings: &TelemetrySettings) -> Result<()> {
    let mut filter = EnvFilter::try_new(format!("{QUIET},{}", settings.log)).context("--log can't be read")?;
    for capped in CAPPED {
        filter = filter.add_directive(capped.parse()?);
    }
    let lines = fmt::layer().with_writer(std::io::stderr).with_ansi(std::io::stderr().is_terminal());
    let registry = tracing_subscriber::registry().with(filter);
    match settings.log_format {
        LogFormat::Console => registry.with(lines).try_init(),
        LogFormat::Json => registry.with(lines.json()).try_init(),
    }
    .context("logging is started already")
}
