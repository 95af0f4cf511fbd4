//! Reading outside units of work.

use std::sync::Arc;

use anyhow::{Result, ensure};
use boardwire_protocol::{DependencyType, Role, Seq, Timestamp};
use boardwire_services::storage::WantedBoard;
use boardwire_store::Options;

use crate::{
    fixture::{a_board, on_both, unit},
    samples::{board, board_id, by_name, column, dependency, save_user, task, task_id, user_id, whole},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_is_sorted() -> Result<()> {
    on_both(async |scene| {
        a_board(&scene).await?;
        let mut zoe = save_user("zoe");
        zoe.name = Some("Ab".to_owned());
        scene.store.save_user(&zoe).await?;
        scene
            .unit(|tx| {
                Box::pin(async move {
                    let (late, early) = (column("b", "c1", "a1"), column("b", "c2", "Zz"));
                    tx.insert_column(&late).await?;
                    tx.insert_column(&early).await?;
                    for (column, id, position) in
                        [(&late, "t1", "a0"), (&early, "t2", "aa"), (&early, "t4", "aZ"), (&early, "t3", "aZ")]
                    {
                        tx.insert_task(&task(column, id, position)).await?;
                    }
                    for id in ["bob", "zoe"] {
                        tx.set_member(&board_id("b"), &user_id(id), &by_name(Role::Viewer)).await?;
                    }
                    tx.save_seq(&board_id("b"), Seq(5), Timestamp(50)).await?;
                    Ok(())
                })
            })
            .await?;
        let snapshot = scene.store.snapshot(&whole("b")).await?.expect("the board is there");
        let columns: Vec<_> = snapshot.columns.iter().map(|column| column.id.as_str()).collect();
        let tasks: Vec<_> = snapshot.tasks.iter().map(|task| task.id.as_str()).collect();
        let members: Vec<_> = snapshot.members.iter().map(|member| (member.name.as_str(), member.role)).collect();
        assert_eq!(columns, ["c2", "c1"]);
        assert_eq!(tasks, ["t1", "t2", "t3", "t4"]);
        assert_eq!(members, [("Ab", Role::Viewer), ("ann", Role::Owner), ("bob", Role::Viewer)]);
        assert_eq!((snapshot.seq, snapshot.epoch.as_str()), (Seq(5), "first"));
        assert_eq!(scene.store.snapshot(&whole("x")).await?, None);
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_a_board_ends_at_its_limit() -> Result<()> {
    on_both(async |scene| {
        a_board(&scene).await?;
        let fill = scene.unit(|tx| {
            Box::pin(async move {
                for board in ["b", "b2"] {
                    if board == "b2" {
                        tx.insert_board(&self::board(board)).await?;
                    }
                    let column = column(board, &format!("{board}-c"), "a0");
                    tx.insert_column(&column).await?;
                    // More tasks than are read at a time, alternating between two boards.
                    for n in 0..250 {
                        tx.insert_task(&task(&column, &format!("t{n:03}-{board}"), "a0")).await?;
                    }
                    for n in 0..249 {
                        let (from, to) = (format!("t{n:03}-{board}"), format!("t{:03}-{board}", n + 1));
                        let link = dependency(&from, &to, DependencyType::Blocks);
                        tx.insert_dependency(&board_id(board), &link).await?;
                    }
                }
                Ok(())
            })
        });
        fill.await?;
        let page = |after: Option<&str>, limit, bytes| {
            let wanted = WantedBoard { board: board_id("b"), after: after.map(task_id), limit, bytes };
            let store = Arc::clone(&scene.store);
            async move {
                let snapshot = store.snapshot(&wanted).await?.expect("the board is there");
                let tasks: Vec<_> = snapshot.tasks.iter().map(|task| task.id.to_string()).collect();
                let linked: Vec<_> = snapshot.dependencies.iter().map(|link| link.task_id.to_string()).collect();
                // The last task of the board has no dependency.
                let expected: Vec<_> = tasks.iter().filter(|id| *id != "t249-b").cloned().collect();
                assert_eq!(linked, expected);
                anyhow::Ok((tasks, snapshot.next.map(|next| next.to_string())))
            }
        };
        let ids = |range: std::ops::Range<u32>| range.map(|n| format!("t{n:03}-b")).collect::<Vec<_>>();
        let at = |n: u32| Some(format!("t{n:03}-b"));
        assert_eq!(page(None, u32::MAX, usize::MAX).await?, (ids(0..250), None));
        assert_eq!(page(None, 250, usize::MAX).await?, (ids(0..250), None));
        assert_eq!(page(None, 249, usize::MAX).await?, (ids(0..249), at(248)));
        for limit in [1, 99, 100, 101] {
            assert_eq!(page(None, limit, usize::MAX).await?, (ids(0..limit), at(limit - 1)));
            assert_eq!(page(Some("t049-b"), limit, usize::MAX).await?, (ids(50..50 + limit), at(49 + limit)));
        }
        assert_eq!(page(Some("t200"), 100, usize::MAX).await?, (ids(200..250), None));
        assert_eq!(page(Some("t249-b"), 100, usize::MAX).await?, (Vec::new(), None));
        // The limit of bytes ends a page early, but not before its first task.
        assert_eq!(page(Some("t009-b"), 100, 0).await?, (ids(10..11), at(10)));
        let (some, next) = page(None, 100, 20_000).await?;
        assert!((10..90).contains(&some.len()) && next.as_ref() == some.last(), "{some:?} {next:?}");
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_is_consistent_while_others_write() -> Result<()> {
    on_both(async |scene| {
        a_board(&scene).await?;
        let add_column = scene.unit(|tx| {
            Box::pin(async move {
                tx.insert_column(&column("b", "c", "a0")).await?;
                Ok(())
            })
        });
        add_column.await?;
        // Each unit adds a task and raises `seq`: a snapshot must show as many tasks as its `seq` says.
        let store = Arc::clone(&scene.store);
        let writing = tokio::spawn(async move {
            for seq in 1..=100_u64 {
                let add = unit(&store, move |tx| {
                    Box::pin(async move {
                        tx.insert_task(&task(&column("b", "c", "a0"), &format!("t{seq}"), "a0")).await?;
                        Ok(tx.save_seq(&board_id("b"), Seq(seq), Timestamp(50)).await?)
                    })
                });
                add.await?;
            }
            anyhow::Ok(())
        });
        loop {
            let snapshot = scene.store.snapshot(&whole("b")).await?.expect("the board is there");
            assert_eq!(u64::try_from(snapshot.tasks.len())?, snapshot.seq.0);
            if writing.is_finished() {
                break;
            }
        }
        writing.await?
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn boards_are_listed_by_name() -> Result<()> {
    on_both(async |scene| {
        a_board(&scene).await?;
        scene
            .unit(|tx| {
                Box::pin(async move {
                    for (id, name, archived) in [("b1", "b", false), ("b2", "B", true), ("b3", "B", false)] {
                        let mut state = board(id);
                        state.board.name = name.to_owned();
                        state.board.archived = archived;
                        tx.insert_board(&state).await?;
                    }
                    for id in ["b1", "b2"] {
                        tx.set_member(&board_id(id), &user_id("bob"), &by_name(Role::Viewer)).await?;
                    }
                    Ok(())
                })
            })
            .await?;
        let bob = user_id("bob");
        for (member, archived, expected) in [
            (None, None, &["b2", "b3", "b", "b1"] as &[&str]),
            (None, Some(false), &["b3", "b", "b1"]),
            (Some(&bob), None, &["b2", "b1"]),
            (Some(&bob), Some(true), &["b2"]),
        ] {
            let found = scene.store.boards(member, archived).await?;
            let found: Vec<_> = found.iter().map(|listed| listed.board.id.as_str()).collect();
            assert_eq!(found, expected, "{member:?} {archived:?}");
        }
        assert!(scene.store.board(&board_id("b1")).await?.is_some());
        assert!(scene.store.board(&board_id("x")).await?.is_none());
        scene.store.ping().await?;
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_whose_result_is_not_taken_holds_no_connection() -> Result<()> {
    on_both(async |scene| {
        a_board(&scene).await?;
        // Each read is begun and then not polled, as by a caller that waits for a client.
        let mut pending = Vec::new();
        for _ in 0..=Options::default().readers {
            let store = Arc::clone(&scene.store);
            let mut read = Box::pin(async move { store.read(&board_id("b"), Seq(0), 100).await });
            tokio::select! {
                biased;
                page = &mut read => ensure!(page.is_ok(), "{page:?}"),
                () = std::future::ready(()) => pending.push(read),
            }
        }
        scene.store.ping().await?;
        for read in pending {
            read.await?;
        }
        Ok(())
    })
    .await
}

/// A caller stops polling when its client stops reading a stream.
#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_whose_caller_stops_polling_holds_no_connection() -> Result<()> {
    on_both(async |scene| {
        a_board(&scene).await?;
        let wanted = whole("b");
        let mut pending = Vec::new();
        for _ in 0..2 * Options::default().readers {
            let mut reading = Box::pin(scene.store.snapshot(&wanted));
            tokio::select! {
                biased;
                _ = &mut reading => {}
                () = std::future::ready(()) => pending.push(reading),
            }
        }
        ensure!(scene.store.snapshot(&wanted).await?.is_some(), "while {} reads are pending", pending.len());
        for reading in pending {
            ensure!(reading.await?.is_some(), "a pending read fails");
        }
        Ok(())
    })
    .await
}
