//! Units of work.

use std::{future::Future, pin::Pin};

use async_trait::async_trait;

use super::{
    AttachmentRepository, BoardRepository, ColumnRepository, CommentRepository, DependencyRepository, LeaseRepository,
    LogRepository, MemberRepository, NotificationRepository, RequestRepository, TaskRepository, UserRepository,
};
use crate::{ChangeOutcome, ServiceError};

/// Everything that a unit of work can read and write. Either all of its changes become durable, or none.
///
/// Inserts return `false` if the id is taken. Updating or deleting a row that does not exist is
/// [`StorageError::Broken`](super::StorageError::Broken) unless said otherwise.
pub trait Transaction:
    UserRepository
    + BoardRepository
    + MemberRepository
    + ColumnRepository
    + TaskRepository
    + LeaseRepository
    + CommentRepository
    + AttachmentRepository
    + DependencyRepository
    + NotificationRepository
    + LogRepository
    + RequestRepository
{
}

impl<T> Transaction for T where
    T: UserRepository
        + BoardRepository
        + MemberRepository
        + ColumnRepository
        + TaskRepository
        + LeaseRepository
        + CommentRepository
        + AttachmentRepository
        + DependencyRepository
        + NotificationRepository
        + LogRepository
        + RequestRepository
{
}

/// A boxed future.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The body of a unit of work. It is run at most once, on a thread or async task of the store.
pub type Job =
    Box<dyn for<'t> FnOnce(&'t mut dyn Transaction) -> BoxFuture<'t, Result<ChangeOutcome, ServiceError>> + Send>;

/// Runs units of work.
#[async_trait]
pub trait Writer: Send + Sync + 'static {
    /// Runs a unit of work. When this returns `Ok`, the change is durable. If the job fails, nothing is changed; if the
    /// commit fails, it is unknown whether the change was made. Units of work on one board become durable in the order
    /// of their `seq`.
    ///
    /// # Errors
    /// Returns the job's own error, or [`ServiceError::Storage`] if the unit could not be begun or committed.
    async fn write(&self, job: Job) -> Result<ChangeOutcome, ServiceError>;
}
