//! The boards' logs: appending, reading, heads and pruning.

use anyhow::Result;
use boardwire_protocol::{BoardId, EventKind, Role, Seq, Timestamp};

use crate::{
    fixture::{Scene, a_board, add_board, is_broken, on_both},
    samples::{board_id, by_name, event, prune, user_id},
};

/// Appends events `from..=to`. The time of each, in milliseconds, is its number.
async fn append(scene: &Scene, board: &'static str, from: u64, to: u64) -> Result<()> {
    scene
        .unit(move |tx| {
            Box::pin(async move {
                for seq in from..=to {
                    tx.append(&event(board, seq, i64::try_from(seq).expect("small"))).await?;
                }
                Ok(tx.save_seq(&board_id(board), Seq(to), Timestamp(i64::try_from(to).expect("small"))).await?)
            })
        })
        .await?;
    Ok(())
}

async fn seqs(scene: &Scene, board: &BoardId) -> Result<Vec<u64>> {
    Ok(scene.store.read(board, Seq(0), u32::MAX).await?.iter().map(|entry| entry.seq.0).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn appended_events_are_read_in_order() -> Result<()> {
    on_both(async |scene| {
        a_board(&scene).await?;
        append(&scene, "b", 1, 10).await?;
        let b = board_id("b");
        let read = scene.store.read(&b, Seq(3), 4).await?;
        assert_eq!(read.iter().map(|entry| entry.seq.0).collect::<Vec<_>>(), [4, 5, 6, 7]);
        let (found, written) = (&read[0], event("b", 4, 4));
        assert_eq!(found.envelope.get(), written.envelope.get(), "the bytes are kept");
        assert_eq!((found.kind, &found.board_id), (EventKind::TaskMoved, &written.board_id));
        assert_eq!((&found.task_id, &found.subject), (&written.task_id, &written.subject));
        assert_eq!((&found.actor, found.origin, found.at), (&written.actor, written.origin, Timestamp(4)));
        assert!(scene.store.read(&b, Seq(10), 4).await?.is_empty());
        assert!(scene.store.read(&b, Seq(u64::MAX), 4).await?.is_empty());

        let twice = scene.unit(|tx| Box::pin(async move { Ok(tx.append(&event("b", 10, 10)).await?) })).await;
        assert!(is_broken(&twice.unwrap_err()), "each number is used once");
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_head_of_a_log_has_its_last_seq_and_its_members() -> Result<()> {
    on_both(async |scene| {
        let b = board_id("b");
        assert_eq!(scene.store.head(&b).await?, None);
        scene.store.save_user(&crate::samples::save_user("ann")).await?;
        add_board(&scene.store, "b").await?;
        let head = scene.store.head(&b).await?.expect("the board is there");
        assert_eq!((head.seq, head.oldest, head.members), (Seq(0), Seq(1), vec![]));

        scene
            .unit(|tx| {
                Box::pin(
                    async move { Ok(tx.set_member(&board_id("b"), &user_id("ann"), &by_name(Role::Owner)).await?) },
                )
            })
            .await?;
        append(&scene, "b", 1, 3).await?;
        let head = scene.store.head(&b).await?.expect("the board is there");
        assert_eq!((head.seq, head.oldest, head.epoch.as_str()), (Seq(3), Seq(1), "first"));
        assert_eq!(head.members, [user_id("ann")]);
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn pruning_removes_the_beginning_of_a_log() -> Result<()> {
    on_both(async |scene| {
        a_board(&scene).await?;
        add_board(&scene.store, "b2").await?;
        let (b, b2) = (board_id("b"), board_id("b2"));
        append(&scene, "b", 1, 2_500).await?;
        append(&scene, "b2", 2_400, 2_600).await?;

        scene.store.prune(&prune(0, None)).await?;
        assert_eq!(seqs(&scene, &b).await?.len(), 2_500);
        scene.store.prune(&prune(0, Some(2_451))).await?;
        assert_eq!(seqs(&scene, &b).await?, (2_451..=2_500).collect::<Vec<_>>());
        let head = scene.store.head(&b).await?.expect("the board is there");
        assert_eq!((head.seq, head.oldest), (Seq(2_500), Seq(2_451)));

        // The first row to be kept comes before the other board's rows, so these are kept until the next pruning.
        assert_eq!(seqs(&scene, &b2).await?.len(), 201);
        scene.store.prune(&prune(0, Some(2_501))).await?;
        assert_eq!(seqs(&scene, &b).await?, [] as [u64; 0]);
        assert_eq!(seqs(&scene, &b2).await?, (2_501..=2_600).collect::<Vec<_>>());
        let head = scene.store.head(&b).await?.expect("the board is there");
        assert_eq!((head.seq, head.oldest), (Seq(2_500), Seq(2_501)));

        scene.store.prune(&prune(0, Some(i64::MAX))).await?;
        assert_eq!(seqs(&scene, &b2).await?, [] as [u64; 0]);
        append(&scene, "b2", 2_601, 2_602).await?;
        assert_eq!(seqs(&scene, &b2).await?, [2_601, 2_602]);
        Ok(())
    })
    .await
}
