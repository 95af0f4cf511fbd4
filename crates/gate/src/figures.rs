//! What goes on, counted where it happens: for operators, and for what watches servers for them.

use std::{
    collections::{HashMap, VecDeque},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use boardwire_protocol::{CommandKind, ErrorBody, Timestamp, UserId};
use boardwire_subscriptions::Tally;
use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::{Registry, Unit},
};
use serde::Serialize;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use crate::{Gate, Via};

/// How many seconds back the course of things is kept.
const HISTORY: usize = 60;
/// Slow clients that are kept.
const SLOW: usize = 50;
/// In seconds; a command takes a millisecond or so.
const BUCKETS: [f64; 10] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 1.0, 5.0];

/// What came of a command.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Outcome {
    command: &'static str,
    /// `OK`, or the code of the error.
    code: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Group {
    group: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Door {
    door: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Level {
    level: &'static str,
}

/// A connection that was ended because it did not keep up.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Slow {
    /// When.
    pub at: Timestamp,
    /// Whose it was.
    pub user_id: UserId,
    /// By which door it had come.
    pub door: Via,
    /// What it did not do.
    pub reason: &'static str,
}

/// How much there was of what is counted.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct Counts {
    /// Commands, by all doors, those that were refused too.
    pub commands: u64,
    /// Those that were refused.
    pub refusals: u64,
    /// Events of boards.
    pub events: u64,
    /// Events put into a connection's queue.
    pub deliveries: u64,
}

impl Counts {
    fn since(self, earlier: Self) -> Self {
        Self {
            commands: self.commands - earlier.commands,
            refusals: self.refusals - earlier.refusals,
            events: self.events - earlier.events,
            deliveries: self.deliveries - earlier.deliveries,
        }
    }
}

/// What there was within one second.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Second {
    /// When it ended.
    pub at: Timestamp,
    /// How much.
    #[serde(flatten)]
    pub counts: Counts,
}

/// What has been counted since the start.
pub(crate) struct Figures {
    pub(crate) started_at: Timestamp,
    commands: AtomicU64,
    refusals: AtomicU64,
    outcomes: Family<Outcome, Counter>,
    durations: Family<Group, Histogram>,
    slow_total: Family<Door, Counter>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// How often each user has called, by whatever door.
    users: Tally<UserId>,
    /// The latest first.
    slow: VecDeque<Slow>,
    /// The latest last.
    history: VecDeque<Second>,
    last: Counts,
}

fn durations() -> Histogram {
    Histogram::new(BUCKETS)
}

