//! Tests that recorded calls and commands show in the metrics and in the overview.
#![expect(clippy::unwrap_used, reason = "a test")]

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use boardwire_metrics::{ConnectedUser, Incident, Incidents, Metrics, Severity, TransportKind};
use boardwire_protocol::{Code, CommandKind, ErrorBody, Timestamp, UserId};
use boardwire_services::clock::{Clock as _, SystemClock};
use boardwire_store::{Opened, Options, open};
use boardwire_subscriptions::Hub;
use tokio_util::sync::CancellationToken;

/// Metrics of a hub on an empty database.
struct Setup {
    metrics: Arc<Metrics>,
    incidents: Arc<Incidents>,
    _store: Opened,
    _folder: tempfile::TempDir,
}

impl Setup {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("board.db").display());
        let store = open(&url, Options::default()).await.unwrap();
        let hub = Hub::new(store.store(), Arc::new(SystemClock), 1);
        let incidents = Arc::<Incidents>::default();
        let metrics = Metrics::new(hub, Arc::new(SystemClock), Arc::clone(&incidents));
        Self { metrics, incidents, _store: store, _folder: folder }
    }
}

fn user(id: &str) -> UserId {
    UserId::try_from(id).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn recorded_values_are_exposed_without_user_names() {
    let Setup { metrics, incidents, _store, _folder } = Setup::new().await;
    let error = ErrorBody::new(Code::NotFound, "no such task");
    metrics.record_call(&user("quirin"), SystemClock.monotonic());
    metrics.record_command(CommandKind::TaskMove, Duration::from_millis(2), None);
    metrics.record_command(CommandKind::TaskMove, Duration::from_millis(2), Some(&error));
    metrics.record_outcome("query", Some(&error));
    metrics.record_slow_consumer(&user("quirin"), TransportKind::Stream, "it reads too slowly");
    let severity = Severity::Warning;
    incidents.note(Incident { at: Timestamp(1), severity, place: "store".into(), message: "slow".into() });

    let counts = metrics.counts();
    assert_eq!((counts.commands, counts.refusals), (3, 2));
    let text = metrics.to_open_metrics(&BTreeMap::from([(TransportKind::Socket, 3)]));
    for line in [
        "boardwire_commands_total{command=\"task:move\",code=\"OK\"} 1",
        "boardwire_commands_total{command=\"task:move\",code=\"NOT_FOUND\"} 1",
        "boardwire_commands_total{command=\"query\",code=\"NOT_FOUND\"} 1",
        "boardwire_command_duration_seconds_count{group=\"change\"} 2",
        "boardwire_connections{door=\"socket\"} 3",
        "boardwire_slow_clients_total{door=\"stream\"} 1",
        "boardwire_log_messages_total{level=\"warning\"} 1",
    ] {
        assert!(text.lines().any(|shown| shown == line), "{line} in\n{text}");
    }
    assert!(!text.contains("quirin"), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_overview_lists_the_busiest_users_first() {
    let Setup { metrics, _store, _folder, .. } = Setup::new().await;
    for (id, calls) in [("ann", 1), ("bob", 3)] {
        for _ in 0..calls {
            metrics.record_call(&user(id), SystemClock.monotonic());
        }
    }
    let connections = BTreeMap::from([(TransportKind::Socket, 2), (TransportKind::Mcp, 1)]);
    let overview = metrics.overview(vec![ConnectedUser { id: user("ann"), connections, since: Some(Timestamp(7)) }]);
    let users: Vec<_> = overview.users.iter().map(|user| (user.id.as_str(), user.calls, user.since)).collect();
    assert_eq!(users, [("bob", 3, None), ("ann", 1, Some(Timestamp(7)))]);
    assert_eq!(overview.users_connected, 1);
    assert_eq!(overview.connections, BTreeMap::from([("mcp", 1), ("socket", 2), ("stream", 0)]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sample_holds_the_counts_since_the_previous_sample() {
    let Setup { metrics, _store, _folder, .. } = Setup::new().await;
    let stop = CancellationToken::new();
    let sampling = tokio::spawn(Arc::clone(&metrics).run(stop.clone()));
    metrics.record_outcome("query", None);
    let history = loop {
        let history = metrics.overview(Vec::new()).history;
        if history.len() >= 2 {
            break history;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    let commands: u64 = history.iter().map(|sample| sample.counts.commands).sum();
    assert_eq!(commands, 1, "the command must be in exactly one sample");
    stop.cancel();
    sampling.await.unwrap();
}
