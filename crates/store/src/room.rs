//! How much room there is on a file system.

use std::{io, path::PathBuf};

use boardwire_services::storage::{Room, StorageResult};

use crate::error::unavailable;

/// The room on the file system that `folder` is on; `None` where it has no size of its own. A file system may take its
/// time, so it is asked on a thread that may wait.
pub(crate) async fn room_at(folder: PathBuf) -> StorageResult<Option<Room>> {
    let asked = tokio::task::spawn_blocking(move || rustix::fs::statvfs(&folder).map_err(io::Error::from));
    let found = asked.await.map_err(io::Error::other).flatten().map_err(|error| unavailable("room", error))?;
    let bytes = |blocks: u64| blocks.saturating_mul(found.f_frsize);
    let room = Room { free: bytes(found.f_bavail), total: bytes(found.f_blocks) };
    Ok((room.total > 0).then_some(room))
}
