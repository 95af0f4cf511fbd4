//! Units of work: all or nothing, one after another on one board, and unharmed by other units' failures.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::Result;
use boardwire_protocol::{Role, Seq, Timestamp};
use boardwire_services::{
    ServiceError,
    storage::{BoxFuture, StorageError, Store, Transaction},
};
use boardwire_store::{Options, open};
use boardwire_test_support::{Database, Kind, eventually};
use tokio::{sync::oneshot, task::JoinHandle};

use crate::{
    fixture::{Scene, a_board, add_board, is_broken, is_unavailable, on_both, unit},
    samples::{board, board_id, by_name, user_id},
};

const PATIENCE: Duration = Duration::from_secs(10);

fn refusal() -> ServiceError {
    StorageError::Broken("refused by the test".into()).into()
}

/// Runs a unit that inserts a board and then runs `end`.
async fn insert<E>(store: &Arc<dyn Store>, id: &'static str, end: E) -> Result<(), ServiceError>
where
    E: for<'t> FnOnce(&'t mut dyn Transaction) -> BoxFuture<'t, Result<(), ServiceError>> + Send + 'static,
{
    unit(store, move |tx| {
        Box::pin(async move {
            tx.insert_board(&board(id)).await?;
            end(tx).await
        })
    })
    .await
}

/// Begins a unit that inserts a board and then waits. Returns the unit, a receiver that tells when it has begun, and a
/// sender that lets it continue.
fn insert_and_wait(
    store: &Arc<dyn Store>,
    id: &'static str,
) -> (UnitHandle, oneshot::Receiver<()>, oneshot::Sender<()>) {
    let (go, wait) = oneshot::channel();
    let (began, begun) = oneshot::channel();
    let store = Arc::clone(store);
    let unit = tokio::spawn(async move {
        insert(&store, id, move |tx| {
            Box::pin(async move {
                let _ = began.send(());
                let _ = wait.await;
                tx.lock_board(&board_id(id)).await.map(drop).map_err(ServiceError::from)
            })
        })
        .await
    });
    (unit, begun, go)
}

type UnitHandle = JoinHandle<Result<(), ServiceError>>;

async fn exists(scene: &Scene, id: &str) -> Result<bool> {
    Ok(scene.store.board(&board_id(id)).await?.is_some())
}

#[tokio::test(flavor = "multi_thread")]
async fn units_on_one_board_run_one_after_another() -> Result<()> {
    on_both(async |scene| {
        a_board(&scene).await?;
        let left = Arc::new(AtomicU32::new(1_000));
        let workers: Vec<_> = (0..16)
            .map(|_| {
                let (store, left) = (Arc::clone(&scene.store), Arc::clone(&left));
                tokio::spawn(async move {
                    while left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok() {
                        unit(&store, |tx| {
                            Box::pin(async move {
                                let board = tx.lock_board(&board_id("b")).await?.expect("it is there");
                                Ok(tx.save_seq(&board_id("b"), board.seq.next(), Timestamp(50)).await?)
                            })
                        })
                        .await?;
                    }
                    anyhow::Ok(())
                })
            })
            .collect();
        for worker in workers {
            worker.await??;
        }
        assert_eq!(scene.store.head(&board_id("b")).await?.map(|head| head.seq), Some(Seq(1_000)));
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_unit_that_fails_does_not_affect_others() -> Result<()> {
    on_both(async |scene| {
        // The first holds SQLite's writer until the others wait behind it, so that all share one commit.
        let (first, begun, go) = insert_and_wait(&scene.store, "first");
        begun.await?;
        let (good, refused, panicking, last, ()) = tokio::join!(
            biased;
            insert(&scene.store, "good", |_| Box::pin(async { Ok(()) })),
            insert(&scene.store, "refused", |_| Box::pin(async { Err(refusal()) })),
            insert(&scene.store, "panicking", |_| Box::pin(async { panic!("on purpose") })),
            insert(&scene.store, "last", |_| Box::pin(async { Ok(()) })),
            async { drop(go) },
        );
        first.await??;
        good?;
        last?;
        let refused = refused.unwrap_err();
        assert!(refused.to_string().contains("refused by the test"), "{refused}");
        let panicking = panicking.unwrap_err();
        assert!(is_broken(&panicking) && panicking.to_string().contains("on purpose"), "{panicking}");
        for (id, expected) in
            [("first", true), ("good", true), ("refused", false), ("panicking", false), ("last", true)]
        {
            assert_eq!(exists(&scene, id).await?, expected, "{id}");
        }
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_unit_that_ignores_a_failed_statement_fails() -> Result<()> {
    on_both(async |scene| {
        a_board(&scene).await?;
        let careless = insert(&scene.store, "other", |tx| {
            Box::pin(async move {
                let unknown = tx.set_member(&board_id("b"), &user_id("nobody"), &by_name(Role::Viewer)).await;
                assert!(unknown.is_err());
                assert!(tx.role(&board_id("b"), &user_id("ann")).await.is_err(), "the unit has failed");
                Ok(())
            })
        });
        let error = careless.await.unwrap_err();
        assert!(is_broken(&error) && error.to_string().contains("went on"), "{error}");
        assert!(!exists(&scene, "other").await?);
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_unit_is_completed_even_if_its_caller_goes_away() -> Result<()> {
    on_both(async |scene| {
        let (caller, begun, go) = insert_and_wait(&scene.store, "b");
        begun.await?;
        caller.abort();
        assert!(caller.await.unwrap_err().is_cancelled());
        assert!(!exists(&scene, "b").await?);
        drop(go);
        eventually("the board is there", PATIENCE, async || Ok(exists(&scene, "b").await?.then_some(()))).await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_connection_is_replaced() -> Result<()> {
    on_both(async |scene| {
        if scene.database.kind() == Kind::Sqlite {
            return Ok(());
        }
        let (cut_off, begun, go) = insert_and_wait(&scene.store, "b");
        begun.await?;
        let all = "SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity
            WHERE application_name = 'boardwire' AND datname = current_database()";
        scene.database.query(all).await?;
        drop(go);
        let error = cut_off.await?.unwrap_err();
        assert!(is_unavailable(&error), "{error}");
        // If the first unit had been committed, the id would be taken.
        add_board(&scene.store, "b").await?;
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_unit_that_runs_too_long_is_ended_and_does_not_affect_others() -> Result<()> {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let database = Database::create(kind).await?;
        let options = Options { unit_time: Duration::from_secs(1), ..Options::default() };
        let opened = open(database.url(), options).await?;
        let store = opened.store();
        let begun = Instant::now();
        let endless = insert(&store, "endless", move |tx| {
            Box::pin(async move {
                // Without the time limit under test, this loop would end by itself, and the unit would be committed.
                while begun.elapsed() < PATIENCE {
                    tx.user(&user_id("nobody")).await?;
                }
                Ok(())
            })
        });
        let (endless, other) = tokio::join!(biased; endless, add_board(&store, "other"));
        let error = endless.unwrap_err();
        assert!(is_unavailable(&error), "{error}");
        other?;
        assert!(store.board(&board_id("endless")).await?.is_none(), "on {kind:?}");
        assert!(store.board(&board_id("other")).await?.is_some(), "on {kind:?}");
        opened.close().await;
    }
    Ok(())
}