impl Figures {
    pub(crate) fn new(started_at: Timestamp) -> Self {
        Self {
            started_at,
            commands: AtomicU64::new(0),
            refusals: AtomicU64::new(0),
            outcomes: Family::default(),
            durations: Family::new_with_constructor(durations),
            slow_total: Family::default(),
            state: Mutex::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn outcome(&self, command: &'static str, error: Option<&ErrorBody>) {
        self.commands.fetch_add(1, Ordering::Relaxed);
        if error.is_some() {
            self.refusals.fetch_add(1, Ordering::Relaxed);
        }
        let code = error.map_or("OK", |error| error.code.as_str());
        self.outcomes.get_or_create(&Outcome { command, code }).inc();
    }

    /// The last minute, second by second, the latest last; and the slow clients, the latest first.
    pub(crate) fn recent(&self) -> (Vec<Second>, Vec<Slow>) {
        let state = self.lock();
        (state.history.iter().copied().collect(), state.slow.iter().cloned().collect())
    }

    /// How often each user has called within the last minute.
    pub(crate) fn calls(&self, now: Instant) -> HashMap<UserId, u64> {
        self.lock().users.counts(now)
    }

    pub(crate) fn user_calls(&self, user: &UserId, now: Instant) {
        self.lock().users.count(user, 1, now);
    }
}

impl Gate {
    /// Counts a command that had passed the gates, with what came of it. `None`: there is no command of its name.
    pub fn count<T>(&self, kind: Option<CommandKind>, begun: Instant, outcome: Result<T, &ErrorBody>) {
        self.figures.outcome(kind.map_or("unknown", CommandKind::name), outcome.err());
        if let Some(kind) = kind {
            let took = self.clock().monotonic().duration_since(begun);
            self.figures.durations.get_or_create(&Group { group: kind.group().name() }).observe(took.as_secs_f64());
        }
    }

    /// Counts what was refused at the gates.
    pub(crate) fn count_refused(&self, command: &'static str, error: &ErrorBody) {
        self.figures.outcome(command, Some(error));
    }

    /// Notes that a connection was ended because it did not keep up.
    pub fn note_slow(&self, user: &UserId, door: Via, reason: &'static str) {
        self.figures.slow_total.get_or_create(&Door { door: door.name() }).inc();
        let mut state = self.figures.lock();
        state.slow.push_front(Slow { at: self.clock().now(), user_id: user.clone(), door, reason });
        state.slow.truncate(SLOW);
    }

    /// What has been counted since the start.
    pub(crate) fn counts(&self) -> Counts {
        Counts {
            commands: self.figures.commands.load(Ordering::Relaxed),
            refusals: self.figures.refusals.load(Ordering::Relaxed),
            events: self.hub.event_count(),
            deliveries: self.hub.delivery_count(),
        }
    }

    /// The figures in the text format of OpenMetrics, which Prometheus reads. It names no user and no board.
    #[must_use]
    pub fn metrics(&self) -> String {
        let mut registry = Registry::default();
        let figures = &self.figures;
        let counted = |count: u64| {
            let counter: Counter = Counter::default();
            counter.inc_by(count);
            counter
        };
        let gauge = |value: usize| {
            let gauge: Gauge = Gauge::default();
            gauge.set(i64::try_from(value).unwrap_or(i64::MAX));
            gauge
        };
        let connections = Family::<Door, Gauge>::default();
        for (door, count) in self.doors() {
            connections.get_or_create(&Door { door: door.name() }).set(i64::try_from(count).unwrap_or(i64::MAX));
        }
        let (warnings, errors) = self.incidents.counts();
        let complaints = Family::<Level, Counter>::default();
        complaints.get_or_create(&Level { level: "warning" }).inc_by(warnings);
        complaints.get_or_create(&Level { level: "error" }).inc_by(errors);
        let counts = self.counts();

        registry.register(
            "boardwire_commands",
            "Commands by all doors, with what came of them",
            figures.outcomes.clone(),
        );
        let help = "How long commands took that had passed the gates";
        registry.register_with_unit("boardwire_command_duration", help, Unit::Seconds, figures.durations.clone());
        registry.register("boardwire_events", "Events of boards that this node has committed", counted(counts.events));
        let help = "Events put into the queue of a connection as they happened";
        registry.register("boardwire_deliveries", help, counted(counts.deliveries));
        registry.register("boardwire_connections", "Connections to this node", connections);
        registry.register(
            "boardwire_channels",
            "Boards that somebody here listens to",
            gauge(self.hub.channel_count()),
        );
        let help = "Connections that were ended because they did not keep up";
        registry.register("boardwire_slow_clients", help, figures.slow_total.clone());
        registry.register("boardwire_log_messages", "Warnings and errors in the log", complaints);
        let started: Gauge = Gauge::default();
        started.set(figures.started_at.0 / 1000);
        registry.register_with_unit("process_start_time", "When the server began", Unit::Seconds, started);
        if let Some(bytes) = resident_memory() {
            let memory: Gauge = Gauge::default();
            memory.set(i64::try_from(bytes).unwrap_or(i64::MAX));
            registry.register_with_unit("process_resident_memory", "Memory in use", Unit::Bytes, memory);
        }
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = encode(&mut text, &registry);
        text
    }
}

/// The memory of this process in bytes, where the system tells (Linux).
pub(crate) fn resident_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = line.trim().strip_suffix(" kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

/// Notes the course of things, second by second, until the token is cancelled.
pub(crate) async fn run(gate: Arc<Gate>, stop: CancellationToken) {
    let mut turn = tokio::time::interval(Duration::from_secs(1));
    turn.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // The first turn comes at once.
    turn.tick().await;
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = turn.tick() => {}
        }
        let (at, counts) = (gate.clock().now(), gate.counts());
        let mut state = gate.figures.lock();
        let second = Second { at, counts: counts.since(state.last) };
        state.last = counts;
        state.history.push_back(second);
        if state.history.len() > HISTORY {
            state.history.pop_front();
        }
    }
}
