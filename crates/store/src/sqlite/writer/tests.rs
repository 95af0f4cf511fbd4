//! Groups whose commit fails, and a store whose writer has failed.

use async_trait::async_trait;
use boardwire_services::{
    ServiceError,
    storage::{MaintenanceStore as _, StorageError},
};
use futures_util::FutureExt as _;
use tokio::{sync::oneshot, time::timeout};

use super::*;
use crate::{
    database::Database,
    lost::Lost,
    sqlite::{SqliteDatabase, open},
};

const PATIENCE: Duration = Duration::from_secs(60);

const CREATE_TABLE: Statement = Statement::new("test.table", "CREATE TABLE items (id BIGINT)");
const INSERT: Statement = Statement::new("test.insert", "INSERT INTO items VALUES (1)");
const COUNT: Statement = Statement::new("test.count", "SELECT COUNT(*) FROM items");
const ROLLBACK: Statement = Statement::new("test.rollback", "ROLLBACK");

/// Runs the statements in one unit of work.
async fn run(database: &SqliteDatabase, statements: &'static [Statement]) -> Result<(), ServiceError> {
    let body: Body<()> = Box::new(move |connection| {
        Box::pin(async move {
            for statement in statements {
                connection.execute(statement, &[]).await?;
            }
            Ok(())
        })
    });
    database.writer().submit(body).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_commit_is_answered_as_failed_and_the_next_group_is_stored() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("x.db").display());
    let database = open(&url, &Options::default()).await.unwrap();
    run(&database, &[CREATE_TABLE]).await.unwrap();

    // The first unit holds the writer until the others are queued, so that all are in one group. The second simulates a
    // full disk, after which SQLite rolls back the whole transaction on its own.
    let (go, wait) = oneshot::channel::<()>();
    let first: Body<()> = Box::new(|connection| {
        Box::pin(async move {
            connection.execute(&INSERT, &[]).await?;
            let _ = wait.await;
            Ok(())
        })
    });
    let (first, second, third, ()) = tokio::join!(
        biased;
        database.writer().submit(first),
        run(&database, &[ROLLBACK]),
        run(&database, &[INSERT]),
        async { drop(go) },
    );
    for result in [first, second, third] {
        assert!(matches!(result, Err(ServiceError::Storage(StorageError::Unavailable(_)))), "{result:?}");
    }
    run(&database, &[INSERT]).await.unwrap();
    let count = database
        .readers()
        .read(|mut reader| async move { reader.connection().fetch_one(&COUNT, &[]).await })
        .await
        .unwrap();
    assert_eq!(count.int(0).unwrap(), 1, "nothing of the failed group was stored");
    database.close().await;
}

/// A unit that panics where nothing catches it.
struct Fatal;

#[async_trait]
impl QueuedUnit for Fatal {
    async fn run(&mut self, _: &mut rusqlite::Connection) -> StorageResult<()> {
        panic!("provoked by the test")
    }

    fn answer(self: Box<Self>, _: Option<&StorageError>) {}
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_whose_writer_has_failed_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("x.db").display());
    let database = open(&url, &Options::default()).await.unwrap();
    let queue = database.writer().queue.clone();

    // A unit that panics does not end the writer.
    let panics: Body<()> = Box::new(|_| Box::pin(async { panic!("provoked by the test") }));
    assert!(matches!(database.writer().submit(panics).await, Err(ServiceError::Storage(StorageError::Broken(_)))));
    run(&database, &[CREATE_TABLE]).await.unwrap();
    let database = Database::Sqlite(database);
    assert!(database.lost().now_or_never().is_none());

    queue.send(Box::new(Fatal)).await.unwrap();
    let lost = timeout(PATIENCE, database.lost()).await.expect("the loss is not reported");
    assert_eq!(lost, Lost::Broken);
    assert!(matches!(database.ping().await, Err(StorageError::Unavailable(_))));
    database.close().await;
}
