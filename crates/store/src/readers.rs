//! Reading outside units of work. Each read is run on a task of the store's own: whoever asked may be slow in coming back
//! for the answer, as one is who waits for a client, and holds no connection meanwhile.

use std::{
    panic::AssertUnwindSafe,
    sync::Arc,
    time::{Duration, Instant},
};

use boardwire_services::storage::{BoxFuture, Stored};
use futures_util::FutureExt as _;
use sqlx::{PgPool, Postgres, Sqlite, SqlitePool, Transaction, pool::PoolConnection};
use tokio::{sync::Semaphore, time::timeout};
use tokio_util::task::{AbortOnDropHandle, TaskTracker};
use tracing::Instrument as _;

use crate::{
    Options,
    connection::Connection,
    error::{broken, failed, unavailable},
    postgres,
    work::message_of,
};

const READING: &str = "reading";

/// After how many of its instructions SQLite looks whether the time is over: well under a millisecond.
const INSTRUCTIONS: i32 = 4_096;

/// The connections for reading.
#[derive(Debug, Clone)]
pub(crate) enum Pool {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

/// A connection for reading. Dropping it gives it back, and ends the transaction that it may be in.
pub(crate) enum Lease {
    Sqlite(PoolConnection<Sqlite>),
    Postgres(PoolConnection<Postgres>),
    /// One moment, over several statements.
    SqliteMoment(Transaction<'static, Sqlite>),
    /// The same.
    PostgresMoment(Transaction<'static, Postgres>),
}

impl Lease {
    pub(crate) fn connection(&mut self) -> Connection<'_> {
        match self {
            Self::Sqlite(lease) => Connection::sqlite(lease),
            Self::SqliteMoment(lease) => Connection::sqlite(lease),
            Self::Postgres(lease) => Connection::postgres(lease),
            Self::PostgresMoment(lease) => Connection::postgres(lease),
        }
    }

    /// Interrupts what runs longer than this from now on, until [`unlimited`](Self::unlimited).
    async fn limited(&mut self, time: Duration) -> Stored<()> {
        match self {
            Self::Sqlite(_) | Self::SqliteMoment(_) => {
                let until = Instant::now() + time;
                self.watch(INSTRUCTIONS, move || Instant::now() < until).await
            }
            Self::Postgres(_) | Self::PostgresMoment(_) => {
                let limit = format!("SET LOCAL statement_timeout = {}", time.as_millis());
                self.connection().run_script(limit).await.map_err(|error| failed("limiting a read", error))
            }
        }
    }

    /// Lets SQLite ask after so many instructions, again and again, whether to go on.
    async fn watch(&mut self, instructions: i32, goes_on: impl FnMut() -> bool + Send + 'static) -> Stored<()> {
        let locked = match self {
            Self::Sqlite(lease) => lease.lock_handle().await,
            Self::SqliteMoment(lease) => lease.lock_handle().await,
            Self::Postgres(_) | Self::PostgresMoment(_) => return Ok(()),
        };
        let mut handle = locked.map_err(|error| failed("watching a read", error))?;
        handle.set_progress_handler(instructions, goes_on);
        Ok(())
    }

    /// Takes the limit away. On Postgres it goes with the transaction.
    async fn unlimited(&mut self) -> Stored<()> {
        let locked = match self {
            Self::Sqlite(lease) => lease.lock_handle().await,
            Self::SqliteMoment(lease) => lease.lock_handle().await,
            Self::Postgres(_) | Self::PostgresMoment(_) => return Ok(()),
        };
        locked.map_err(|error| failed("watching a read", error))?.remove_progress_handler();
        Ok(())
    }
}

impl Pool {
    /// For one statement.
    pub(crate) async fn lease(&self) -> Stored<Lease> {
        let lease = match self {
            Self::Sqlite(pool) => pool.acquire().await.map(Lease::Sqlite),
            Self::Postgres(pool) => pool.acquire().await.map(Lease::Postgres),
        };
        lease.map_err(|error| failed("waiting for a connection", error))
    }

