//! Files in a folder, or in any other store that `object_store` supports.

use std::{
    fs::DirBuilder,
    ops::Range,
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, UNIX_EPOCH},
};

use async_trait::async_trait;
use boardwire_protocol::{AttachmentId, Timestamp};
use boardwire_services::storage::{ByteStream, DiskSpace, Files, NewFile, StorageResult};
use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _};
use object_store::{
    GetOptions, GetRange, ObjectStore, ObjectStoreExt as _, WriteMultipart, local::LocalFileSystem, path::Path as Key,
    prefix::PrefixStore,
};
use url::Url;

use crate::{disk_space::disk_space, error::unavailable};

/// How many parts of a file may be in transit to the target at the same time.
const MAX_PARTS_IN_TRANSIT: usize = 4;

/// Why a target for files can't be used.
#[derive(Debug, thiserror::Error)]
pub enum FilesError {
    /// The folder can't be created or used.
    #[error("the folder {folder} for attachments can't be used: {error}")]
    Folder {
        /// The path of the folder.
        folder: String,
        /// The system's error.
        error: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The URL is invalid, or names a kind of target that this program was built without.
    #[error("the URL for attachments can't be used: {0}")]
    Url(Box<dyn std::error::Error + Send + Sync>),
}

/// Where files are stored.
#[derive(Debug)]
struct Target {
    objects: Arc<dyn ObjectStore>,
    /// The folder, if the files are in one.
    folder: Option<PathBuf>,
}

/// Stores files in a folder, which is created for its owner alone if it is missing. Finished files are synced to the
/// disk.
///
/// # Errors
/// Returns [`FilesError::Folder`].
pub fn files_in(folder: &Path) -> Result<Arc<dyn Files>, FilesError> {
    let failed = |error| FilesError::Folder { folder: folder.display().to_string(), error };
    DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(|error| failed(error.into()))?;
    let target = LocalFileSystem::new_with_prefix(folder).map_err(|error| failed(error.into()))?;
    Ok(Arc::new(Target { objects: Arc::new(target.with_fsync(true)), folder: Some(folder.to_owned()) }))
}

/// Stores files at a URL such as `s3://bucket/prefix`. `options` are the target's own settings (`aws_access_key_id`,
/// …).
///
/// # Errors
/// Returns [`FilesError`].
pub fn files_at(url: &str, options: impl IntoIterator<Item = (String, String)>) -> Result<Arc<dyn Files>, FilesError> {
    let url = Url::parse(url).map_err(|error| FilesError::Url(error.into()))?;
    if url.scheme() == "file" {
        let folder = url.to_file_path().map_err(|()| FilesError::Url("it names no folder".into()))?;
        return files_in(&folder);
    }
    let (target, prefix) =
        object_store::parse_url_opts(&url, options).map_err(|error| FilesError::Url(error.into()))?;
    Ok(Arc::new(Target { objects: Arc::new(PrefixStore::new(target, prefix)), folder: None }))
}

fn key(id: &AttachmentId) -> Key {
    Key::from(id.as_str())
}

#[async_trait]
impl Files for Target {
    #[tracing::instrument(level = "debug", name = "files.create", skip_all)]
    async fn create(&self, id: &AttachmentId) -> StorageResult<Box<dyn NewFile>> {
        let upload = self.objects.put_multipart(&key(id)).await.map_err(|error| unavailable("files.create", error))?;
        Ok(Box::new(Upload(WriteMultipart::new(upload))))
    }

    #[tracing::instrument(level = "debug", name = "files.open", skip_all)]
    async fn open(&self, id: &AttachmentId, part: Option<Range<u64>>) -> StorageResult<Option<ByteStream>> {
        let options = GetOptions { range: part.map(GetRange::Bounded), ..GetOptions::default() };
        match self.objects.get_opts(&key(id), options).await {
            Ok(found) => Ok(Some(found.into_stream().map_err(|error| unavailable("files.open", error)).boxed())),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(unavailable("files.open", error)),
        }
    }

