//! Opens a SQLite file, and hands units of work to its writer and reads to its readers.

use std::{
    fs::{self, OpenOptions},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    str::FromStr,
    sync::{Mutex, PoisonError},
    thread,
};

use boardwire_services::storage::StorageResult;
use sqlx::{
    ConnectOptions as _,
    sqlite::{SqliteConnectOptions, SqlitePoolOptions},
};
use tokio::runtime::Handle;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::writer::{BEGIN, COMMIT, File, Writer, WriterQueue};
use crate::{
    Options,
    claim::lock_beside,
    connection::Connection,
    error::{driver_error, unavailable},
    lost::Lost,
    migrations,
    open_error::OpenError,
    readers::{Pool, Readers},
    statement::Statement,
};

/// Earlier versions have a bug in resetting the WAL that can corrupt the database.
const MIN_VERSION: (u32, u32, u32) = (3, 51, 3);
const MIN_VERSION_TEXT: &str = "3.51.3";

/// How many bytes [`check_free_space`](SqliteDatabase::check_free_space) requires on the file system.
const MIN_FREE_BYTES: u64 = 1024 * 1024;

/// The mode of a new database file, which contains hashes of credentials. SQLite uses the same mode for the files
/// beside it.
const MODE: u32 = 0o600;

/// Held while a database file is created: closing a file releases all locks of the process on it, including SQLite's.
static CREATING: Mutex<()> = Mutex::new(());

/// The page cache of a reader, in KiB; negative, as SQLite expects it for this unit.
const READER_CACHE: &str = "-8192";

/// How many rows a reader's thread may be ahead of the task that takes them.
const ROWS_AHEAD: usize = 512;

const VERSION: Statement = Statement::new("sqlite.version", "SELECT sqlite_version()");

/// A database in a SQLite file.
#[derive(Debug)]
pub(crate) struct SqliteDatabase {
    readers: Readers,
    writer: WriterQueue,
    file: PathBuf,
    stop: CancellationToken,
    /// Tracks the writer's thread.
    tasks: TaskTracker,
    /// The claim, if this is a server.
    claim: Option<fs::File>,
}

pub(crate) async fn open(url: &str, options: &Options) -> Result<SqliteDatabase, OpenError> {
    let file = match file_of(url) {
        Err(OpenError::NoFolder { file }) if !options.create => return Err(OpenError::NoFile { file }),
        file => file?,
    };
    create_missing(&file, options)?;
    // The claim comes before migrating: until it is taken, another server may be using the schema.
    let claim = if options.server { Some(lock_beside(&file, options.wait).await?) } else { None };
    let for_writer = File { path: file.clone(), wait: options.wait };
    let for_readers = SqliteConnectOptions::new()
        .filename(&file)
        .busy_timeout(options.wait)
        .disable_statement_logging()
        .read_only(true)
        .row_buffer_size(ROWS_AHEAD)
        .pragma("cache_size", READER_CACHE)
        .thread_name(|number| format!("sqlite-reader-{number}"));

    let mut connection = for_writer.open()?;
    check_version(&mut connection).await?;
    migrate(&mut connection).await?;

    // All readers stay open, so that reading still works if the disk is full and no file can be opened.
    let readers = SqlitePoolOptions::new()
        .max_connections(options.readers.max(1))
        .min_connections(options.readers.max(1))
        .idle_timeout(None)
        .max_lifetime(None)
        .acquire_timeout(options.wait)
        .test_before_acquire(false)
        .connect_with(for_readers)
        .await
        .map_err(|error| driver_error("opening the database file for reading", error))?;

    let stop = CancellationToken::new();
    let tasks = TaskTracker::new();
    let (writer_task, writer) = Writer::new(for_writer, connection, stop.clone(), options);
    run_writer(writer_task, &tasks)?;
    tasks.close();
    let readers = Readers::new(Pool::Sqlite(readers), options);
    Ok(SqliteDatabase { readers, writer, file, stop, tasks, claim })
}

impl SqliteDatabase {
    /// Returns the path of the database file.
    pub(crate) fn file(&self) -> &Path {
        &self.file
    }

    /// Returns the queue of the writer.
    pub(crate) fn writer(&self) -> &WriterQueue {
        &self.writer
    }

    /// Checks that the writer is running.
    pub(crate) fn check_writer(&self) -> StorageResult<()> {
        self.writer.check()
    }

    /// Checks that the disk has space for writing. On a disk that is all but full, a small write might still succeed.
    pub(crate) fn check_free_space(&self) -> StorageResult<()> {
        let disk = rustix::fs::statvfs(&self.file).map_err(|error| unavailable("ping", error))?;
        if disk.f_bavail.saturating_mul(disk.f_frsize) < MIN_FREE_BYTES {
            return Err(unavailable("ping", "the disk is full"));
        }
        Ok(())
    }

    pub(crate) fn readers(&self) -> &Readers {
        &self.readers
    }