    /// For several statements that see the same moment.
    pub(crate) async fn moment(&self, wait: Duration) -> Stored<Lease> {
        match self {
            Self::Sqlite(pool) => {
                let begun = pool.begin().await;
                begun.map(Lease::SqliteMoment).map_err(|error| failed("beginning to read", error))
            }
            Self::Postgres(pool) => {
                let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
                postgres::begin(pool, begin, wait).await.map(Lease::PostgresMoment)
            }
        }
    }

    async fn close(&self) {
        match self {
            Self::Sqlite(pool) => pool.close().await,
            Self::Postgres(pool) => pool.close().await,
        }
    }
}

/// Whoever reads.
#[derive(Debug)]
pub(crate) struct Readers {
    pool: Pool,
    tasks: TaskTracker,
    /// Searches at the same time: they take long, and must leave connections to others.
    searches: Arc<Semaphore>,
    wait: Duration,
    search_time: Duration,
}

impl Readers {
    pub(crate) fn new(pool: Pool, options: &Options) -> Self {
        let searches = usize::try_from(options.readers / 2).unwrap_or(1).max(1);
        Self {
            pool,
            tasks: TaskTracker::new(),
            searches: Arc::new(Semaphore::new(searches)),
            wait: options.wait,
            search_time: options.search_time,
        }
    }

    /// Runs one statement. When its caller goes away it is given up.
    pub(crate) async fn read<T, B>(&self, body: B) -> Stored<T>
    where
        T: Send + 'static,
        B: for<'u, 'c> FnOnce(&'u mut Connection<'c>) -> BoxFuture<'u, Stored<T>> + Send + 'static,
    {
        let pool = self.pool.clone();
        self.run(async move { body(&mut pool.lease().await?.connection()).await }).await
    }

    /// Runs several statements that see the same moment. When their caller goes away they are given up.
    pub(crate) async fn read_moment<T, B>(&self, body: B) -> Stored<T>
    where
        T: Send + 'static,
        B: for<'u, 'c> FnOnce(&'u mut Connection<'c>) -> BoxFuture<'u, Stored<T>> + Send + 'static,
    {
        let (pool, wait) = (self.pool.clone(), self.wait);
        self.run(async move { body(&mut pool.moment(wait).await?.connection()).await }).await
    }

    /// Runs statements that may take long: few at a time, and no longer than `Options::search_time` in all (Postgres: each).
    /// Once begun they go on to their end, a panic too, so that the connection is given back as it was.
    pub(crate) async fn search<T, B>(&self, body: B) -> Stored<T>
    where
        T: Send + 'static,
        B: for<'u, 'c> FnOnce(&'u mut Connection<'c>) -> BoxFuture<'u, Stored<T>> + Send + 'static,
    {
        let turn = timeout(self.wait, Arc::clone(&self.searches).acquire_owned()).await;
        let turn = turn.map_err(|_| unavailable(READING, "too many search"))?;
        let (pool, wait, time) = (self.pool.clone(), self.wait, self.search_time);
        let searching = async move {
            let _turn = turn;
            let mut lease = pool.moment(wait).await?;
            lease.limited(time).await?;
            let found = AssertUnwindSafe(async { body(&mut lease.connection()).await }).catch_unwind().await;
            lease.unlimited().await?;
            found.unwrap_or_else(|panic| Err(broken(READING, format_args!("panicked: {}", message_of(&*panic)))))
        };
        let ended = self.tasks.spawn(searching.in_current_span()).await;
        ended.unwrap_or_else(|error| Err(broken(READING, error)))
    }

    async fn run<T: Send + 'static>(&self, reading: impl Future<Output = Stored<T>> + Send + 'static) -> Stored<T> {
        let ended = AbortOnDropHandle::new(self.tasks.spawn(reading.in_current_span())).await;
        ended.unwrap_or_else(|error| Err(broken(READING, error)))
    }

