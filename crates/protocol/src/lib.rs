//! What travels between Boardwire and its clients: commands, events, entities, error codes, and the catalog that lists
//! them. It knows nothing of sockets, storage or rules; every other crate speaks in these types.
//!
//! # To add a command
//! 1. Write its payload and reply in `command/`, with bounded types so that a wrong shape cannot be built.
//! 2. Add one line to the list in `catalog.rs`: wire name, group, payload, reply, permission, role.
//! 3. The compiler now asks for an arm in `services` (a `Change` or a `Query`) or `handlers` (a `Session`), the access
//!    matrix in `tests/` asks for a row, and `cargo xtask codegen` writes the references.
//!
//! # To add an event
//! Write its data in `event/data/` and add one line to the list in `event/mod.rs`. The test of the examples asks for one.
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

pub use catalog::{BoardRole, Change, Command, CommandGroup, CommandKind, Permission, Query, Session};
pub use command::{
    attachment, board, column, comment, dependency, lease, listing, notification, presence, session, task,
};
pub use decode::{Decoded, Invalid, Violation};
pub use entity::{
    Attachment, Board, Column, Comment, Dependency, DependencyType, Lease, ListedBoard, Member, Notification,
    NotificationKind, Role, Status, Task, Viewer, ViewerStatus,
};
pub use error::{Code, ErrorBody};
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
