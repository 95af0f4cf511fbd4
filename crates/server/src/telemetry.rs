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

/// These crates print packets, including credentials, below this level, whatever the operator asks for.
const CAPPED: [&str; 2] = ["engineioxide=info", "socketioxide=info"];
/// This crate reports every session, and every client that hangs up, as if something were wrong. Filters that the
/// operator names come after these.
const QUIET: &str = "rmcp=error,rmcp::service=off,rmcp::transport::streamable_http_server::tower=off";

/// Starts logging. Returns the keeper of the latest warnings and errors.
pub(crate) fn start(settings: &TelemetrySettings) -> Result<Arc<Incidents>> {
    let mut filter = EnvFilter::try_new(format!("{QUIET},{}", settings.log)).context("--log can't be read")?;
    for capped in CAPPED {
        filter = filter.add_directive(capped.parse()?);
    }
    let lines = fmt::layer().with_writer(std::io::stderr).with_ansi(std::io::stderr().is_terminal());
    let incidents = Arc::<Incidents>::default();
    let registry = tracing_subscriber::registry().with(filter).with(Keeper(Arc::clone(&incidents)));
    match settings.log_format {
        LogFormat::Console => registry.with(lines).try_init(),
        LogFormat::Json => registry.with(lines.json()).try_init(),
    }
    .context("logging is started already")?;
    Ok(incidents)
}

/// Keeps warnings and errors.
struct Keeper(Arc<Incidents>);

impl<S: Subscriber> Layer<S> for Keeper {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let severity = match *event.metadata().level() {
            Level::ERROR => Severity::Error,
            Level::WARN => Severity::Warning,
            _ => return,
        };
        let mut sentence = Sentence::default();
        event.record(&mut sentence);
        let place = event.metadata().target().to_owned();
        let message = sentence.message + &sentence.fields;
        self.0.note(Incident { at: SystemClock.now(), severity, place, message });
    }
}

/// Formats an event as one line: the message, then the fields.
#[derive(Default)]
struct Sentence {
    message: String,
    fields: String,
}

impl Visit for Sentence {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        // Writing to a string can't fail.
        let _ = match field.name() {
            "message" => write!(self.message, "{value:?}"),
            name => write!(self.fields, " {name}={value:?}"),
        };
    }
}
