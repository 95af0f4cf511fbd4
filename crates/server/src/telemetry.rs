//! Logs to standard error; the latest warnings and errors are also kept for operators.

use std::{
    fmt::{Debug, Write as _},
    io::IsTerminal as _,
    sync::Arc,
};

use anyhow::{Context as _, Result};
use boardwire_metrics::{Incident, Incidents, Severity};
use boardwire_services::clock::{Clock as _, SystemClock};
use tracing::{
    Event, Level, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{EnvFilter, Layer, fmt, layer::Context, prelude::*};

use crate::settings::{LogFormat, TelemetrySettings};

/// The most verbose levels of crates that otherwise log packets, credentials included. They replace the operator's
/// levels for these crates.
const CAPPED_LEVELS: [&str; 2] = ["engineioxide=info", "socketioxide=info"];
/// The levels of a crate that otherwise reports every session, and every client that hangs up, as an error. The
/// operator's filter takes precedence.
const DEFAULT_LEVELS: &str = "rmcp=error,rmcp::service=off,rmcp::transport::streamable_http_server::tower=off";

/// Starts logging. Returns the list in which the latest warnings and errors are kept.
pub(crate) fn start(settings: &TelemetrySettings) -> Result<Arc<Incidents>> {
    let mut filter = EnvFilter::try_new(format!("{DEFAULT_LEVELS},{}", settings.log)).context("--log can't be read")?;
    for directive in CAPPED_LEVELS {
        filter = filter.add_directive(directive.parse()?);
    }
    let to_stderr = fmt::layer().with_writer(std::io::stderr).with_ansi(std::io::stderr().is_terminal());
    let incidents = Arc::<Incidents>::default();
    let registry = tracing_subscriber::registry().with(filter).with(IncidentLayer(Arc::clone(&incidents)));
    match settings.log_format {
        LogFormat::Console => registry.with(to_stderr).try_init(),
        LogFormat::Json => registry.with(to_stderr.json()).try_init(),
    }
    .context("logging is started already")?;
    Ok(incidents)
}

/// Adds warnings and errors to the list.
struct IncidentLayer(Arc<Incidents>);

impl<S: Subscriber> Layer<S> for IncidentLayer {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let severity = match *event.metadata().level() {
            Level::ERROR => Severity::Error,
            Level::WARN => Severity::Warning,
            _ => return,
        };
        let mut visitor = MessageVisitor::default();
        event.record(&mut visitor);
        let place = event.metadata().target().to_owned();
        let message = visitor.message + &visitor.fields;
        self.0.note(Incident { at: SystemClock.now(), severity, place, message });
    }
}

/// Formats an event as one line: the message, then the fields.
#[derive(Default)]
struct MessageVisitor {
    message: String,
    fields: String,
}

impl Visit for MessageVisitor {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        // Writing to a string can't fail.
        let _ = match field.name() {
            "message" => write!(self.message, "{value:?}"),
            name => write!(self.fields, " {name}={value:?}"),
        };
    }
}
