//! The cost of reads and searches, and the time limit of searches.

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

const ENDLESS: Statement = Statement::new(
    "test.endless",
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

/// Returns how many instructions of SQLite a read takes, and its result.
async fn count_instructions<T, B>(database: &SqliteDatabase, body: B) -> (u64, T)
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
async fn search_cost(database: &SqliteDatabase, word: &str) -> (u64, usize) {
    let ann = UserId::try_from("ann").unwrap();
    let wanted = WantedMatches { words: vec![word.to_owned()], reader: Some(ann), board: None, limit: 20 };
    let (count, found) = count_instructions(database, move |connection| {
        Box::pin(async move { search::matches(connection, &wanted).await })
    })
    .await;
    (count, found.len())
}

/// Returns the cost of a page of 20 tasks of a board.
async fn page_cost(database: &SqliteDatabase, after: &str) -> u64 {
    let (board, after) = (BoardId::try_from("b5").unwrap(), TaskId::try_from(after).unwrap());
    let wanted = WantedBoard { board, after: Some(after), limit: 20, bytes: usize::MAX };
    let (count, page) = count_instructions(database, move |connection| {
        Box::pin(async move { snapshot::read(connection, &wanted).await })
    })
    .await;
    let page = page.unwrap();
    assert_eq!((page.tasks.len(), page.dependencies.len()), (20, 20));
    count
}

/// Creates a database with [`CONTENTS`].
async fn filled_database() -> (Arc<Fresh>, SqliteDatabase) {
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
    let (_fresh, database) = filled_database().await;
    page_cost(&database, "b5-1").await;
    for after in ["b5-1", "b5-25", "b5-70"] {
        let cost = page_cost(&database, after).await;
        assert!(cost < 20 * 200, "{cost} instructions for 20 tasks of 500");
    }
    database.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_costs_in_proportion_to_the_callers_boards() {
    let (_fresh, database) = filled_database().await;
    // The first search is not counted: it also loads what the connection then keeps.
    search_cost(&database, "rocket").await;

    let (common, found) = search_cost(&database, "rocket").await;
    assert_eq!(found, 20);
    assert!(common < 500 * 40, "{common} instructions for the 500 tasks of one board, of 10,000");
    let ((hidden, nothing), (absent, _)) =
        (search_cost(&database, "secret").await, search_cost(&database, "absent").await);
    assert_eq!(nothing, 0);
    assert!(hidden <= absent + absent / 4, "a word on hidden boards costs {hidden}, an absent one {absent}");
    database.close().await;
}

/// Checks that endless searches are ended, and that later reads on the same connections are not.
async fn check_time_limit(readers: &Readers) {
    for _ in 0..Options::default().readers {
        let ended = readers.search(|connection| Box::pin(connection.fetch_one(&ENDLESS, &[]))).await;
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
                let ended = connection.fetch_one(&ENDLESS, &[]).await;
                assert!(ended.is_ok(), "the time limit has passed");
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
    assert_eq!(Options::default().search_time, Duration::from_secs(2), "the documented default");
    let options = Options { search_time: Duration::from_millis(20), ..Options::default() };
    let fresh = Fresh::create(Kind::Sqlite).await.unwrap();
    let database = sqlite::open(fresh.url(), &options).await.unwrap();
    check_time_limit(database.readers()).await;
    database.close().await;
    let fresh = Fresh::create(Kind::Postgres).await.unwrap();
    let database = postgres::open(fresh.url(), &options).await.unwrap();
    check_time_limit(database.readers()).await;
    database.close().await;
}
