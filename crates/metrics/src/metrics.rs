//! The metrics since the start, and the functions that record them.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use boardwire_protocol::{CommandKind, ErrorBody, Timestamp, UserId};
use boardwire_services::clock::Clock;
use boardwire_subscriptions::Hub;
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, histogram::Histogram},
};
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use crate::{Counts, Incidents, SlowConsumer, TransportKind, sampling::Recent};

/// The upper bounds of the buckets of durations, in seconds. Most commands take about a millisecond.
const BUCKETS: [f64; 10] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 1.0, 5.0];

/// The labels of a command and its outcome.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct Outcome {
    command: &'static str,
    /// `OK`, or the code of the error.
    code: &'static str,
}

/// The label of a group of commands.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct Group {
    group: &'static str,
}

/// The label of a kind of connection.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct Door {
    pub(crate) door: &'static str,
}

/// The metrics of a node since its start.
pub struct Metrics {
    pub(crate) hub: Arc<Hub>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) incidents: Arc<Incidents>,
    pub(crate) started_at: Timestamp,
    commands: AtomicU64,
    refusals: AtomicU64,
    pub(crate) outcomes: Family<Outcome, Counter>,
    pub(crate) durations: Family<Group, Histogram>,
    pub(crate) slow_consumers: Family<Door, Counter>,
    recent: Mutex<Recent>,
}

fn durations() -> Histogram {
    Histogram::new(BUCKETS)
}

impl Metrics {
    /// Creates the metrics of a node that starts now. The hub counts events and deliveries; `incidents` counts the
    /// log's warnings and errors.
    #[must_use]
    pub fn new(hub: Arc<Hub>, clock: Arc<dyn Clock>, incidents: Arc<Incidents>) -> Arc<Self> {
        Arc::new(Self {
            started_at: clock.now(),
            hub,
            clock,
            incidents,
            commands: AtomicU64::new(0),
            refusals: AtomicU64::new(0),
            outcomes: Family::default(),
            durations: Family::new_with_constructor(durations),
            slow_consumers: Family::default(),
            recent: Mutex::default(),
        })
    }

    /// Locks what has been recorded lately.
    pub(crate) fn recent(&self) -> MutexGuard<'_, Recent> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records a call by a user, at any door.
    pub fn record_call(&self, user: &UserId, now: Instant) {
        self.recent().record_call(user, now);
    }

    /// Records an outcome without a duration, such as that of a command that was refused before it was executed.
    pub fn record_outcome(&self, command: &'static str, error: Option<&ErrorBody>) {
        self.commands.fetch_add(1, Ordering::Relaxed);
        if error.is_some() {
            self.refusals.fetch_add(1, Ordering::Relaxed);
        }
        let code = error.map_or("OK", |error| error.code.as_str());
        self.outcomes.get_or_create(&Outcome { command, code }).inc();
    }

    /// Records a command that was executed, with its duration and outcome.
    pub fn record_command(&self, kind: CommandKind, took: Duration, error: Option<&ErrorBody>) {
        self.record_outcome(kind.name(), error);
        self.durations.get_or_create(&Group { group: kind.group().name() }).observe(took.as_secs_f64());
    }

    /// Records that a connection was ended because it did not keep up.
    pub fn record_slow_consumer(&self, user: &UserId, door: TransportKind, reason: &'static str) {
        self.slow_consumers.get_or_create(&Door { door: door.name() }).inc();
        self.recent().record_slow(SlowConsumer { at: self.clock.now(), user_id: user.clone(), door, reason });
    }

    /// Returns the counts since the start.
    #[must_use]
    pub fn counts(&self) -> Counts {
        Counts {
            commands: self.commands.load(Ordering::Relaxed),
            refusals: self.refusals.load(Ordering::Relaxed),
            events: self.hub.event_count(),
            deliveries: self.hub.delivery_count(),
        }
    }

    /// Takes a sample every second, until the token is cancelled.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        let mut ticks = tokio::time::interval(Duration::from_secs(1));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        // The first tick completes immediately.
        ticks.tick().await;
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = ticks.tick() => {}
            }
            let (at, counts) = (self.clock.now(), self.counts());
            self.recent().sample(at, counts);
        }
    }
}