    #[tracing::instrument(level = "debug", name = "files.remove", skip_all)]
    async fn remove(&self, id: &AttachmentId) -> StorageResult<()> {
        match self.objects.delete(&key(id)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(unavailable("files.remove", error)),
        }
    }

    #[tracing::instrument(level = "debug", name = "files.list", skip_all)]
    async fn finished_before(&self, before: Timestamp) -> StorageResult<Vec<AttachmentId>> {
        let listed = self.objects.list(None).try_filter_map(async |file| {
            let old = file.last_modified.timestamp_millis() < before.0;
            let id = file.location.filename().and_then(|name| AttachmentId::try_from(name).ok());
            Ok(id.filter(|_| old))
        });
        listed.try_collect().await.map_err(|error| unavailable("files.list", error))
    }

    #[tracing::instrument(level = "debug", name = "files.room", skip_all)]
    async fn room(&self) -> StorageResult<Option<DiskSpace>> {
        match &self.folder {
            Some(folder) => disk_space(folder.clone()).await,
            None => Ok(None),
        }
    }

    /// In a folder, the name of an unfinished file is `ID#NUMBER`. Other targets remove unfinished files by their own
    /// rules.
    #[tracing::instrument(level = "debug", name = "files.remove_unfinished", skip_all)]
    async fn remove_unfinished(&self, before: Timestamp) -> StorageResult<()> {
        let Some(folder) = self.folder.clone() else { return Ok(()) };
        let done = tokio::task::spawn_blocking(move || remove_unfinished_in(&folder, before));
        done.await
            .map_err(std::io::Error::other)
            .flatten()
            .map_err(|error| unavailable("files.remove_unfinished", error))
    }
}

fn remove_unfinished_in(folder: &Path, before: Timestamp) -> std::io::Result<()> {
    let before = UNIX_EPOCH + Duration::from_millis(before.0.unsigned_abs());
    for file in std::fs::read_dir(folder)? {
        let file = file?;
        let name = file.file_name();
        let parts = name.to_str().and_then(|name| name.split_once('#'));
        let is_unfinished =
            parts.is_some_and(|(id, number)| AttachmentId::try_from(id).is_ok() && number.parse::<u64>().is_ok());
        if is_unfinished && file.metadata()?.modified()? < before {
            std::fs::remove_file(file.path())?;
        }
    }
    Ok(())
}

struct Upload(WriteMultipart);

#[async_trait]
impl NewFile for Upload {
    async fn write(&mut self, bytes: Bytes) -> StorageResult<()> {
        self.0.wait_for_capacity(MAX_PARTS_IN_TRANSIT).await.map_err(|error| unavailable("files.write", error))?;
        self.0.put(bytes);
        Ok(())
    }

    async fn finish(self: Box<Self>) -> StorageResult<()> {
        self.0.finish().await.map(drop).map_err(|error| unavailable("files.finish", error))
    }

    async fn discard(self: Box<Self>) {
        if let Err(error) = self.0.abort().await {
            tracing::debug!(%error, "a discarded upload could not be removed");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn unfinished_uploads_are_removed_once_they_are_old() {
        let folder = tempfile::tempdir().unwrap();
        let files = files_in(folder.path()).unwrap();
        let id = AttachmentId::try_from("0198f6a0-0000-7000-8000-000000000001").unwrap();
        let mut upload = files.create(&id).await.unwrap();
        upload.write(Bytes::from_static(b"half")).await.unwrap();
        // This is what a killed program leaves behind.
        std::mem::forget(upload);
        std::fs::write(folder.path().join("notes#draft"), "somebody else's").unwrap();
        let file_count = || std::fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(file_count(), 2);
        files.remove_unfinished(Timestamp(0)).await.unwrap();
        assert_eq!(file_count(), 2, "it may still be in progress");
        files.remove_unfinished(Timestamp(i64::MAX)).await.unwrap();
        assert_eq!(file_count(), 1);
        assert!(files.open(&id, None).await.unwrap().is_none());
    }
}
