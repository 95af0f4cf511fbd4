//! Notifications: pages, counts, marking as read, pruning.

use anyhow::Result;
use boardwire_protocol::{Notification, NotificationId, NotificationKind, Role, Timestamp};
use boardwire_services::storage::{Prune, WantedNotifications};

use crate::{
    fixture::{Scene, a_board, on_both},
    samples::{board, board_id, by_name, task_id, user_id},
};

fn id(id: &str) -> NotificationId {
    NotificationId::try_from(id).expect("an id")
}

fn notification(number: i64, user: &str, board: Option<&str>) -> Notification {
    Notification {
        id: id(&format!("n{number:04}")),
        kind: NotificationKind::System,
        user_id: user_id(user),
        board_id: board.map(board_id),
        task_id: None,
        actor: None,
        text: format!("“Ünïcode” {number}"),
        read_at: None,
        created_at: Timestamp(number),
    }
}

fn wanted(user: &boardwire_protocol::UserId, limit: u32) -> WantedNotifications {
    WantedNotifications { user: user.clone(), everywhere: false, unread_only: false, before: None, limit }
}

async fn insert(scene: &Scene, all: Vec<Notification>) -> Result<()> {
    let unit = scene.unit(move |tx| {
        Box::pin(async move {
            for notification in &all {
                tx.insert_notification(notification).await?;
            }
            Ok(())
        })
    });
    Ok(unit.await?)
}

/// Returns the numbers of a page's notifications, and how many are unread.
async fn page(scene: &Scene, wanted: WantedNotifications) -> Result<(Vec<i64>, u64)> {
    let (page, unread) = scene.store.notifications(&wanted).await?;
    Ok((page.iter().map(|notification| notification.created_at.0).collect(), unread))
}

#[tokio::test(flavor = "multi_thread")]
async fn notifications_are_listed_newest_first_page_by_page() -> Result<()> {
    on_both(async |scene| {
        a_board(&scene).await?;
        let mut full = notification(5, "ann", Some("b"));
        full.kind = NotificationKind::Mention;
        full.task_id = Some(task_id("t"));
        full.actor = Some(user_id("bob"));
        full.read_at = Some(Timestamp(6));
        let mut all: Vec<_> = [3, 1, 4, 2].map(|number| notification(number, "ann", Some("b"))).into();
        all.extend([full.clone(), notification(6, "bob", None)]);
        insert(&scene, all).await?;

        let ann = user_id("ann");
        assert_eq!(page(&scene, wanted(&ann, 10)).await?, (vec![5, 4, 3, 2, 1], 4));
        assert_eq!(page(&scene, wanted(&ann, 2)).await?, (vec![5, 4], 4));
        let fourth = id("n0004");
        let next = WantedNotifications { before: Some(fourth), ..wanted(&ann, 2) };
        assert_eq!(page(&scene, next).await?, (vec![3, 2], 4));
        let unread = WantedNotifications { unread_only: true, ..wanted(&ann, 2) };
        assert_eq!(page(&scene, unread).await?, (vec![4, 3], 4));
        let first = id("n0001");
        let beyond = WantedNotifications { before: Some(first), ..wanted(&ann, 2) };
        assert_eq!(page(&scene, beyond).await?, (vec![], 4));
        assert_eq!(scene.store.notifications(&wanted(&ann, 1)).await?.0, [full], "every field is stored");
        assert_eq!(page(&scene, wanted(&user_id("bob"), 10)).await?, (vec![6], 1));
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn notifications_of_a_board_disappear_with_the_membership() -> Result<()> {
    on_both(async |scene| {
        a_board(&scene).await?;
        scene.unit(|tx| Box::pin(async move { Ok(tx.insert_board(&board("b2")).await.map(drop)?) })).await?;
        let all = [(1, Some("b")), (2, Some("b2")), (3, None)];
        insert(&scene, all.map(|(number, board)| notification(number, "ann", board)).into()).await?;
        let ann = user_id("ann");
        let everywhere = || WantedNotifications { everywhere: true, ..wanted(&ann, 10) };
        assert_eq!(page(&scene, wanted(&ann, 10)).await?, (vec![3, 1], 2));
        assert_eq!(page(&scene, everywhere()).await?, (vec![3, 2, 1], 3));
        scene
            .unit(|tx| {
                Box::pin(async move {
                    let ann = user_id("ann");
                    assert_eq!(tx.count_unread(&ann, false).await?, 2);
                    assert_eq!(tx.count_unread(&ann, true).await?, 3);
                    assert!(tx.remove_member(&board_id("b"), &ann).await?);
                    assert_eq!(tx.count_unread(&ann, false).await?, 1);
                    Ok(())
                })
            })
            .await?;
        assert_eq!(page(&scene, wanted(&ann, 10)).await?, (vec![3], 1));
        let back = scene.unit(|tx| {
            Box::pin(async move { Ok(tx.set_member(&board_id("b2"), &user_id("ann"), &by_name(Role::Viewer)).await?) })
        });
        back.await?;
        assert_eq!(page(&scene, wanted(&ann, 10)).await?, (vec![3, 2], 2));
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn one_notification_or_all_are_marked_as_read() -> Result<()> {
    on_both(async |scene| {
        a_board(&scene).await?;
        let mut all: Vec<_> = [1, 2, 3].map(|number| notification(number, "ann", None)).into();
        all.push(notification(4, "bob", None));
        insert(&scene, all).await?;
        scene
            .unit(|tx| {
                Box::pin(async move {
                    let ann = user_id("ann");
                    tx.mark_read(&ann, Some(&id("n0002")), Timestamp(50)).await?;
                    tx.mark_read(&ann, Some(&id("n0002")), Timestamp(60)).await?;
                    tx.mark_read(&ann, Some(&id("n0004")), Timestamp(50)).await?;
                    tx.mark_read(&ann, Some(&id("n9999")), Timestamp(50)).await?;
                    assert_eq!(tx.count_unread(&ann, false).await?, 2);
                    assert_eq!(tx.count_unread(&user_id("bob"), false).await?, 1, "another user's stays unread");
                    tx.mark_read(&ann, None, Timestamp(70)).await?;
                    assert_eq!(tx.count_unread(&ann, false).await?, 0);
                    assert_eq!(tx.count_unread(&user_id("bob"), false).await?, 1);
                    Ok(())
                })
            })
            .await?;
        let (listed, _) = scene.store.notifications(&wanted(&user_id("ann"), 10)).await?;
        let read: Vec<_> = listed.iter().map(|notification| notification.read_at.map(|at| at.0)).collect();
        assert_eq!(read, [Some(70), Some(50), Some(70)], "the first time is kept");
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn old_notifications_are_pruned_read_or_not() -> Result<()> {
    on_both(async |scene| {
        a_board(&scene).await?;
        // Deleting these takes more than one unit of work.
        insert(&scene, (1..=2_500).map(|number| notification(number, "ann", None)).collect()).await?;
        let nothing = Timestamp(0);
        let before = |at| Prune { requests: nothing, events: None, notifications: Timestamp(at), accounts: nothing };
        scene.store.prune(&before(2_499)).await?;
        assert_eq!(page(&scene, wanted(&user_id("ann"), 10)).await?, (vec![2_500, 2_499], 2));
        scene.store.prune(&before(i64::MAX)).await?;
        assert_eq!(page(&scene, wanted(&user_id("ann"), 10)).await?, (vec![], 0));
        Ok(())
    })
    .await
}
