//! A gate on a fresh database, without a server, and with a clock that fails or stops on demand.

use std::{
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use boardwire_auth::{
    Authenticators, BoxError, CredentialId, Permissions, Principal, SessionAuthenticator, SessionPolicy, SessionRecord,
    Sessions,
};
use boardwire_gate::{ConnectionLimits, Gate, GateParts};
use boardwire_metrics::Metrics;
use boardwire_protocol::{Timestamp, UserId};
use boardwire_rate_limit::{AddressLimiter, Quota, Weights};
use boardwire_services::{
    Caller, Services,
    clock::{Clock, SystemClock, Uuid},
    storage::SaveUser,
};
use boardwire_store::{Opened, Options, open};
use boardwire_subscriptions::Hub;

/// How long a test waits for something that must happen.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
/// The name of the thread whose reading of the clock takes as long as the test wants.
pub(crate) const SLOW_THREAD: &str = "slow";

/// The window of the rate limit for commands: longer than any test, so that a test's pace does not matter.
const HOUR: Duration = Duration::from_secs(3600);

/// The system's clock, with faults.
#[derive(Default)]
pub(crate) struct FaultyClock {
    /// Set to make the next reading of the monotonic clock panic.
    pub(crate) panics: AtomicBool,
    /// How often the monotonic clock was read.
    pub(crate) readings: AtomicU64,
    /// Notified when the slow thread reads the clock; the thread continues when the other end is dropped.
    pub(crate) slow: std::sync::Mutex<Option<(mpsc::Sender<()>, mpsc::Receiver<()>)>>,
}

impl Clock for FaultyClock {
    fn now(&self) -> Timestamp {
        if thread::current().name() == Some(SLOW_THREAD)
            && let Some((reached, released)) = self.slow.lock().unwrap().take()
        {
            reached.send(()).unwrap();
            let _ = released.recv();
        }
        SystemClock.now()
    }

    fn monotonic(&self) -> Instant {
        assert!(!self.panics.swap(false, Ordering::SeqCst), "provoked by the test");
        self.readings.fetch_add(1, Ordering::SeqCst);
        SystemClock.monotonic()
    }

    fn new_uuid(&self) -> Uuid {
        SystemClock.new_uuid()
    }
}

struct NoSessions;

#[async_trait]
impl Sessions for NoSessions {
    async fn session(&self, _: &str) -> Result<Option<SessionRecord>, BoxError> {
        Ok(None)
    }

    async fn session_used(&self, _: &str, _: i64) -> Result<(), BoxError> {
        Ok(())
    }
}

/// What a test runs on: a gate on a fresh SQLite database.
pub(crate) struct Scene {
    pub(crate) gate: Arc<Gate>,
    pub(crate) clock: Arc<FaultyClock>,
    opened: Opened,
    _folder: tempfile::TempDir,
}

impl Scene {
    pub(crate) async fn new() -> Self {
        Self::with_authenticators(Authenticators::default()).await
    }

    pub(crate) async fn with_authenticators(authenticators: Authenticators) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("board.db").display());
        let opened = open(&url, Options::default()).await.unwrap();
        let clock = Arc::new(FaultyClock::default());
        let shared = Arc::clone(&clock) as Arc<dyn Clock>;
        let hub = Hub::new(opened.store(), Arc::clone(&shared), 2);
        let metrics = Metrics::new(Arc::clone(&hub), Arc::clone(&shared), Arc::default());
        let gate = Gate::open(GateParts {
            services: Services::new(opened.store(), Arc::clone(&hub) as _, shared),
            hub,
            authenticators,
            session_use: Arc::new(SessionAuthenticator::new(Arc::new(NoSessions), SessionPolicy::default())),
            commands: Quota { window: HOUR, max_requests: 10, burst_window: HOUR, burst: 10 },
            weights: Weights::from([("query", 1)]),
            activity: Quota::default(),
            failures: AddressLimiter::new(NonZeroU32::MIN, NonZeroU32::MIN),
            metrics,
            connection_limits: ConnectionLimits { in_all: 2, per_user: 1, per_address: 2 },
        });
        Self { gate, clock, opened, _folder: folder }
    }

    /// Changes the account of the operator.
    pub(crate) async fn change_account(&self) {
        let user = SaveUser {
            id: UserId::try_from("ada").unwrap(),
            name: None,
            agent: None,
            permissions: Some(Vec::new()),
            default_permissions: Vec::new(),
            teams: None,
            password: None,
            now: SystemClock.now(),
        };
        self.opened.store().save_user(&user).await.unwrap();
    }

    pub(crate) async fn close(self) {
        self.gate.finish().await;
        drop(self.gate);
        self.opened.close().await;
    }
}

/// Returns the operator, who may do everything.
pub(crate) fn operator() -> Caller {
    operator_by("first")
}

/// Returns the operator with this token.
pub(crate) fn operator_by(token: &str) -> Caller {
    let account = boardwire_auth::Account {
        id: "ada".into(),
        name: "Ada".into(),
        permissions: Permissions::ALL,
        teams: Vec::new(),
    };
    Caller::new(Arc::new(Principal::of(account, None, None, CredentialId::Token { id: Some(token.into()) }))).unwrap()
}
