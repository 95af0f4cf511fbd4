//! The bytes of attachments, kept under their ids.

use std::{ops::Range, pin::Pin};

use async_trait::async_trait;
use boardwire_protocol::{AttachmentId, Timestamp};
use bytes::Bytes;
use futures_util::Stream;

use super::Stored;

/// The bytes of a file, piece by piece.
pub type Pieces = Pin<Box<dyn Stream<Item = Stored<Bytes>> + Send>>;

/// The room on a file system, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// What may still be written.
    pub free: u64,
    /// What there is, used or not.
    pub total: u64,
}

/// What attachments hold, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    /// Those of one user.
    pub by_user: u64,
    /// Those of everybody.
    pub in_all: u64,
}

/// Where files are kept.
#[async_trait]
pub trait Files: Send + Sync + 'static {
    /// Begins a file. It is there when it has been finished, and not before.
    async fn create(&self, id: &AttachmentId) -> Stored<Box<dyn NewFile>>;
    /// The bytes of a file, or these of them.
    async fn open(&self, id: &AttachmentId, part: Option<Range<u64>>) -> Stored<Option<Pieces>>;
    /// Removes a file. One that is not there is left alone.
    async fn remove(&self, id: &AttachmentId) -> Stored<()>;
    /// The files that were finished before this.
    async fn finished_before(&self, before: Timestamp) -> Stored<Vec<AttachmentId>>;
    /// The room that there is for files; `None`: it is not known.
    async fn room(&self) -> Stored<Option<Room>>;
    /// Removes what is left of files that were begun before this and will not be finished, because the program ended.
    async fn remove_unfinished(&self, before: Timestamp) -> Stored<()>;
}

/// A file that is being taken in.
#[async_trait]
pub trait NewFile: Send {
    /// Appends. Waits where the target is slower than the source.
    async fn write(&mut self, bytes: Bytes) -> Stored<()>;
    /// Makes the file durable.
    async fn finish(self: Box<Self>) -> Stored<()>;
    /// Gives the file up.
    async fn discard(self: Box<Self>);
}