    pub(crate) async fn close(&self) {
        self.tasks.close();
        self.pool.close().await;
        self.tasks.wait().await;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use boardwire_protocol::{BoardId, TaskId, UserId};
    use boardwire_services::storage::{StorageError, WantedBoard, WantedMatches};
    use boardwire_test_support::{Database as Fresh, Kind};

    use super::*;
    use crate::{
        connection::Statement,
        sqlite::{self, SqliteDatabase},
        statements::words,
        whole,
        work::Body,
    };

    const FOR_EVER: Statement = Statement::new(
        "test.for_ever",
        "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers) SELECT MAX(n) FROM numbers",
    );

    const LONG: Statement = Statement::new(
        "test.long",
        "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 200000)
         SELECT CAST(MAX(n) AS BIGINT) FROM numbers",
    );

    /// 20 boards of 500 tasks each. Ann is a member of the first; a word is everywhere, another on all boards but hers.
    const CONTENTS: [Statement; 7] = [
        Statement::new(
            "test.user",
            "INSERT INTO users (id, name, permissions, teams, created_at) VALUES ('ann', 'Ann', '[]', '[]', 1)",
        ),
        Statement::new(
            "test.boards",
            "WITH RECURSIVE numbers (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < 19)
             INSERT INTO boards (id, name, description, archived, version, created_by, created_at, updated_at, changed,
                seq, epoch)
             SELECT 'b' || n, 'B', '', 0, 1, 'ann', 1, 1, '{}', 0, 'first' FROM numbers",
        ),
        Statement::new("test.member", "INSERT INTO members (board_id, user_id, role) VALUES ('b0', 'ann', 'owner')"),
        Statement::new(
            "test.columns",
            "INSERT INTO columns (id, board_id, name, position, version, created_at, updated_at, changed)
             SELECT 'c-' || id, id, 'C', 'a0', 1, 1, 1, '{}' FROM boards",
        ),
        Statement::new(
            "test.tasks",
            "WITH RECURSIVE numbers (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < 499)
             INSERT INTO tasks (id, board_id, column_id, title, description, status, position, priority, tags, version,
                created_by, created_at, updated_at, changed)
             SELECT boards.id || '-' || n, boards.id, 'c-' || boards.id, 'Rocket ' || n,
                CASE boards.id WHEN 'b0' THEN '' ELSE 'secret' END, 'todo', 'a0', 0, '[]', 1, 'ann', 1, 1, '{}'
             FROM boards, numbers",
        ),
        Statement::new(
            "test.dependencies",
            "INSERT INTO dependencies (task_id, depends_on, type, created_by, created_at, board_id)
             SELECT id, board_id || '-0', 'relates_to', 'ann', 1, board_id FROM tasks WHERE id <> board_id || '-0'",
        ),
        // Some have many: they are on none of the pages that are looked at.
        Statement::new(
            "test.many_dependencies",
            "INSERT INTO dependencies (task_id, depends_on, type, created_by, created_at, board_id)
             SELECT tasks.id, others.id, 'relates_to', 'ann', 1, 'b5' FROM tasks, tasks AS others
             WHERE tasks.id >= 'b5-3' AND tasks.id < 'b5-5' AND others.id >= 'b5-1' AND others.id < 'b5-15'",
        ),
    ];

    /// How many instructions of SQLite it takes to read this, and what was read.
    async fn counted<T, B>(database: &SqliteDatabase, body: B) -> (u64, T)
    where
        B: for<'u, 'c> FnOnce(&'u mut Connection<'c>) -> BoxFuture<'u, Stored<T>>,
    {
        let mut lease = database.readers().pool.moment(Duration::from_secs(5)).await.unwrap();
        let count = Arc::new(AtomicU64::new(0));
        let counting = Arc::clone(&count);
        lease.watch(1, move || counting.fetch_add(1, Ordering::Relaxed) < u64::MAX).await.unwrap();
        let read = body(&mut lease.connection()).await.unwrap();
        lease.unlimited().await.unwrap();
        (count.load(Ordering::Relaxed), read)
    }

    /// The cost of a search by ann, and how much it finds.
    async fn cost(database: &SqliteDatabase, word: &str) -> (u64, usize) {
        let ann = UserId::try_from("ann").unwrap();
        let wanted = WantedMatches { words: vec![word.to_owned()], reader: Some(ann), board: None, limit: 20 };
        let (count, found) =
            counted(database, move |connection| Box::pin(async move { words::matches(connection, &wanted).await }))
                .await;
        (count, found.len())
    }

    /// The cost of a page of 20 tasks of a board.
    async fn cost_of_page(database: &SqliteDatabase, after: &str) -> u64 {
        let (board, after) = (BoardId::try_from("b5").unwrap(), TaskId::try_from(after).unwrap());
        let wanted = WantedBoard { board, after: Some(after), limit: 20, bytes: usize::MAX };
        let (count, page) =
            counted(database, move |connection| Box::pin(async move { whole::snapshot(connection, &wanted).await }))
                .await;
        let page = page.unwrap();
        assert_eq!((page.tasks.len(), page.dependencies.len()), (20, 20));
        count
    }

    async fn filled() -> (Arc<Fresh>, SqliteDatabase) {
        let fresh = Fresh::create(Kind::Sqlite).await.unwrap();
        let database = sqlite::open(fresh.url(), &Options::default()).await.unwrap();
        let fill: Body<()> = Box::new(|connection| {
            Box::pin(async move {
                for statement in &CONTENTS {
                    connection.execute(statement, &[]).await?;
                }
                Ok(())
            })
        });
        database.submit(fill).await.unwrap();
        (fresh, database)
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_page_of_a_board_costs_what_is_on_it() {
        let (_fresh, database) = filled().await;
        cost_of_page(&database, "b5-1").await;
        for after in ["b5-1", "b5-25", "b5-70"] {
            let cost = cost_of_page(&database, after).await;
            assert!(cost < 20 * 200, "{cost} instructions for 20 tasks of 500");
        }
        database.close().await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_search_costs_what_is_on_the_callers_boards() {
        let (_fresh, database) = filled().await;
        // What the connection learns once is no part of the cost.
        cost(&database, "rocket").await;

        let (everywhere, found) = cost(&database, "rocket").await;
        assert_eq!(found, 20);
        assert!(everywhere < 500 * 40, "{everywhere} instructions for the 500 tasks of one board, of 10,000");
        let ((hidden, nothing), (absent, _)) = (cost(&database, "secret").await, cost(&database, "absent").await);
        assert_eq!(nothing, 0);
        assert!(hidden <= absent + absent / 4, "a word that is hidden costs {hidden}, one that is nowhere {absent}");
        database.close().await;
    }

    /// What runs for ever is ended, and those who come after are not.
    async fn outlast(readers: &Readers) {
        for _ in 0..Options::default().readers {
            let ended = readers.search(|connection| Box::pin(connection.fetch_one(&FOR_EVER, &[]))).await;
            assert!(matches!(ended, Err(StorageError::Unavailable(_))), "{:?}", ended.map(drop));
        }
        for _ in 0..Options::default().readers {
            let row = readers.read(|connection| Box::pin(connection.fetch_one(&LONG, &[]))).await.unwrap();
            assert_eq!(row.int(0).unwrap(), 200_000);
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_search_that_panics_leaves_the_connection_as_it_was() {
        let options = Options { search_time: Duration::from_millis(20), ..Options::default() };
        let fresh = Fresh::create(Kind::Sqlite).await.unwrap();
        let database = sqlite::open(fresh.url(), &options).await.unwrap();
        let readers = database.readers();
        for _ in 0..options.readers {
            let ended = readers.search(|connection| {
                Box::pin(async move {
                    let ended = connection.fetch_one(&FOR_EVER, &[]).await;
                    assert!(ended.is_ok(), "its time is over");
                    ended
                })
            });
            let error = ended.await.map(drop).unwrap_err();
            assert!(matches!(error, StorageError::Broken(_)), "{error}");
        }
        for _ in 0..options.readers {
            readers.read(|connection| Box::pin(connection.fetch_one(&LONG, &[]))).await.unwrap();
        }
        database.close().await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_search_without_end_is_ended_and_leaves_the_connection_as_it_was() {
        assert_eq!(Options::default().search_time, Duration::from_secs(2), "what is promised");
        let options = Options { search_time: Duration::from_millis(20), ..Options::default() };
        let fresh = Fresh::create(Kind::Sqlite).await.unwrap();
        let database = sqlite::open(fresh.url(), &options).await.unwrap();
        outlast(database.readers()).await;
        database.close().await;
        let fresh = Fresh::create(Kind::Postgres).await.unwrap();
        let database = postgres::open(fresh.url(), &options).await.unwrap();
        outlast(database.readers()).await;
        database.close().await;
    }
}
