//! API keys and sessions in memory, which can be changed under way, break down on demand and note every use recorded.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use boardwire_auth::*;

pub(crate) const NOW: i64 = 1_790_000_000_000;
pub(crate) const MINUTE: i64 = 60_000;
pub(crate) const DAY: i64 = 24 * 60 * MINUTE;

/// What is out of order.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Broken {
    Nothing,
    Recording,
    Everything,
}

pub(crate) struct Vault {
    pub(crate) keys: Mutex<HashMap<String, ApiKeyRecord>>,
    pub(crate) sessions: Mutex<HashMap<String, SessionRecord>>,
    pub(crate) broken: Mutex<Broken>,
    /// Times at which a use was recorded, in order.
    pub(crate) uses: Mutex<Vec<i64>>,
    pub(crate) reads: AtomicUsize,
}

impl Vault {
    pub(crate) fn new() -> Self {
        Self {
            keys: Mutex::default(),
            sessions: Mutex::default(),
            broken: Mutex::new(Broken::Nothing),
            uses: Mutex::default(),
            reads: AtomicUsize::new(0),
        }
    }

    pub(crate) fn uses(&self) -> Vec<i64> {
        self.uses.lock().unwrap().clone()
    }

    pub(crate) fn reads(&self) -> usize {
        self.reads.load(Ordering::Relaxed)
    }

    pub(crate) fn break_down(&self, broken: Broken) {
        *self.broken.lock().unwrap() = broken;
    }

    fn read<T: Clone>(&self, records: &Mutex<HashMap<String, T>>, id: &str) -> Result<Option<T>, BoxError> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        match *self.broken.lock().unwrap() {
            Broken::Everything => Err("the database is away".into()),
            _ => Ok(records.lock().unwrap().get(id).cloned()),
        }
    }

    fn record(&self, now_ms: i64) -> Result<(), BoxError> {
        if *self.broken.lock().unwrap() != Broken::Nothing {
            return Err("the database is read-only".into());
        }
        self.uses.lock().unwrap().push(now_ms);
        Ok(())
    }
}

#[async_trait::async_trait]
impl ApiKeys for Vault {
    async fn api_key(&self, id: &str) -> Result<Option<ApiKeyRecord>, BoxError> {
        self.read(&self.keys, id)
    }

    async fn api_key_used(&self, id: &str, now_ms: i64) -> Result<(), BoxError> {
        self.record(now_ms)?;
        self.keys.lock().unwrap().entry(id.to_owned()).and_modify(|record| record.last_used = Some(now_ms));
        Ok(())
    }
}

#[async_trait::async_trait]
impl Sessions for Vault {
    async fn session(&self, id: &str) -> Result<Option<SessionRecord>, BoxError> {
        self.read(&self.sessions, id)
    }

    async fn session_used(&self, id: &str, now_ms: i64) -> Result<(), BoxError> {
        self.record(now_ms)?;
        self.sessions.lock().unwrap().entry(id.to_owned()).and_modify(|record| record.last_used = now_ms);
        Ok(())
    }
}

pub(crate) fn ada(permissions: &str) -> Account {
    Account {
        id: "ada".into(),
        name: "Ada".into(),
        permissions: permissions.parse().unwrap(),
        teams: vec!["red".into()],
    }
}

/// The reason, where there is no principal because of one.
pub(crate) fn refusal<T: std::fmt::Debug>(answer: Result<T, AuthError>) -> Refusal {
    match answer {
        Err(AuthError::Refused(refusal)) => refusal,
        other => panic!("not refused: {other:?}"),
    }
}
