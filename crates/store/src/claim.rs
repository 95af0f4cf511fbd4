//! A server's claim on its database. Servers do not share their events yet: the clients of one would miss the events of
//! another, so a second server refuses to start. Other programs need no claim, and are not kept out by one.

use std::{
    fs::{File, OpenOptions, TryLockError},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
    time::Duration,
};

use sqlx::{Connection as _, Executor as _, PgConnection, PgPool, postgres::PgRow};
use tokio::{
    sync::watch,
    time::{Instant, sleep, timeout},
};
use tokio_util::{
    sync::{CancellationToken, DropGuard},
    task::TaskTracker,
};

use crate::{
    error::{driver_error, unavailable},
    lost::Lost,
    open_error::OpenError,
};

/// The pause between two attempts to lock the file, while the process that holds it may be about to end.
const RETRY_INTERVAL: Duration = Duration::from_millis(20);

/// The pause between two checks of the connection that holds the claim.
const CHECK_INTERVAL: Duration = Duration::from_secs(1);

/// A server that has lost its claim tries to get it back for this many times [`Options::wait`](crate::Options::wait).
/// By then Postgres has noticed that the old connection is gone, so only another server can hold the claim.
const MAX_ATTEMPTS: u32 = 6;

/// Makes Postgres notice within 25 s that this machine is gone; its default is two hours.
const KEEPALIVE: &str = "SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3";

/// The session holds this lock, whatever happens to its transactions. Each schema counts as a database of its own.
const LOCK: &str = "SELECT pg_advisory_lock(hashtext('boardwire server'), hashtext(coalesce(current_schema(), '')))";

/// The SQLSTATE of a lock that did not become free in time.
const LOCK_NOT_AVAILABLE: &str = "55P03";

/// Locks a file beside the database file, not that file itself: closing it would release SQLite's locks. The system
/// releases the lock when the process ends, however it ends. Retries for as long as `wait`. The file is never removed.
pub(crate) async fn lock_beside(database: &Path, wait: Duration) -> Result<File, OpenError> {
    let open = || {
        // The path of the lock file is the same, whichever link the database is opened through.
        let mut path = database.canonicalize()?.into_os_string();
        path.push(".lock");
        OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path)
    };
    let file = open().map_err(|error| unavailable("opening the lock beside the database file", error))?;
    let begun = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) if begun.elapsed() >= wait => return Err(OpenError::InUse),
            Err(TryLockError::WouldBlock) => sleep(RETRY_INTERVAL).await,
            Err(TryLockError::Error(error)) => {
                return Err(unavailable("locking the lock file of the database", error).into());
            }
        }
    }
}

/// A lock in Postgres, on a connection of its own that a task watches. If the connection is lost, the task takes the
/// lock again on a new one. The claim is only lost for good if another server has taken the lock by then.
#[derive(Debug)]
pub(crate) struct PostgresClaim {
    /// Whether another server has the database. The task owns the sender: when it is dropped, the task has ended and
    /// released the lock.
    taken: watch::Receiver<bool>,
    task: TaskTracker,
    stop: CancellationToken,
    /// Ends the task if the claim is dropped without having been released.
    _stop: DropGuard,
}

impl PostgresClaim {
    /// Takes the lock on a connection from this pool. The pool's `lock_timeout` limits the wait for another
    /// server to end.
    pub(crate) async fn take(pool: &PgPool, wait: Duration) -> Result<Self, OpenError> {
        let connection = lock(pool).await?;
        let (stop, task) = (CancellationToken::new(), TaskTracker::new());
        let (sender, taken) = watch::channel(false);
        let holder = LockHolder { pool: pool.clone(), wait, taken: sender, stop: stop.clone() };
        task.spawn(holder.run(connection));
        task.close();
        Ok(Self { taken, task, _stop: stop.clone().drop_guard(), stop })
    }

    /// Returns when another server has the database, or when the task that watches the lock has failed.
    pub(crate) async fn lost(&self) -> Lost {
        match self.taken.clone().wait_for(|taken| *taken).await {
            Ok(_) => Lost::Taken,
            Err(_) => {
                tracing::error!("the task that holds this server's claim on the database has failed");
                Lost::Broken
            }
        }
    }

