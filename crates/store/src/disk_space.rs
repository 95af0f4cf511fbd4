//! The free and total space of a file system.

use std::{io, path::PathBuf};

use boardwire_services::storage::{DiskSpace, StorageResult};

use crate::error::unavailable;

/// Returns the space on the file system of `path`; `None` if that reports no size. A file system may be slow to answer,
/// so this asks on a thread that may block.
pub(crate) async fn disk_space(path: PathBuf) -> StorageResult<Option<DiskSpace>> {
    let answer = tokio::task::spawn_blocking(move || rustix::fs::statvfs(&path).map_err(io::Error::from));
    let found = answer.await.map_err(io::Error::other).flatten().map_err(|error| unavailable("disk space", error))?;
    let bytes = |blocks: u64| blocks.saturating_mul(found.f_frsize);
    let space = DiskSpace { free: bytes(found.f_bavail), total: bytes(found.f_blocks) };
    Ok((space.total > 0).then_some(space))
}
