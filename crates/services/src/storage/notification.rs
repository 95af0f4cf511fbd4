//! Notifications.

use async_trait::async_trait;
use boardwire_protocol::{Notification, NotificationId, Timestamp, UserId};

use super::StorageResult;

/// A filter for a user's notifications.
#[derive(Debug, Clone)]
pub struct WantedNotifications {
    /// The user.
    pub user: UserId,
    /// Whether to include those of boards that the user is not a member of.
    pub everywhere: bool,
    /// Whether to leave out those that have been read.
    pub unread_only: bool,
    /// Only those older than this one.
    pub before: Option<NotificationId>,
    /// The most notifications to return.
    pub limit: u32,
}

/// Notifications, within a unit of work.
#[async_trait]
pub trait NotificationRepository: Send {
    /// Inserts a notification.
    async fn insert_notification(&mut self, notification: &Notification) -> StorageResult<()>;

    /// Inserts notifications.
    async fn insert_notifications(&mut self, notifications: &[Notification]) -> StorageResult<()>;

    /// Marks one of the user's notifications as read, or all of them. One that does not exist is ignored.
    async fn mark_read(&mut self, user: &UserId, id: Option<&NotificationId>, now: Timestamp) -> StorageResult<()>;

    /// Returns how many notifications the user has not read. `everywhere`: also count those of boards that the user is
    /// not a member of.
    async fn count_unread(&mut self, user: &UserId, everywhere: bool) -> StorageResult<u64>;
}

/// Notifications, outside units of work.
#[async_trait]
pub trait NotificationStore: Send + Sync + 'static {
    /// Returns the notifications that match a filter, newest first, and how many are unread in all.
    async fn notifications(&self, filter: &WantedNotifications) -> StorageResult<(Vec<Notification>, u64)>;
}