    /// Releases the lock.
    pub(crate) async fn release(&self) {
        self.stop.cancel();
        self.task.wait().await;
    }
}

/// The task that holds the lock.
struct LockHolder {
    pool: PgPool,
    wait: Duration,
    taken: watch::Sender<bool>,
    stop: CancellationToken,
}

impl LockHolder {
    async fn run(self, mut connection: PgConnection) {
        let stop = self.stop.clone();
        let watching = async {
            loop {
                self.wait_until_lost(&mut connection).await;
                tracing::warn!(
                    "the connection that holds the database for this server is lost; taking the claim again"
                );
                let Some(reacquired) = self.reacquire().await else { break };
                connection = reacquired;
                tracing::info!("the claim on the database is held again");
            }
            tracing::error!("another server has taken the database");
            self.taken.send_replace(true);
        };
        let _ = stop.run_until_cancelled(watching).await;
        // Closing the connection makes Postgres release the lock immediately.
        let _ = timeout(self.wait, connection.close()).await;
    }

    /// Returns when the connection is lost.
    async fn wait_until_lost(&self, connection: &mut PgConnection) {
        while matches!(timeout(self.wait, connection.ping()).await, Ok(Ok(()))) {
            sleep(CHECK_INTERVAL).await;
        }
    }

    /// Takes the lock again. Returns `None` if another server has it. Waits while the database does not answer.
    async fn reacquire(&self) -> Option<PgConnection> {
        let mut refusals = 0;
        while refusals < MAX_ATTEMPTS {
            match lock(&self.pool).await {
                Ok(connection) => return Some(connection),
                Err(OpenError::InUse) => refusals += 1,
                Err(error) => {
                    tracing::warn!(%error, "the claim on the database can't be taken; trying again");
                    refusals = 0;
                    sleep(CHECK_INTERVAL).await;
                }
            }
        }
        None
    }
}

async fn lock(pool: &PgPool) -> Result<PgConnection, OpenError> {
    let pooled = pool.acquire().await.map_err(|error| driver_error("connecting to Postgres", error))?;
    let mut connection = pooled.detach();
    connection.execute(KEEPALIVE).await.map_err(|error| driver_error("setting up a connection", error))?;
    let locked: Result<PgRow, sqlx::Error> = sqlx::query(LOCK).fetch_one(&mut connection).await;
    match locked {
        Ok(_) => Ok(connection),
        Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some(LOCK_NOT_AVAILABLE) => {
            Err(OpenError::InUse)
        }
        Err(error) => Err(driver_error("claiming the database", error).into()),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    };

    use boardwire_test_support::{Database, Kind};
    use sqlx::postgres::PgPoolOptions;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(60);

    /// Ends the connection that holds the claim.
    const END_HOLDER: &str =
        "SELECT pg_terminate_backend(pid, 10000) FROM pg_locks WHERE locktype = 'advisory' AND granted
                              AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";

    #[tokio::test(flavor = "multi_thread")]
    async fn a_claim_whose_task_has_failed_is_lost() {
        let database = Database::create(Kind::Postgres).await.unwrap();
        let panics = Arc::new(AtomicBool::new(false));
        let connecting = Arc::clone(&panics);
        let pool = PgPoolOptions::new().after_connect(move |_, _| {
            assert!(!connecting.load(Ordering::SeqCst), "provoked by the test");
            Box::pin(async { Ok(()) })
        });
        let pool = pool.connect(database.url()).await.unwrap();
        let claim = PostgresClaim::take(&pool, PATIENCE).await.unwrap();

        panics.store(true, Ordering::SeqCst);
        database.query(END_HOLDER).await.unwrap();
        let lost = timeout(PATIENCE, claim.lost()).await.expect("the loss is not reported");
        assert_eq!(lost, Lost::Broken);
        claim.release().await;
        pool.close().await;
    }
}
