//! Request ids: each is claimed by one unit at a time, and remembered for a limited time.

use anyhow::Result;
use boardwire_protocol::{RequestId, Timestamp};
use boardwire_services::{
    ServiceError,
    storage::{StorageError, Transaction},
};
use boardwire_test_support::{Kind, eventually};
use tokio::sync::oneshot;

use crate::{
    fixture::{Scene, is_broken, on_both, unit},
    samples::{prune, user_id},
};

const PATIENCE: std::time::Duration = std::time::Duration::from_secs(10);

fn request_id(id: &str) -> RequestId {
    RequestId::try_from(id).expect("an id")
}

/// Claims an id as a change does, and stores `reply` if the id was new. Returns whether it was, and the stored reply.
/// Ids used before `since` count as unused.
async fn claim(
    tx: &mut dyn Transaction,
    user: &str,
    reply: &str,
    now: i64,
    since: i64,
) -> Result<(bool, String), StorageError> {
    let (user, request) = (user_id(user), request_id("order #1 – ä"));
    let (now, since, hash) = (Timestamp(now), Timestamp(since), format!("hash of {reply}"));
    let is_new = tx.claim_request(&user, &request, &hash, now, since).await?;
    if is_new {
        tx.store_reply(&user, &request, reply).await?;
    }
    let found = tx.find_request(&user, &request, since).await?.expect("it is there now");
    assert_eq!(found.hash, format!("hash of {}", found.reply));
    Ok((is_new, found.reply))
}

/// Calls [`claim`] in a unit of work of its own.
async fn claim_in_unit(
    scene: &Scene,
    user: &'static str,
    reply: &'static str,
    now: i64,
    since: i64,
) -> Result<(bool, String)> {
    let (sender, receiver) = oneshot::channel();
    scene
        .unit(move |tx| {
            Box::pin(async move {
                let _ = sender.send(claim(tx, user, reply, now, since).await?);
                Ok(())
            })
        })
        .await?;
    Ok(receiver.await?)
}

fn new(reply: &str) -> (bool, String) {
    (true, reply.to_owned())
}

fn known(reply: &str) -> (bool, String) {
    (false, reply.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_id_is_claimed_once() -> Result<()> {
    on_both(async |scene| {
        assert_eq!(claim_in_unit(&scene, "ann", "first", 100, 50).await?, new("first"));
        assert_eq!(
            claim_in_unit(&scene, "ann", "second", 110, 60).await?,
            known("first"),
            "the first claim is recent enough"
        );
        assert_eq!(
            claim_in_unit(&scene, "bob", "other", 110, 60).await?,
            new("other"),
            "each user has ids of their own"
        );
        assert_eq!(claim_in_unit(&scene, "ann", "third", 200, 100).await?, known("first"), "just recent enough");
        assert_eq!(
            claim_in_unit(&scene, "ann", "fourth", 200, 101).await?,
            new("fourth"),
            "the first claim is too old"
        );
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn claiming_a_request_id_waits_for_an_earlier_claim_and_sees_its_outcome() -> Result<()> {
    on_both(async |scene| {
        // The id is unused in the first round, and old in the others.
        for (now, commits) in [(100, true), (200, true), (300, false)] {
            let (began, begun) = oneshot::channel();
            let (go, wait) = oneshot::channel::<()>();
            let store = scene.store.clone();
            let first = tokio::spawn(async move {
                unit(&store, move |tx| {
                    Box::pin(async move {
                        assert!(claim(tx, "ann", "first", now, now - 50).await?.0);
                        let _ = began.send(());
                        let _ = wait.await;
                        if commits { Ok(()) } else { Err(ServiceError::NotFound("anything, to roll back")) }
                    })
                })
                .await
            });
            begun.await?;
            let (second, ()) = tokio::try_join!(claim_in_unit(&scene, "ann", "second", now + 1, now - 49), async {
                if scene.database.kind() == Kind::Postgres {
                    let blocked = "SELECT 1 FROM pg_stat_activity
                        WHERE datname = current_database() AND cardinality(pg_blocking_pids(pid)) > 0";
                    eventually("the second waits", PATIENCE, async || {
                        Ok((!scene.database.query(blocked).await?.is_empty()).then_some(()))
                    })
                    .await?;
                }
                drop(go);
                Ok(())
            })?;
            assert_eq!(first.await?.is_ok(), commits);
            assert_eq!(second, if commits { known("first") } else { new("second") }, "at {now}");
        }
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn storing_a_reply_for_an_unclaimed_request_id_fails() -> Result<()> {
    on_both(async |scene| {
        let unclaimed = scene.unit(|tx| {
            Box::pin(async move { Ok(tx.store_reply(&user_id("ann"), &request_id("unknown"), "{}").await?) })
        });
        let error = unclaimed.await.unwrap_err();
        assert!(is_broken(&error) && error.to_string().contains("0 rows"), "{error}");
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn old_requests_are_pruned() -> Result<()> {
    on_both(async |scene| {
        scene
            .unit(|tx| {
                Box::pin(async move {
                    for number in 0..2_500 {
                        let (request, now) = (request_id(&number.to_string()), Timestamp(number));
                        assert!(tx.claim_request(&user_id("ann"), &request, "0a", now, Timestamp(0)).await?);
                    }
                    Ok(())
                })
            })
            .await?;
        scene.store.prune(&prune(2_400, None)).await?;
        let left = scene.database.query("SELECT MIN(created_at), COUNT(*) FROM requests").await?;
        assert_eq!(left, [["2400", "100"]]);
        Ok(())
    })
    .await
}
