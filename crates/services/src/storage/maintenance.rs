//! Maintenance of storage: a health check, the free space, and the deletion of old rows.

use async_trait::async_trait;
use boardwire_protocol::Timestamp;

use super::{DiskSpace, StorageResult};

/// The times before which old rows are deleted.
#[derive(Debug, Clone, Copy)]
pub struct Prune {
    /// Request ids that were used before this are deleted.
    pub requests: Timestamp,
    /// Events that were committed before this are deleted; `None` keeps all events.
    pub events: Option<Timestamp>,
    /// Notifications that were created before this are deleted, read or not.
    pub notifications: Timestamp,
    /// Sessions that ended before this, and changes of accounts made before this, are deleted.
    pub accounts: Timestamp,
}

/// Maintenance.
#[async_trait]
pub trait MaintenanceStore: Send + Sync + 'static {
    /// Checks that storage can read and write.
    async fn ping(&self) -> StorageResult<()>;

    /// Returns the space on the file system that holds the database; `None` if that is not on this machine.
    async fn room(&self) -> StorageResult<Option<DiskSpace>>;

    /// Deletes old rows.
    async fn prune(&self, before: &Prune) -> StorageResult<()>;
}
