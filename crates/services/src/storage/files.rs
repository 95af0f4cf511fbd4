//! The bytes of attachments, stored under the attachments' ids.

use std::{ops::Range, pin::Pin};

use async_trait::async_trait;
use boardwire_protocol::{AttachmentId, Timestamp};
use bytes::Bytes;
use futures_util::Stream;

use super::StorageResult;

/// The bytes of a file, in chunks.
pub type ByteStream = Pin<Box<dyn Stream<Item = StorageResult<Bytes>> + Send>>;

/// The former name of [`ByteStream`].
#[deprecated(since = "0.1.0", note = "renamed to `ByteStream`")]
pub type Pieces = ByteStream;

/// The former name of [`DiskSpace`].
#[deprecated(since = "0.1.0", note = "renamed to `DiskSpace`")]
pub type Room = DiskSpace;

/// The space on a file system, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DiskSpace {
    /// How much can still be written.
    pub free: u64,
    /// The size of the file system.
    pub total: u64,
}

/// Stores files.
#[async_trait]
pub trait Files: Send + Sync + 'static {
    /// Begins a file. The file exists once it has been finished, and not before.
    async fn create(&self, id: &AttachmentId) -> StorageResult<Box<dyn NewFile>>;

    /// Returns the bytes of a file, or a range of them.
    async fn open(&self, id: &AttachmentId, part: Option<Range<u64>>) -> StorageResult<Option<ByteStream>>;

    /// Removes a file. One that does not exist is ignored.
    async fn remove(&self, id: &AttachmentId) -> StorageResult<()>;

    /// Returns the files that were finished before this time.
    async fn finished_before(&self, before: Timestamp) -> StorageResult<Vec<AttachmentId>>;

    /// Returns the space for files; `None` if it is not known.
    async fn room(&self) -> StorageResult<Option<DiskSpace>>;

    /// Removes what is left of files that were begun before this time and never finished because the program ended.
    async fn remove_unfinished(&self, before: Timestamp) -> StorageResult<()>;
}

/// A file that is being written.
#[async_trait]
pub trait NewFile: Send {
    /// Appends bytes. Waits if the target is slower than the source.
    async fn write(&mut self, bytes: Bytes) -> StorageResult<()>;

    /// Completes the file and makes it durable.
    async fn finish(self: Box<Self>) -> StorageResult<()>;

    /// Abandons the file.
    async fn discard(self: Box<Self>);
}
