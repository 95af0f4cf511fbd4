//! Everything that Boardwire and its clients send each other, as types: commands, events, entities and error codes, and
//! the lists of them. It contains no sockets, storage or rules; most other crates use its types.
//!
//! # To add a command
//! 1. Write its payload and result in `command/`, with types that check their bounds.
//! 2. Add one line to the list in `catalog.rs`: name, type, payload, result, permission, role.
//! 3. The compiler now demands its implementation: in `services` for a `Change` or a `Query`, in `handlers` for a
//!    `ConnectionCommand`. The access matrix in `tests/` demands a row; `cargo xtask codegen` writes the references.
//!
//! # To add an event
//! Add it to the list in `event/list.rs`, with its data. The test `examples.rs` then demands an example of it.
#![doc = include_str!("../README.md")]

mod catalog;
mod command;
mod decode;
mod entity;
mod error;
mod event;
mod id;
mod number;
mod patch;
mod pattern;
mod reply;
mod text;
mod time;
mod words;

#[cfg(feature = "schema")]
pub mod schema;

#[expect(deprecated, reason = "its former name")]
pub use catalog::Session;
pub use catalog::{BoardRole, Change, Command, CommandGroup, CommandKind, ConnectionCommand, Permission, Query};
pub use command::{
    attachment, board, column, comment, connection, dependency, lease, listing, notification, presence, task,
};
pub use decode::{Decoded, Invalid};
pub use entity::{
    Attachment, Board, Column, Comment, Dependency, DependencyType, Lease, ListedBoard, Member, Notification,
    NotificationKind, Role, Status, Task, Viewer, ViewerStatus,
};
pub use error::{Code, ErrorBody, Violation};
pub use event::{ConnectedUser, EncodedEnvelope, Envelope, EnvelopeMeta, Ephemeral, Event, EventKind, Limits, data};
pub use id::{
    AttachmentId, BoardId, ColumnId, CommentId, Epoch, EventId, InvalidId, NotificationId, RequestId, Seq,
    SubscriptionId, TaskId, TeamId, UserId,
};
pub use number::{Priority, Ttl};
pub use patch::Patch;
pub use pattern::{InvalidPattern, KindSet, Pattern};
pub use reply::{failure, success};
pub use text::{
    AgentName, Body, Color, CursorText, DueDate, FileName, InvalidText, LongText, SearchText, Tag, Tags, Title,
    is_hidden,
};
pub use time::Timestamp;

/// The version of the wire contract that this crate implements.
pub const PROTOCOL_VERSION: u32 = 1;

/// The former name of [`connection`].
#[deprecated(since = "0.1.0", note = "renamed to `connection`")]
pub mod session {
    pub use crate::command::connection::*;
}
