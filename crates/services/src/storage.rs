//! The storage that services need, as traits. The `store` crate implements them on SQLite and Postgres; nothing here
//! contains SQL.
//!
//! Each entity has a repository, with which a unit of work reads and writes it ([`TaskRepository`]), and where needed a
//! store, whose calls stand alone ([`TaskStore`]). [`Transaction`] is all repositories together, [`Store`] all stores.
//!
//! Look-ups return `Option`: the caller decides whether absence is an error.

mod account;
mod api_key;
mod attachment;
mod board;
mod column;
mod comment;
mod dependency;
mod error;
mod field_versions;
mod files;
mod lease;
mod log;
mod maintenance;
mod member;
mod notification;
mod request;
mod search;
mod session;
mod snapshot;
mod task;
mod transaction;
mod user;

pub use account::{AccountChange, AccountStore, SaveUser};
pub use api_key::{ApiKey, ApiKeyStore};
pub use attachment::{AttachmentRepository, AttachmentStore, Held};
pub use board::{BoardRepository, BoardState, BoardStore};
pub use column::{ColumnRepository, ColumnState};
pub use comment::CommentRepository;
pub use dependency::DependencyRepository;
pub use error::{StorageError, StorageResult};
pub use field_versions::FieldVersions;
pub use files::{Files, NewFile, Pieces, Room};
pub use lease::{BoardWorkload, ExpiredLease, LeaseRepository, LeaseStore, TaskCandidate};
pub use log::{Head, Log, LogEntry, LogRepository, Origin};
pub use maintenance::{MaintenanceStore, Prune};
pub use member::{MemberRepository, MemberStore, Membership};
pub use notification::{NotificationRepository, NotificationStore, WantedNotifications};
pub use request::{RequestRepository, UsedRequest};
pub use search::{Match, SearchStore, WantedMatches};
pub use session::{Session, SessionStore};
pub use snapshot::{SnapshotStore, WantedBoard};
pub use task::{TaskRepository, TaskState, TaskStore, WantedTasks};
pub use transaction::{BoxFuture, Job, Transaction, Writer};
pub use user::{User, UserAccess, UserRepository, UserStore};

/// All of storage. Each call sees one consistent moment.
pub trait Store:
    Writer
    + UserStore
    + BoardStore
    + MemberStore
    + TaskStore
    + LeaseStore
    + AttachmentStore
    + NotificationStore
    + SnapshotStore
    + SearchStore
    + Log
    + AccountStore
    + SessionStore
    + ApiKeyStore
    + MaintenanceStore
{
}

impl<T> Store for T where
    T: Writer
        + UserStore
        + BoardStore
        + MemberStore
        + TaskStore
        + LeaseStore
        + AttachmentStore
        + NotificationStore
        + SnapshotStore
        + SearchStore
        + Log
        + AccountStore
        + SessionStore
        + ApiKeyStore
        + MaintenanceStore
{
}
