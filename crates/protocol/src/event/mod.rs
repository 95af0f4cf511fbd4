//! The list of all events, the only one: durable events, which are in a board's log, and ephemeral ones, which are not.

pub mod data;
mod envelope;

pub use data::{ConnectedUser, Limits};
pub use envelope::{EncodedEnvelope, Envelope, EnvelopeMeta};
use serde::Serialize;

use crate::{TaskId, UserId};

/// A field of an event's data, if the list names one.
macro_rules! field {
    ($type:ty, $data:ident) => {{
        let _ = $data;
        None
    }};
    ($type:ty, $data:ident, $($field:ident).+) => { Option::<&$type>::from(&$data.$($field).+) };
}

/// For a durable event the list names besides where its data has the task that it concerns, and the user that it is about.
macro_rules! events {
    (
        durable { $(
            $(#[doc = $doc:literal])+
            $name:literal => $variant:ident($data:ty $(, task = $($task:ident).+)? $(, subject = $($subject:ident).+)?);
        )* }
        ephemeral { $($(#[doc = $edoc:literal])+ $ename:literal => $evariant:ident($edata:ty);)* }
    ) => {
        /// An event without its data.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u32)]
        pub enum EventKind { $($(#[doc = $doc])+ $variant,)* $($(#[doc = $edoc])+ $evariant,)* }

        impl EventKind {
            /// All events, durable ones first, in the order of the list.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)* $(Self::$evariant,)*];

            /// Returns the name on the wire.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* $(Self::$evariant => $ename,)* }
            }

            /// Returns the event with this name.
            #[must_use]
            pub fn from_name(name: &str) -> Option<Self> {
                match name { $($name => Some(Self::$variant),)* $($ename => Some(Self::$evariant),)* _ => None }
            }

            /// Returns whether it is in a board's log, with a `seq`.
            #[must_use]
            pub fn is_durable(self) -> bool {
                matches!(self, $(Self::$variant)|*)
            }

            /// Returns a sentence that says when it is sent.
            #[must_use]
            pub fn summary(self) -> &'static str {
                match self { $(Self::$variant => concat!($($doc),+),)* $(Self::$evariant => concat!($($edoc),+),)* }
            }

            /// Returns the JSON Schema of its data.
            #[cfg(feature = "schema")]
            pub fn schema(self, generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                match self {
                    $(Self::$variant => generator.subschema_for::<$data>(),)*
                    $(Self::$evariant => generator.subschema_for::<$edata>(),)*
                }
            }
        }

        /// A durable event: a change of a board.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize)]
        #[serde(untagged)]
        pub enum Event { $($(#[doc = $doc])+ $variant($data),)* }

        impl Event {
            /// Returns which event it is.
            #[must_use]
            pub fn kind(&self) -> EventKind {
                match self { $(Self::$variant(_) => EventKind::$variant,)* }
            }

            /// Returns the task that it concerns.
            #[must_use]
            pub fn task_id(&self) -> Option<&TaskId> {
                match self { $(Self::$variant(data) => field!(TaskId, data $(, $($task).+)?),)* }
            }

            /// Returns the user that it is about, who is in its data.
            #[must_use]
            pub fn subject(&self) -> Option<&UserId> {
                match self { $(Self::$variant(data) => field!(UserId, data $(, $($subject).+)?),)* }
            }
        }

        /// An ephemeral event, which is not stored.
        #[derive(Debug, Clone, PartialEq, Serialize)]
        #[serde(untagged)]
        pub enum Ephemeral { $($(#[doc = $edoc])+ $evariant($edata),)* }

        impl Ephemeral {
            /// Returns which event it is.
            #[must_use]
            pub fn kind(&self) -> EventKind {
                match self { $(Self::$evariant(_) => EventKind::$evariant,)* }
            }
        }
    };
}

events! {
    durable {
        /// A task was created.
        "task:created" => TaskCreated(data::TaskCreated, task = task.id);
        /// Fields of a task changed.
        "task:updated" => TaskUpdated(data::TaskUpdated, task = task.id);
        /// A task moved to another place or column.
        "task:moved" => TaskMoved(data::TaskMoved, task = task.id);
        /// A task was given to somebody, or to nobody.
        "task:assigned" => TaskAssigned(data::TaskAssigned, task = task.id, subject = assignee);
        /// A task was completed.
        "task:completed" => TaskCompleted(data::TaskCompleted, task = task.id);
        /// A task was deleted.
        "task:deleted" => TaskDeleted(data::TaskDeleted, task = task_id);
        /// Somebody took a task to work on; it may have moved to another column.
        "task:claimed" => TaskClaimed(data::TaskClaimed, task = task.id);
        /// Somebody holds a task for longer.
        "task:renewed" => TaskRenewed(data::TaskRenewed, task = task.id);
        /// Nobody holds a task any more: it was given back or taken away, or the time was over.
        "task:released" => TaskReleased(data::TaskReleased, task = task.id);
        /// A comment was added to a task.
        "task:comment:added" => TaskCommentAdded(data::TaskCommentAdded, task = task_id);
        /// A comment has another text.
        "task:comment:updated" => TaskCommentUpdated(data::TaskCommentUpdated, task = task_id);
        /// A comment was deleted.
        "task:comment:deleted" => TaskCommentDeleted(data::TaskCommentDeleted, task = task_id);
        /// A file was attached to a task.
        "task:attachment:added" => TaskAttachmentAdded(data::TaskAttachmentAdded, task = task_id);
        /// A file was removed from a task.
        "task:attachment:removed" => TaskAttachmentRemoved(data::TaskAttachmentRemoved, task = task_id);
        /// A task depends on another.
        "task:dependency:added" => TaskDependencyAdded(data::TaskDependencyAdded, task = dependency.task_id);
        /// A task does not depend on another any more.
        "task:dependency:removed" => TaskDependencyRemoved(data::TaskDependencyRemoved, task = dependency.task_id);
        /// A board was created.
        "board:created" => BoardCreated(data::BoardCreated, subject = created_by);
        /// Fields of a board changed.
        "board:updated" => BoardUpdated(data::BoardUpdated);
        /// A board was archived.
        "board:archived" => BoardArchived(data::BoardArchived);
        /// A board was restored.
        "board:restored" => BoardRestored(data::BoardRestored);
        /// A member was added, or has another role.
        "board:member:set" => BoardMemberSet(data::BoardMemberSet, subject = member.user_id);
        /// A member was removed.
        "board:member:removed" => BoardMemberRemoved(data::BoardMemberRemoved, subject = user_id);
        /// A column was created.
        "column:created" => ColumnCreated(data::ColumnCreated);
        /// Fields of a column changed.
        "column:updated" => ColumnUpdated(data::ColumnUpdated);
        /// The columns have a new order.
        "column:reordered" => ColumnReordered(data::ColumnReordered);
        /// A column was deleted.
        "column:deleted" => ColumnDeleted(data::ColumnDeleted);
    }
    ephemeral {
        /// A user came to a board: the first of the user's connections there.
        "user:joined" => UserJoined(data::UserJoined);
        /// A user left a board: the last of the user's connections there, 5 seconds after it was lost.
        "user:left" => UserLeft(data::UserLeft);
        /// A user who is present on a board is away, is back, has another task open, or has no connection any more.
        "user:presence" => UserPresence(data::UserPresence);
        /// A user began to type.
        "typing:start" => TypingStart(data::Typing);
        /// A user types no more.
        "typing:stop" => TypingStop(data::Typing);
        /// A task that is assigned to the user changed, or was assigned.
        "notification:task" => NotificationTask(data::Notified);
        /// The user was mentioned.
        "notification:mention" => NotificationMention(data::Notified);
        /// The operator sent a message.
        "notification:system" => NotificationSystem(data::Notified);
        /// Notifications that came within a second after another.
        "notifications:batch" => NotificationsBatch(data::NotificationsBatch);
        /// Another connection of the user has marked notifications as read.
        "notification:read" => NotificationRead(data::NotificationRead);
        /// The connection is ready.
        "connection:status" => ConnectionStatus(data::ConnectionStatus);
        /// The server is about to stop: connect again after `reconnectAfterMs`.
        "server:closing" => ServerClosing(data::ServerClosing);
        /// Something concerns the connection as a whole; also sent on `RATE_LIMIT`.
        "error" => Error(data::ErrorEvent);
    }
}
