//! The storage that services need, as traits. The `store` crate implements them on SQLite and Postgres; nothing here
//! contains SQL.
//!
//! Units of work read and write entities through repositories ([`TaskRepository`]); calls that stand alone are in
//! stores ([`TaskStore`]). An entity has one of them or both. [`Transaction`] is all repositories together; [`Store`]
//! is all stores, the boards' [`Log`] and the [`Writer`], which runs units of work. The bytes of files are in
//! [`Files`].
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
#[expect(deprecated, reason = "its former name")]
pub use attachment::Held;
pub use attachment::{AttachmentRepository, AttachmentStore, StoredBytes};
pub use board::{BoardRepository, BoardState, BoardStore};
pub use column::{ColumnRepository, ColumnState};
pub use comment::CommentRepository;
pub use dependency::DependencyRepository;
pub use error::{StorageError, StorageResult};
pub use field_versions::FieldVersions;
pub use files::{ByteStream, DiskSpace, Files, NewFile};
#[expect(deprecated, reason = "their former names")]
pub use files::{Pieces, Room};
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

/// The database outside units of work, and the way to run such units. Each call reads one consistent snapshot.
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
