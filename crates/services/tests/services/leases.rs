//! Expired leases are ended, even if others can't be.

use anyhow::Result;
use boardwire_protocol::{Lease, TaskId, Timestamp, UserId};
use boardwire_services::{ChangeOutcome, storage::Job};
use serde_json::{json, value::RawValue};

use crate::fixture::{Fixture, on_both};

/// More leases than one statement reads.
const MANY: i64 = 600;

/// Creates a board with a task for each of these leases: the task's id, the holder, and when the lease expires.
async fn create_leased_tasks(fixture: &Fixture, leases: Vec<(String, &'static str, i64)>) -> Result<()> {
    let ann = fixture.user("ann", &[]).await?;
    fixture.user("bob", &[]).await?;
    let board = fixture.call(&ann, "board:create", json!({ "name": "B" })).await?;
    let task = json!({ "boardId": board["board"]["id"], "title": "T", "id": "free" });
    fixture.call(&ann, "task:create", task).await?;
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
    fixture.store().write(add).await?;
    Ok(())
}

/// Returns the ids of the tasks whose lease has ended with a `task:released` in the log, in order.
async fn released_tasks(fixture: &Fixture) -> Result<Vec<Vec<String>>> {
    let released = "SELECT tasks.id FROM events JOIN tasks ON tasks.id = events.task_id
        WHERE events.kind = 'task:released' AND tasks.lease IS NULL ORDER BY seq";
    fixture.database.query(released).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unreadable_lease_does_not_keep_others_from_expiring() -> Result<()> {
    on_both(async |fixture| {
        create_leased_tasks(fixture, vec![("bad".to_owned(), "ann", 1), ("good".to_owned(), "ann", 2)]).await?;
        fixture.database.run("UPDATE tasks SET lease = '{' WHERE id = 'bad'").await?;
        let result = fixture.services.expire_leases().await;
        assert_eq!(released_tasks(fixture).await?, [["good"]]);
        let message = result.unwrap_err().to_string();
        assert!(message.contains("task.find"), "{message}");
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn more_unreadable_leases_than_one_page_do_not_keep_others_from_expiring() -> Result<()> {
    on_both(async |fixture| {
        // All end at the same time, so that only their ids tell where the next page begins.
        let mut leases: Vec<_> = (0..MANY).map(|bad| (format!("bad{bad:03}"), "ann", 1)).collect();
        leases.extend([("good".to_owned(), "ann", 1), ("later".to_owned(), "bob", i64::MAX)]);
        create_leased_tasks(fixture, leases).await?;
        fixture.database.run("UPDATE tasks SET lease = '{' WHERE id LIKE 'bad%'").await?;
        for _ in 0..2 {
            fixture.services.expire_leases().await.unwrap_err();
            assert_eq!(released_tasks(fixture).await?, [["good"]]);
        }
        let held = "SELECT COUNT(*) FROM tasks WHERE lease IS NOT NULL";
        assert_eq!(fixture.database.query(held).await?, [[(MANY + 1).to_string()]]);
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_whose_holder_cannot_be_read_still_expires() -> Result<()> {
    on_both(async |fixture| {
        let leases = [("bobs", "bob", 1), ("nobodys", "gone", 2), ("good", "ann", 3)];
        create_leased_tasks(fixture, leases.map(|(id, holder, at)| (id.to_owned(), holder, at)).into()).await?;
        fixture.database.run("UPDATE users SET permissions = '{' WHERE id = 'bob'").await?;
        fixture.services.expire_leases().await?;
        assert_eq!(released_tasks(fixture).await?, [["bobs"], ["nobodys"], ["good"]]);
        Ok(())
    })
    .await
}
