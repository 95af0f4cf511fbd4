//! A lease as it is stored: JSON text in a column of `tasks`.

use boardwire_protocol::Lease;
use boardwire_services::storage::{StorageResult, TaskState};
use serde::{Deserialize, Serialize};

use crate::{row::Row, statement::json};

/// A lease as it is stored.
#[derive(Serialize, Deserialize)]
pub(super) struct StoredLease {
    pub(super) lease: Lease,
    /// Whether the claim that created the lease also assigned the task.
    pub(super) assigned: bool,
}

impl StoredLease {
    /// Returns the JSON text to store for a task; `None` if the task has no lease.
    pub(super) fn of(state: &TaskState) -> StorageResult<Option<String>> {
        let stored = |lease: &Lease| json(&Self { lease: lease.clone(), assigned: state.assigned_by_claim });
        state.task.lease.as_ref().map(stored).transpose()
    }

    /// Reads a lease from the column at this index.
    pub(super) fn read(row: &Row, at: usize) -> StorageResult<Option<Self>> {
        row.opt_str(at)?.map(|_| row.json(at)).transpose()
    }
}
