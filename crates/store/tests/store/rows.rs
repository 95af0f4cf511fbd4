//! Rows of each kind are read as they were written, with every optional field set and with none.

use anyhow::Result;
use boardwire_protocol::{Epoch, ListedBoard, Role, Seq, Status, TeamId, Timestamp};

use crate::{
    fixture::{a_board, is_broken, on_both},
    samples::{board, board_id, by_name, changed, column, column_id, save_user, task, task_id, user_id},
};

fn team(id: &str) -> TeamId {
    TeamId::try_from(id).expect("an id")
}

#[tokio::test(flavor = "multi_thread")]
async fn users_are_read_as_written() -> Result<()> {
    on_both(async |scene| {
        let mut ann = save_user("ann");
        let stored = scene.store.save_user(&ann).await?;
        assert_eq!((stored.name.as_str(), stored.created_at), ("ann", Timestamp(1)));
        assert_eq!((stored.permissions, stored.teams), (vec!["read".to_owned()], vec![]));

        ann.name = Some("Ann \"Ä\" O'Neil".to_owned());
        ann.permissions = Some(vec!["read".to_owned(), "admin".to_owned()]);
        ann.teams = Some(vec![team("t1"), team("t2")]);
        ann.now = Timestamp(2);
        let full = scene.store.save_user(&ann).await?;
        assert_eq!(full.name, "Ann \"Ä\" O'Neil");
        assert_eq!(full.permissions, ["read", "admin"]);
        assert_eq!(full.teams, [team("t1"), team("t2")]);
        assert_eq!(full.created_at, Timestamp(1));

        assert_eq!(scene.store.save_user(&save_user("ann")).await?, full, "fields that are not given stay");
        assert_eq!(scene.store.user(&user_id("ann")).await?, Some(full.clone()));
        assert_eq!(scene.store.user(&user_id("bob")).await?, None);
        let within = scene.unit(|tx| {
            Box::pin(async move {
                assert_eq!(tx.user(&user_id("ann")).await?, Some(full));
                Ok(())
            })
        });
        within.await?;
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn boards_are_read_as_written() -> Result<()> {
    on_both(async |scene| {
        a_board(&scene).await?;
        let mut full = board("b");
        full.board.name = "Name".to_owned();
        full.board.description = "line\nline".to_owned();
        full.board.color = Some("#ff0000".to_owned());
        full.board.team_id = Some(team("t1"));
        full.board.archived = true;
        full.board.version = 7;
        full.board.updated_at = Timestamp(1_787_990_400_120);
        full.changed = changed(&[("name", 7), ("color", 3)]);
        full.seq = Seq(9);
        full.epoch = Epoch::try_from("second").expect("an id");
        full.changed_at = Timestamp(1_787_990_400_130);
        let saved = full.clone();
        scene
            .unit(|tx| {
                Box::pin(async move {
                    assert_eq!(tx.lock_board(&board_id("b")).await?, Some(board("b")));
                    assert!(!tx.insert_board(&full).await?, "the id is taken");
                    tx.save_board(&full).await?;
                    assert_eq!(tx.lock_board(&board_id("b")).await?, Some(full));
                    let later = Timestamp(1_787_990_400_140);
                    tx.save_seq(&board_id("b"), Seq(10), later).await?;
                    let locked = tx.lock_board(&board_id("b")).await?.expect("it is there");
                    assert_eq!((locked.seq, locked.changed_at), (Seq(10), later));
                    assert_eq!(tx.lock_board(&board_id("x")).await?, None);
                    Ok(())
                })
            })
            .await?;
        let listed = ListedBoard { board: saved.board, changed_at: Timestamp(1_787_990_400_140) };
        assert_eq!(scene.store.boards(None, None).await?, [listed]);
        let error = scene.unit(|tx| Box::pin(async move { Ok(tx.save_board(&board("x")).await?) })).await.unwrap_err();
        assert!(is_broken(&error), "{error}");
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn roles_are_read_as_written() -> Result<()> {
    on_both(async |scene| {
        a_board(&scene).await?;
        scene
            .unit(|tx| {
                Box::pin(async move {
                    let (b, ann, bob) = (board_id("b"), user_id("ann"), user_id("bob"));
                    assert_eq!(tx.role(&b, &ann).await?, Some(Role::Owner));
                    assert_eq!(tx.role(&b, &bob).await?, None);
                    for role in [Role::Viewer, Role::Member, Role::Owner] {
                        tx.set_member(&b, &bob, &by_name(role)).await?;
                        assert_eq!(tx.role(&b, &bob).await?, Some(role));
                    }
                    assert_eq!(tx.count_owners(&b).await?, 2);
                    assert!(tx.remove_member(&b, &ann).await?);
                    assert!(!tx.remove_member(&b, &ann).await?);
                    assert_eq!(tx.count_owners(&b).await?, 1);
                    Ok(())
                })
            })
            .await?;
        assert_eq!(scene.store.role(&board_id("b"), &user_id("bob")).await?, Some(Role::Owner));
        assert_eq!(scene.store.role(&board_id("b"), &user_id("ann")).await?, None);
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn columns_are_read_as_written() -> Result<()> {
    on_both(async |scene| {
        a_board(&scene).await?;
        scene
            .unit(|tx| {
                Box::pin(async move {
                    let mut c1 = column("b", "c1", "a0");
                    assert!(tx.insert_column(&c1).await?);
                    assert!(!tx.insert_column(&c1).await?, "the id is taken");
                    assert_eq!(tx.column(&column_id("c1")).await?.as_ref(), Some(&c1));
                    c1.column.name = "Doing".to_owned();
                    c1.column.position = "a5".to_owned();
                    c1.column.status = Some(Status::InProgress);
                    c1.column.wip_limit = Some(u32::MAX);
                    c1.column.version = 2;
                    c1.column.updated_at = Timestamp(21);
                    c1.changed = changed(&[("name", 2)]);
                    tx.save_column(&c1).await?;
                    let c2 = column("b", "c2", "a1");
                    assert!(tx.insert_column(&c2).await?);
                    assert_eq!(tx.columns(&board_id("b")).await?, [c2, c1]);
                    tx.delete_column(&column_id("c2")).await?;
                    assert_eq!(tx.column(&column_id("c2")).await?, None);
                    Ok(())
                })
            })
            .await?;
        let again = scene.unit(|tx| Box::pin(async move { Ok(tx.delete_column(&column_id("c2")).await?) })).await;
        assert!(is_broken(&again.unwrap_err()));
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn tasks_are_read_as_written() -> Result<()> {
    on_both(async |scene| {
        a_board(&scene).await?;
        scene
            .unit(|tx| {
                Box::pin(async move {
                    let (c1, c2) = (column("b", "c1", "a0"), column("b", "c2", "a1"));
                    tx.insert_column(&c1).await?;
                    tx.insert_column(&c2).await?;
                    let mut t1 = task(&c1, "t1", "a0");
                    assert!(tx.insert_task(&t1).await?);
                    assert!(!tx.insert_task(&t1).await?, "the id is taken");
                    assert_eq!(tx.task(&task_id("t1")).await?.as_ref(), Some(&t1));
                    assert_eq!(tx.board_of_task(&task_id("t1")).await?, Some(board_id("b")));
                    assert_eq!(tx.board_of_task(&task_id("t2")).await?, None);
                    t1.task.column_id = column_id("c2");
                    t1.task.title = "Ünïcode 🎉 'quoted'".to_owned();
                    t1.task.description = "x".repeat(20_000);
                    t1.task.status = Status::Done;
                    t1.task.position = "Zz".to_owned();
                    t1.task.priority = 10;
                    t1.task.assignee = Some(user_id("bob"));
                    t1.task.due_date = Some("2026-09-01".to_owned());
                    t1.task.tags = vec!["a\"b".to_owned(), String::new()];
                    t1.task.version = 2;
                    t1.task.updated_at = Timestamp(31);
                    t1.task.completed_at = Some(Timestamp(32));
                    t1.changed = changed(&[("title", 2), ("tags", 2)]);
                    tx.save_task(&t1).await?;
                    assert_eq!(tx.tasks_in(&column_id("c2")).await?, [t1]);
                    assert_eq!(tx.count_tasks(&column_id("c2")).await?, 1);
                    assert_eq!(tx.count_tasks(&column_id("c1")).await?, 0);
                    Ok(())
                })
            })
            .await?;
        assert_eq!(scene.store.task(&task_id("t1")).await?.map(|task| task.status), Some(Status::Done));
        scene.unit(|tx| Box::pin(async move { Ok(tx.delete_task(&task_id("t1")).await?) })).await?;
        assert_eq!(scene.store.task(&task_id("t1")).await?, None);
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn positions_sort_by_their_bytes() -> Result<()> {
    on_both(async |scene| {
        a_board(&scene).await?;
        scene
            .unit(|tx| {
                Box::pin(async move {
                    let c = column("b", "c", "a0");
                    tx.insert_column(&c).await?;
                    for (id, position) in [("t1", "aa"), ("t2", "Zz"), ("t3", "aZ"), ("t4", "a0")] {
                        tx.insert_task(&task(&c, id, position)).await?;
                    }
                    let c = column_id("c");
                    let sorted = tx.tasks_in(&c).await?;
                    let sorted: Vec<_> = sorted.iter().map(|state| state.task.position.as_str()).collect();
                    assert_eq!(sorted, ["Zz", "a0", "aZ", "aa"]);

                    let last = task_id("t1");
                    assert_eq!(tx.position_before(&c, None, None).await?.as_deref(), Some("aa"));
                    assert_eq!(tx.position_before(&c, None, Some(&last)).await?.as_deref(), Some("aZ"));
                    assert_eq!(tx.position_before(&c, Some("aa"), None).await?.as_deref(), Some("aZ"));
                    assert_eq!(tx.position_before(&c, Some("Zz"), None).await?, None);
                    assert_eq!(tx.position_after(&c, "Zz", None).await?.as_deref(), Some("a0"));
                    assert_eq!(tx.position_after(&c, "aZ", Some(&last)).await?, None);
                    Ok(())
                })
            })
            .await?;
        Ok(())
    })
    .await
}
