//! Writing many rows in one statement has the same effect as writing each.

use std::sync::Arc;

use anyhow::Result;
use boardwire_protocol::{Lease, Notification, NotificationId, NotificationKind, Role, Seq, Status, TeamId, Timestamp};
use boardwire_services::storage::{Membership, WantedNotifications};

use crate::{
    fixture::{a_board, is_broken, on_both},
    samples::{board_id, changed, column, column_id, event, save_user, task, task_id, user_id},
};

fn team(id: &str) -> TeamId {
    TeamId::try_from(id).expect("an id")
}

#[tokio::test(flavor = "multi_thread")]
async fn tasks_are_moved_and_released() -> Result<()> {
    on_both(async |scene| {
        a_board(&scene).await?;
        let move_and_release = scene.unit(|tx| {
            Box::pin(async move {
                let (from, to) = (column("b", "c1", "a0"), column("b", "c2", "a1"));
                for state in [&from, &to] {
                    tx.insert_column(state).await?;
                }
                let mut states = ["t1", "t2"].map(|id| task(&from, id, "a0"));
                for state in &states {
                    tx.insert_task(state).await?;
                }
                for (state, position) in states.iter_mut().zip(["a5", "a6"]) {
                    state.task.column_id = column_id("c2");
                    state.task.position = position.to_owned();
                    state.task.version = 2;
                    state.task.updated_at = Timestamp(40);
                    state.changed = changed(&[("position", 2), ("column_id", 2)]);
                }
                states[0].task.status = Status::Done;
                states[0].task.completed_at = Some(Timestamp(40));
                states[1].assigned_by_claim = true;
                states[1].task.lease = Some(Lease {
                    holder: user_id("ann"),
                    agent: Some("“a robot”".to_owned()),
                    fence: 0,
                    acquired_at: Timestamp(40),
                    expires_at: Timestamp(50),
                });
                tx.move_tasks(&states).await?;
                for state in &states {
                    assert_eq!(tx.task(&state.task.id).await?.as_ref(), Some(state));
                }
                assert_eq!(tx.leases_on(&board_id("b")).await?, [(task_id("t2"), user_id("ann"))]);
                let ids = [task_id("t2"), task_id("nowhere"), task_id("t1")];
                assert_eq!(tx.tasks(&ids).await?, states);
                let released = &mut states[1];
                (released.task.lease, released.assigned_by_claim) = (None, false);
                (released.task.assignee, released.task.version) = (Some(user_id("bob")), 3);
                released.task.updated_at = Timestamp(45);
                released.changed = changed(&[("position", 2), ("column_id", 2), ("assignee", 3), ("lease", 3)]);
                tx.release_tasks(&states[1..]).await?;
                assert_eq!(tx.leases_on(&board_id("b")).await?, []);
                assert_eq!(tx.task(&task_id("t2")).await?.as_ref(), Some(&states[1]));
                assert!(tx.has_tasks(&board_id("b"), 2).await? && !tx.has_tasks(&board_id("b"), 3).await?);
                Ok(())
            })
        });
        move_and_release.await?;
        let unknown = scene.unit(|tx| {
            Box::pin(async move { Ok(tx.move_tasks(&[task(&column("b", "c1", "a0"), "nowhere", "a0")]).await?) })
        });
        assert!(is_broken(&unknown.await.unwrap_err()));
        let unknown = scene.unit(|tx| {
            Box::pin(async move { Ok(tx.release_tasks(&[task(&column("b", "c1", "a0"), "nowhere", "a0")]).await?) })
        });
        assert!(is_broken(&unknown.await.unwrap_err()));
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_appended_in_order() -> Result<()> {
    on_both(async |scene| {
        a_board(&scene).await?;
        let entries: Vec<_> = (1..=300).map(|seq| Arc::new(event("b", seq, 50))).collect();
        let expected: Vec<_> = entries.iter().map(|entry| format!("{entry:?}")).collect();
        let append = scene.unit(move |tx| {
            Box::pin(async move {
                tx.append_all(&entries).await?;
                Ok(tx.save_seq(&board_id("b"), Seq(300), Timestamp(50)).await?)
            })
        });
        append.await?;
        let read = scene.store.read(&board_id("b"), Seq(0), 500).await?;
        assert_eq!(read.iter().map(|entry| format!("{entry:?}")).collect::<Vec<_>>(), expected);
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn users_are_listed_in_pages_and_notified() -> Result<()> {
    on_both(async |scene| {
        for id in ["a", "b", "c", "d"] {
            let mut user = save_user(id);
            user.teams = Some(if id == "c" { vec![] } else { vec![team("red")] });
            scene.store.save_user(&user).await?;
        }
        let notify = scene.unit(|tx| {
            Box::pin(async move {
                assert_eq!(tx.users(None, None, 3).await?, ["a", "b", "c"].map(user_id));
                assert_eq!(tx.users(None, Some(&user_id("c")), 3).await?, ["d"].map(user_id));
                assert_eq!(tx.users(Some(&team("red")), Some(&user_id("a")), 3).await?, ["b", "d"].map(user_id));
                assert_eq!(tx.users(Some(&team("blue")), None, 3).await?, []);
                let new = ["a", "b"].map(|id| Notification {
                    id: NotificationId::try_from(format!("for-{id}").as_str()).expect("an id"),
                    kind: NotificationKind::System,
                    user_id: user_id(id),
                    board_id: None,
                    task_id: None,
                    actor: Some(user_id("d")),
                    text: format!("“{id}”\n\"\\ü"),
                    read_at: None,
                    created_at: Timestamp(60),
                });
                Ok(tx.insert_notifications(&new).await?)
            })
        });
        notify.await?;
        let wanted =
            WantedNotifications { user: user_id("b"), everywhere: false, unread_only: false, before: None, limit: 9 };
        let (received, unread) = scene.store.notifications(&wanted).await?;
        assert_eq!((received.len(), unread), (1, 1));
        assert_eq!((received[0].text.as_str(), &received[0].actor), ("“b”\n\"\\ü", &Some(user_id("d"))));
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn members_through_a_team_are_added_and_removed() -> Result<()> {
    on_both(async |scene| {
        a_board(&scene).await?;
        for id in ["ann", "bob", "cid"] {
            let mut user = save_user(id);
            user.teams = Some(vec![team("red")]);
            scene.store.save_user(&user).await?;
        }
        let change = scene.unit(|tx| {
            Box::pin(async move {
                let (board, red) = (board_id("b"), team("red"));
                let ids = |users: Vec<boardwire_services::storage::User>| {
                    users.into_iter().map(|user| user.id).collect::<Vec<_>>()
                };
                // Ann is a member already, and not through the team.
                let newcomers = ids(tx.newcomers(&board, &red).await?);
                assert_eq!(newcomers, ["bob", "cid"].map(user_id));
                let through = Membership { role: Role::Member, team: Some(red.clone()) };
                tx.add_members(&board, &newcomers, &through).await?;
                tx.add_members(&board, &[], &through).await?;
                assert_eq!(tx.membership(&board, &user_id("cid")).await?, Some(through));
                assert_eq!(ids(tx.newcomers(&board, &red).await?), []);
                tx.remove_members_through(&board, &red).await?;
                assert_eq!(tx.members_through(&board, &red).await?, []);
                assert_eq!(tx.role(&board, &user_id("ann")).await?, Some(Role::Owner));
                Ok(())
            })
        });
        Ok(change.await?)
    })
    .await
}
