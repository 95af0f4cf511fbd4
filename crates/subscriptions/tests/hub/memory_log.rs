//! An in-memory log of one board, which can be down.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use async_trait::async_trait;
use boardwire_protocol::{BoardId, Seq};
use boardwire_services::storage::{Head, Log, LogEntry, StorageError, StorageResult};

#[derive(Default)]
pub(crate) struct MemoryLog {
    pub(crate) entries: Mutex<BTreeMap<Seq, Arc<LogEntry>>>,
    head: Mutex<Seq>,
    pub(crate) members: Mutex<BTreeSet<String>>,
    /// What the envelope of a new event contains after its number.
    pub(crate) padding: Mutex<String>,
    pub(crate) is_down: AtomicBool,
    /// How many reads have failed because it was down.
    pub(crate) failed_reads: AtomicU64,
}

impl MemoryLog {
    /// Appends the entry that `entry` makes with the next `seq` and the padding.
    pub(crate) fn append(&self, entry: impl FnOnce(Seq, &str) -> LogEntry) -> Arc<LogEntry> {
        let mut head = self.head.lock().unwrap();
        *head = head.next();
        let entry = Arc::new(entry(*head, &self.padding.lock().unwrap()));
        self.entries.lock().unwrap().insert(entry.seq, Arc::clone(&entry));
        entry
    }

    fn check_up(&self) -> StorageResult<()> {
        match self.is_down.load(Ordering::SeqCst) {
            true => {
                self.failed_reads.fetch_add(1, Ordering::SeqCst);
                Err(StorageError::Unavailable("the log is down".into()))
            }
            false => Ok(()),
        }
    }
}

#[async_trait]
impl Log for MemoryLog {
    async fn head(&self, _: &BoardId) -> StorageResult<Option<Head>> {
        self.check_up()?;
        let seq = *self.head.lock().unwrap();
        let oldest = self.entries.lock().unwrap().keys().next().copied().unwrap_or(seq.next());
        let members = self.members.lock().unwrap().iter().map(|user| user.as_str().try_into().unwrap()).collect();
        Ok(Some(Head { seq, oldest, epoch: "first".try_into().unwrap(), members }))
    }

    async fn read(&self, _: &BoardId, after: Seq, limit: u32) -> StorageResult<Vec<Arc<LogEntry>>> {
        self.check_up()?;
        tokio::task::yield_now().await;
        let entries = self.entries.lock().unwrap();
        Ok(entries.range(after.next()..).take(limit as usize).map(|(_, entry)| Arc::clone(entry)).collect())
    }
}
