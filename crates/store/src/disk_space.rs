//! The free space on a file system.

use std::{io, path::PathBuf};

use boardwire_services::storage::{DiskSpace, StorageResult};

use crate::error::unavailable;

/// Returns the space on the file system that `folder` is on; `None` if that has no size of its own. A file system may
/// be slow to answer, so that this asks on a thread that may block.
pub(crate) async fn room_at(folder: PathBuf) -> StorageResult<Option<DiskSpace>> {
    let asked = tokio::task::spawn_blocking(move || rustix::fs::statvfs(&folder).map_err(io::Error::from));
    let found = asked.await.map_err(io::Error::other).flatten().map_err(|error| unavailable("room", error))?;
    let bytes = |blocks: u64| blocks.saturating_mul(found.f_frsize);
    let room = DiskSpace { free: bytes(found.f_bavail), total: bytes(found.f_blocks) };
    Ok((room.total > 0).then_some(room))
}
