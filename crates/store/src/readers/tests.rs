//! What reads and searches cost, and how searches end.

use std::sync::atomic::{AtomicU64, Ordering};

use boardwire_protocol::{BoardId, TaskId, UserId};
use boardwire_services::storage::{StorageError, WantedBoard, WantedMatches};
use boardwire_test_support::{Database as Fresh, Kind};

use super::*;
use crate::{
    connection::Body,
    postgres,
    sqlite::{self, SqliteDatabase},
    statement::Statement,
    statements::{search, snapshot},
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

/// 20 boards of 500 tasks each. Ann is a member of the first. One word is on every board, another on all boards but
/// hers.
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
    // Some tasks have many dependencies. They are on none of the pages that the tests read.
    Statement::new(
        "test.many_dependencies",
        "INSERT INTO dependencies (task_id, depends_on, type, created_by, created_at, board_id)
         SELECT tasks.id, others.id, 'relates_to', 'ann', 1, 'b5' FROM tasks, tasks AS others
         WHERE tasks.id >= 'b5-3' AND tasks.id < 'b5-5' AND others.id >= 'b5-1' AND others.id < 'b5-15'",
    ),
];

/// Returns how many of SQLite's instructions a read takes, and what it read.
async fn counted<T, B>(database: &SqliteDatabase, body: B) -> (u64, T)
where
    B: for<'u, 'c> FnOnce(&'u mut Connection<'c>) -> BoxFuture<'u, StorageResult<T>>,
{
    let mut reader = database.readers().pool.snapshot(Duration::from_secs(5)).await.unwrap();
    let count = Arc::new(AtomicU64::new(0));
    let counting = Arc::clone(&count);
    reader.watch(1, move || counting.fetch_add(1, Ordering::Relaxed) < u64::MAX).await.unwrap();
    let read = body(&mut reader.connection()).await.unwrap();
    reader.remove_time_limit().await.unwrap();
    (count.load(Ordering::Relaxed), read)
}

/// Returns the cost of a search by Ann, and how many texts it finds.
async fn cost(database: &SqliteDatabase, word: &str) -> (u64, usize) {
    let ann = UserId::try_from("ann").unwrap();
    let wanted = WantedMatches { words: vec![word.to_owned()], reader: Some(ann), board: None, limit: 20 };
    let (count, found) =
        counted(database, move |connection| Box::pin(async move { search::matches(connection, &wanted).await })).await;
    (count, found.len())
}

/// Returns the cost of a page of 20 tasks of a board.
async fn cost_of_page(database: &SqliteDatabase, after: &str) -> u64 {
    let (board, after) = (BoardId::try_from("b5").unwrap(), TaskId::try_from(after).unwrap());
    let wanted = WantedBoard { board, after: Some(after), limit: 20, bytes: usize::MAX };
    let (count, page) =
        counted(database, move |connection| Box::pin(async move { snapshot::read(connection, &wanted).await })).await;
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
    database.writer().submit(fill).await.unwrap();
    (fresh, database)
}

#[tokio::test(flavor = "multi_thread")]
async fn reading_a_page_of_a_board_costs_in_proportion_to_the_page() {
    let (_fresh, database) = filled().await;
    cost_of_page(&database, "b5-1").await;
    for after in ["b5-1", "b5-25", "b5-70"] {
        let cost = cost_of_page(&database, after).await;
        assert!(cost < 20 * 200, "{cost} instructions for 20 tasks of 500");
    }
    database.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_costs_in_proportion_to_the_callers_boards() {
    let (_fresh, database) = filled().await;
    // What the connection learns only once does not count.
    cost(&database, "rocket").await;

    let (everywhere, found) = cost(&database, "rocket").await;
    assert_eq!(found, 20);
    assert!(everywhere < 500 * 40, "{everywhere} instructions for the 500 tasks of one board, of 10,000");
    let ((hidden, nothing), (absent, _)) = (cost(&database, "secret").await, cost(&database, "absent").await);
    assert_eq!(nothing, 0);
    assert!(hidden <= absent + absent / 4, "a word that is hidden costs {hidden}, one that is nowhere {absent}");
    database.close().await;
}

/// Searches that never finish are ended, and later ones are not.
async fn outlast(readers: &Readers) {
    for _ in 0..Options::default().readers {
        let ended = readers.search(|connection| Box::pin(connection.fetch_one(&FOR_EVER, &[]))).await;
        assert!(matches!(ended, Err(StorageError::Unavailable(_))), "{:?}", ended.map(drop));
    }
    for _ in 0..Options::default().readers {
        let row =
            readers.read(|mut reader| async move { reader.connection().fetch_one(&LONG, &[]).await }).await.unwrap();
        assert_eq!(row.int(0).unwrap(), 200_000);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_that_panics_returns_the_connection_in_its_original_state() {
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
        readers.read(|mut reader| async move { reader.connection().fetch_one(&LONG, &[]).await }).await.unwrap();
    }
    database.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_that_runs_too_long_is_ended_and_returns_the_connection_in_its_original_state() {
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
