//! Leases end on time, even if others can't be ended.

use anyhow::Result;
use boardwire_protocol::{Lease, TaskId, Timestamp, UserId};
use boardwire_services::{ChangeOutcome, storage::Job};
use serde_json::{json, value::RawValue};

use crate::scene::{Scene, on_both};

/// More leases than are read at once.
const MANY: i64 = 600;

/// Creates a board with a task for each of these leases: the task's id, the holder, and when the lease ended.
async fn leased(scene: &Scene, leases: Vec<(String, &'static str, i64)>) -> Result<()> {
    let ann = scene.user("ann", &[]).await?;
    scene.user("bob", &[]).await?;
    let board = scene.ask(&ann, "board:create", json!({ "name": "B" })).await?;
    let task = json!({ "boardId": board["board"]["id"], "title": "T", "id": "free" });
    scene.ask(&ann, "task:create", task).await?;
    let add: Job = Box::new(|tx| {
        Box::pin(async move {
            let free = tx.task(&TaskId::try_from("free").unwrap()).await?.unwrap();
            for (id, holder, expires_at) in leases {
                let mut state = free.clone();
                state.task.id = TaskId::try_from(id.as_str()).unwrap();
                state.task.lease = Some(Lease {
                    holder: UserId::try_from(holder).unwrap(),
                    agent: None,
                    fence: 1,
                    acquired_at: Timestamp(0),
                    expires_at: Timestamp(expires_at),
                });
                tx.insert_task(&state).await?;
            }
            Ok(ChangeOutcome { at: None, result: RawValue::NULL.to_owned(), entries: vec![], user_events: vec![] })
        })
    });
    scene.store().write(add).await?;
    Ok(())
}

/// Returns the tasks whose lease has ended with a `task:released` in the log, in order.
async fn ended(scene: &Scene) -> Result<Vec<Vec<String>>> {
    let ended = "SELECT tasks.id FROM events JOIN tasks ON tasks.id = events.task_id
        WHERE events.kind = 'task:released' AND tasks.lease IS NULL ORDER BY seq";
    scene.database.query(ended).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unreadable_lease_keeps_no_other() -> Result<()> {
    on_both(async |scene| {
        leased(scene, vec![("bad".to_owned(), "ann", 1), ("good".to_owned(), "ann", 2)]).await?;
        scene.database.run("UPDATE tasks SET lease = '{' WHERE id = 'bad'").await?;
        let told = scene.services.expire_leases().await;
        assert_eq!(ended(scene).await?, [["good"]]);
        let told = told.unwrap_err().to_string();
        assert!(told.contains("task.find"), "{told}");
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn more_unreadable_leases_than_are_read_at_once_keep_no_other() -> Result<()> {
    on_both(async |scene| {
        // All end at the same time, so that only their ids tell where the next page begins.
        let mut leases: Vec<_> = (0..MANY).map(|bad| (format!("bad{bad:03}"), "ann", 1)).collect();
        leases.extend([("good".to_owned(), "ann", 1), ("later".to_owned(), "bob", i64::MAX)]);
        leased(scene, leases).await?;
        scene.database.run("UPDATE tasks SET lease = '{' WHERE id LIKE 'bad%'").await?;
        for _ in 0..2 {
            scene.services.expire_leases().await.unwrap_err();
            assert_eq!(ended(scene).await?, [["good"]]);
        }
        let held = "SELECT COUNT(*) FROM tasks WHERE lease IS NOT NULL";
        assert_eq!(scene.database.query(held).await?, [[(MANY + 1).to_string()]]);
        Ok(())
    })
    .await
}

/// A lease ends no matter who holds it.
#[tokio::test(flavor = "multi_thread")]
async fn a_lease_ends_whose_holder_cannot_be_read() -> Result<()> {
    on_both(async |scene| {
        let leases = [("bobs", "bob", 1), ("nobodys", "gone", 2), ("good", "ann", 3)];
        leased(scene, leases.map(|(id, holder, at)| (id.to_owned(), holder, at)).into()).await?;
        scene.database.run("UPDATE users SET permissions = '{' WHERE id = 'bob'").await?;
        scene.services.expire_leases().await?;
        assert_eq!(ended(scene).await?, [["bobs"], ["nobodys"], ["good"]]);
        Ok(())
    })
    .await
}
