//! The metrics in the text format of OpenMetrics.

use std::collections::BTreeMap;

use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::{Registry, Unit},
};

use crate::{Metrics, TransportKind, metrics::Door};

/// The label of a log level.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Level {
    level: &'static str,
}

impl Metrics {
    /// Returns the metrics in the text format of OpenMetrics, which Prometheus reads, with how many connections of each
    /// kind there are. The text names no user and no board.
    #[must_use]
    pub fn to_open_metrics(&self, connected: &BTreeMap<TransportKind, usize>) -> String {
        let mut registry = Registry::default();
        let connections = Family::<Door, Gauge>::default();
        for (door, count) in connected {
            connections.get_or_create(&Door { door: door.name() }).set(i64::try_from(*count).unwrap_or(i64::MAX));
        }
        let (warnings, errors) = self.incidents.counts();
        let log_messages = Family::<Level, Counter>::default();
        log_messages.get_or_create(&Level { level: "warning" }).inc_by(warnings);
        log_messages.get_or_create(&Level { level: "error" }).inc_by(errors);
        let counts = self.counts();

        registry.register("boardwire_commands", "Commands by all doors, with what came of them", self.outcomes.clone());
        let help = "How long commands took that had passed the gates";
        registry.register_with_unit("boardwire_command_duration", help, Unit::Seconds, self.durations.clone());
        registry.register("boardwire_events", "Events of boards that this node has committed", counter(counts.events));
        let help = "Events put into the queue of a connection as they happened";
        registry.register("boardwire_deliveries", help, counter(counts.deliveries));
        registry.register("boardwire_connections", "Connections to this node", connections);
        registry.register(
            "boardwire_channels",
            "Boards that somebody here listens to",
            gauge(self.hub.channel_count()),
        );
        let help = "Connections that were ended because they did not keep up";
        registry.register("boardwire_slow_clients", help, self.slow_consumers.clone());
        registry.register("boardwire_log_messages", "Warnings and errors in the log", log_messages);
        let started: Gauge = Gauge::default();
        started.set(self.started_at.0 / 1000);
        registry.register_with_unit("process_start_time", "When the server began", Unit::Seconds, started);
        if let Some(bytes) = resident_memory() {
            registry.register_with_unit("process_resident_memory", "Memory in use", Unit::Bytes, gauge(bytes));
        }
        let mut text = String::new();
        // Writing to a string can't fail.
        let _ = encode(&mut text, &registry);
        text
    }
}

fn counter(count: u64) -> Counter {
    let counter = Counter::default();
    counter.inc_by(count);
    counter
}

fn gauge(value: impl TryInto<i64>) -> Gauge {
    let gauge = Gauge::default();
    gauge.set(value.try_into().unwrap_or(i64::MAX));
    gauge
}

/// Returns the memory of this process in bytes, where the system reports it (Linux).
pub(crate) fn resident_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = line.trim().strip_suffix(" kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}