    /// Returns when the writer has ended. The claim can't be lost: the system ends a file's lock only with the process.
    pub(crate) async fn lost(&self) -> Lost {
        self.tasks.wait().await;
        tracing::error!("the thread that writes to the database has failed");
        Lost::Broken
    }

    pub(crate) async fn close(&self) {
        self.stop.cancel();
        self.tasks.wait().await;
        self.readers.close().await;
        if let Some(claim) = &self.claim
            && let Err(error) = claim.unlock()
        {
            tracing::debug!(%error, "unlocking the lock file failed; the lock ends with the process");
        }
    }
}

/// Runs the writer on a thread of its own, because its statements run in the thread that calls them.
fn run_writer(writer: Writer, tasks: &TaskTracker) -> Result<(), OpenError> {
    let (runtime, token) = (Handle::current(), tasks.token());
    let run = move || {
        runtime.block_on(writer.run());
        drop(token);
    };
    let thread = thread::Builder::new().name("store-writer".to_owned()).spawn(run);
    // Closing the store waits for the token, which is dropped when the thread ends or panics.
    thread.map(drop).map_err(|error| unavailable("starting the writer's thread", error).into())
}

/// Returns the path that the URL names.
fn file_of(url: &str) -> Result<PathBuf, OpenError> {
    if url.contains(":memory:") || url.contains("mode=memory") {
        return Err(OpenError::InMemory);
    }
    if url.contains('?') {
        return Err(OpenError::InvalidUrl("sqlite://PATH takes no parameters".to_owned()));
    }
    let parsed = SqliteConnectOptions::from_str(url).map_err(|error| OpenError::InvalidUrl(error.to_string()))?;
    let file = parsed.get_filename().to_owned();
    if file.as_os_str().is_empty() {
        return Err(OpenError::InvalidUrl("sqlite://PATH names no file".to_owned()));
    }
    match file.parent() {
        Some(folder) if folder != Path::new("") && !folder.is_dir() => Err(OpenError::NoFolder { file }),
        _ => Ok(file),
    }
}

/// Creates the database file, unless it exists.
fn create_missing(file: &Path, options: &Options) -> Result<(), OpenError> {
    let _creating = CREATING.lock().unwrap_or_else(PoisonError::into_inner);
    let exists = file.try_exists().map_err(|error| unavailable("looking for the database file", error))?;
    if exists {
        return Ok(());
    }
    if !options.create {
        return Err(OpenError::NoFile { file: file.to_owned() });
    }
    // Not `create_new`: the path may be a link to a file that does not exist yet, and another process may create it
    // first.
    let created = OpenOptions::new().write(true).create(true).truncate(false).mode(MODE).open(file);
    created.map(drop).map_err(|error| unavailable("creating the database file", error).into())
}

async fn check_version(connection: &mut rusqlite::Connection) -> Result<(), OpenError> {
    let found = Connection::writer(connection).fetch_one(&VERSION, &[]).await?.text(0)?;
    if is_supported(&found) { Ok(()) } else { Err(OpenError::OldSqlite { found, needed: MIN_VERSION_TEXT }) }
}

fn is_supported(version: &str) -> bool {
    let mut parts = version.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    let mut part = || parts.next().unwrap_or(0);
    (part(), part(), part()) >= MIN_VERSION
}

/// Runs all migrations in one transaction. If one fails, the connection is dropped, and the transaction with it.
async fn migrate(connection: &mut rusqlite::Connection) -> Result<(), OpenError> {
    let mut connection = Connection::writer(connection);
    connection.execute(&BEGIN, &[]).await?;
    migrations::migrate(&mut connection).await?;
    connection.execute(&COMMIT, &[]).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_as_numbers() {
        for good in ["3.51.3", "3.52.0", "3.100.0", "4.0.0"] {
            assert!(is_supported(good), "{good}");
        }
        for old in ["3.51.2", "3.9.99", "2.99.99", ""] {
            assert!(!is_supported(old), "{old}");
        }
        let (major, minor, patch) = MIN_VERSION;
        assert_eq!(format!("{major}.{minor}.{patch}"), MIN_VERSION_TEXT);
    }

    #[test]
    fn invalid_urls_are_refused() {
        for memory in ["sqlite::memory:", "sqlite://:memory:", "sqlite://x?mode=memory"] {
            assert!(matches!(file_of(memory), Err(OpenError::InMemory)), "{memory}");
        }
        for invalid in ["sqlite://", "sqlite:", "sqlite://x.db?mode=ro"] {
            assert!(matches!(file_of(invalid), Err(OpenError::InvalidUrl(_))), "{invalid}");
        }
        assert!(matches!(file_of("sqlite:///no/such/folder/x.db"), Err(OpenError::NoFolder { .. })));
        assert_eq!(file_of("sqlite://x.db").unwrap(), Path::new("x.db"));
    }
}
