//! API keys and sessions in memory. The records can be changed, every recorded use is noted, and calls fail on demand.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use boardwire_auth::*;

/// Where the secret part begins in the text of a credential: after its prefix, its id and two underscores.
pub(crate) const SECRET_START: usize = "bwk_0123456789abcdef_".len();

pub(crate) const NOW: i64 = 1_790_000_000_000;
pub(crate) const MINUTE: i64 = 60_000;
pub(crate) const DAY: i64 = 24 * 60 * MINUTE;

/// Which calls fail.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Broken {
    Nothing,
    Recording,
    Everything,
}

pub(crate) struct MemoryStore {
    pub(crate) keys: Mutex<HashMap<String, ApiKeyRecord>>,
    pub(crate) sessions: Mutex<HashMap<String, SessionRecord>>,
    broken: Mutex<Broken>,
    /// When uses were recorded, in Unix milliseconds, in the order of recording.
    uses: Mutex<Vec<i64>>,
    reads: AtomicUsize,
}

impl MemoryStore {
    pub(crate) fn new() -> Self {
        Self {
            keys: Mutex::default(),
            sessions: Mutex::default(),
            broken: Mutex::new(Broken::Nothing),
            uses: Mutex::default(),
            reads: AtomicUsize::new(0),
        }
    }

    pub(crate) fn recorded_uses(&self) -> Vec<i64> {
        self.uses.lock().unwrap().clone()
    }

    pub(crate) fn read_count(&self) -> usize {
        self.reads.load(Ordering::Relaxed)
    }

    pub(crate) fn set_broken(&self, broken: Broken) {
        *self.broken.lock().unwrap() = broken;
    }

    fn read<T: Clone>(&self, records: &Mutex<HashMap<String, T>>, id: &str) -> Result<Option<T>, BoxError> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        match *self.broken.lock().unwrap() {
            Broken::Everything => Err("the database is unavailable".into()),
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
impl ApiKeys for MemoryStore {
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
impl Sessions for MemoryStore {
    async fn session(&self, id: &str) -> Result<Option<SessionRecord>, BoxError> {
        self.read(&self.sessions, id)
    }

    async fn session_used(&self, id: &str, now_ms: i64) -> Result<(), BoxError> {
        self.record(now_ms)?;
        self.sessions.lock().unwrap().entry(id.to_owned()).and_modify(|record| record.last_used = now_ms);
        Ok(())
    }
}

/// Returns the account of ada with these permissions.
pub(crate) fn ada(permissions: &str) -> Account {
    Account {
        id: "ada".into(),
        name: "Ada".into(),
        permissions: permissions.parse().unwrap(),
        teams: vec!["red".into()],
    }
}

/// Returns the refusal; panics if the answer is anything else.
pub(crate) fn expect_refusal<T: std::fmt::Debug>(answer: Result<T, AuthError>) -> Refusal {
    match answer {
        Err(AuthError::Refused(refusal)) => refusal,
        other => panic!("not refused: {other:?}"),
    }
}
