//! Comments, attachments and dependencies of tasks, which are deleted with the task.

use anyhow::Result;
use boardwire_protocol::{Attachment, AttachmentId, Comment, CommentId, DependencyType, Status, Timestamp};
use boardwire_services::storage::Transaction;

use crate::{
    fixture::{Scene, a_board, is_broken, on_both},
    samples::{board, board_id, column, dependency, task, task_id, user_id, whole},
};

fn comment_id(id: &str) -> CommentId {
    CommentId::try_from(id).expect("an id")
}

fn attachment_id(id: &str) -> AttachmentId {
    AttachmentId::try_from(id).expect("an id")
}

fn comment(id: &str, at: i64) -> Comment {
    Comment {
        id: comment_id(id),
        task_id: task_id("t1"),
        board_id: board_id("b"),
        author: user_id("ann"),
        body: format!("Ünïcode 🎉 'quoted' {id}"),
        mentions: vec![],
        created_at: Timestamp(at),
        updated_at: Timestamp(at),
    }
}

fn attachment(id: &str, at: i64) -> Attachment {
    Attachment {
        id: attachment_id(id),
        task_id: task_id("t1"),
        board_id: board_id("b"),
        filename: "../a \"b\".txt".to_owned(),
        content_type: "text/plain".to_owned(),
        size: 1 << 40,
        sha256: "0".repeat(64),
        uploaded_by: user_id("bob"),
        created_at: Timestamp(at),
    }
}

/// Creates the board `b` with the tasks `t1` to `t6`.
async fn add_tasks(scene: &Scene) -> Result<()> {
    a_board(scene).await?;
    let unit = scene.unit(|tx| {
        Box::pin(async move {
            let c = column("b", "c", "a0");
            tx.insert_column(&c).await?;
            for index in 1..=6 {
                assert!(tx.insert_task(&task(&c, &format!("t{index}"), &format!("a{index}"))).await?);
            }
            Ok(())
        })
    });
    Ok(unit.await?)
}

/// Makes the first task of each pair blocked by the second.
async fn add_blockers(
    tx: &mut dyn Transaction,
    pairs: &[(&str, &str)],
) -> Result<(), boardwire_services::ServiceError> {
    for (from, to) in pairs {
        let inserted = tx.insert_dependency(&board_id("b"), &dependency(from, to, DependencyType::Blocks)).await?;
        assert!(inserted, "{from} {to}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn comments_are_added_edited_and_deleted() -> Result<()> {
    on_both(async |scene| {
        add_tasks(&scene).await?;
        scene
            .unit(|tx| {
                Box::pin(async move {
                    for (id, at) in [("late", 9), ("b", 5), ("a", 5)] {
                        assert!(tx.insert_comment(&comment(id, at)).await?);
                    }
                    assert!(!tx.insert_comment(&comment("a", 7)).await?, "the id is taken");
                    assert_eq!(tx.comment(&comment_id("a")).await?, Some(comment("a", 5)));
                    assert_eq!(tx.comment(&comment_id("x")).await?, None);
                    assert_eq!(tx.count_comments(&task_id("t1")).await?, 3);
                    assert_eq!(tx.count_comments(&task_id("t2")).await?, 0);
                    let mut edited = comment("b", 5);
                    edited.body = "x".repeat(20_000);
                    edited.mentions = vec![user_id("ann"), user_id("bob")];
                    edited.updated_at = Timestamp(8);
                    tx.save_comment(&edited).await?;
                    assert_eq!(tx.comment(&comment_id("b")).await?, Some(edited));
                    Ok(())
                })
            })
            .await?;
        let detail = scene.store.detail(&task_id("t1")).await?.expect("it is there");
        let listed: Vec<_> = detail.comments.iter().map(|comment| comment.id.as_str()).collect();
        assert_eq!(listed, ["a", "b", "late"], "oldest first");
        scene.unit(|tx| Box::pin(async move { Ok(tx.delete_comment(&comment_id("a")).await?) })).await?;
        let again = scene.unit(|tx| Box::pin(async move { Ok(tx.delete_comment(&comment_id("a")).await?) })).await;
        assert!(is_broken(&again.unwrap_err()));
        let missing = scene.unit(|tx| Box::pin(async move { Ok(tx.save_comment(&comment("x", 1)).await?) })).await;
        assert!(is_broken(&missing.unwrap_err()));
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn attachments_are_added_and_deleted_and_their_files_counted_until_removed() -> Result<()> {
    on_both(async |scene| {
        add_tasks(&scene).await?;
        scene
            .unit(|tx| {
                Box::pin(async move {
                    for (id, at) in [("late", 9), ("b", 5), ("a", 5)] {
                        assert!(tx.insert_attachment(&attachment(id, at)).await?);
                    }
                    assert!(!tx.insert_attachment(&attachment("a", 7)).await?, "the id is taken");
                    assert_eq!(tx.attachment(&attachment_id("a")).await?, Some(attachment("a", 5)));
                    assert_eq!(tx.attachment(&attachment_id("x")).await?, None);
                    assert_eq!(tx.count_attachments(&task_id("t1")).await?, 3);
                    assert_eq!(tx.count_attachments(&task_id("t2")).await?, 0);
                    tx.delete_attachment(&attachment_id("b")).await?;
                    assert_eq!(tx.count_attachments(&task_id("t1")).await?, 2);
                    Ok(())
                })
            })
            .await?;
        let detail = scene.store.detail(&task_id("t1")).await?.expect("it is there");
        assert_eq!(detail.attachments, [attachment("a", 5), attachment("late", 9)]);
        assert_eq!(scene.store.attachment(&attachment_id("late")).await?, Some(attachment("late", 9)));
        assert_eq!(scene.store.attachment(&attachment_id("b")).await?, None);
        let known = scene.store.known_attachments(&["x", "late", "b", "a"].map(attachment_id)).await?;
        assert_eq!(known, ["a", "late"].map(attachment_id));
        assert_eq!(scene.store.known_attachments(&[]).await?, []);
        let again = scene.unit(|tx| Box::pin(async move { Ok(tx.delete_attachment(&attachment_id("b")).await?) }));
        assert!(is_broken(&again.await.unwrap_err()));

        // However an attachment is deleted, its file counts until it has been removed.
        let uploader = attachment("a", 5).uploaded_by;
        let held = scene.store.held(&uploader).await?;
        assert_eq!(held.by_user, 3 * attachment("a", 5).size);
        scene.unit(|tx| Box::pin(async move { Ok(tx.delete_task(&task_id("t1")).await?) })).await?;
        assert_eq!(scene.store.held(&uploader).await?, held);
        assert_eq!(scene.store.leftovers(2).await?, ["a", "b"].map(attachment_id));
        scene.store.forget_leftovers(&["x", "b", "a"].map(attachment_id)).await?;
        assert_eq!(scene.store.leftovers(2).await?, [attachment_id("late")]);
        assert_eq!(scene.store.held(&uploader).await?.in_all, attachment("a", 5).size);
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn dependencies_are_added_and_deleted() -> Result<()> {
    on_both(async |scene| {
        add_tasks(&scene).await?;
        scene
            .unit(|tx| {
                Box::pin(async move {
                    let (t1, t2) = (task_id("t1"), task_id("t2"));
                    for kind in [DependencyType::Blocks, DependencyType::RelatesTo, DependencyType::Duplicates] {
                        let new = dependency("t1", "t2", kind);
                        assert!(tx.insert_dependency(&board_id("b"), &new).await?);
                        assert!(!tx.insert_dependency(&board_id("b"), &new).await?, "it exists already");
                        assert_eq!(tx.dependency(&t1, &t2, kind).await?, Some(new));
                        assert_eq!(tx.dependency(&t2, &t1, kind).await?, None);
                    }
                    tx.delete_dependency(&dependency("t1", "t2", DependencyType::RelatesTo)).await?;
                    assert_eq!(tx.dependency(&t1, &t2, DependencyType::RelatesTo).await?, None);
                    assert_eq!(tx.count_dependencies(&t1).await?, 2);
                    assert_eq!(tx.count_dependencies(&t2).await?, 2, "it counts for both tasks");
                    assert_eq!(tx.count_dependencies(&task_id("t3")).await?, 0);
                    Ok(())
                })
            })
            .await?;
        let expected = [DependencyType::Blocks, DependencyType::Duplicates].map(|kind| dependency("t1", "t2", kind));
        for end in ["t1", "t2"] {
            let detail = scene.store.detail(&task_id(end)).await?.expect("it is there");
            assert_eq!(detail.dependencies, expected, "of {end}");
        }
        let snapshot = scene.store.snapshot(&whole("b")).await?.expect("it is there");
        assert_eq!(snapshot.dependencies, expected);
        let gone = dependency("t1", "t2", DependencyType::RelatesTo);
        let again = scene.unit(move |tx| Box::pin(async move { Ok(tx.delete_dependency(&gone).await?) })).await;
        assert!(is_broken(&again.unwrap_err()));
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn blocking_is_followed_through_intermediate_tasks() -> Result<()> {
    on_both(async |scene| {
        add_tasks(&scene).await?;
        scene
            .unit(|tx| {
                Box::pin(async move {
                    // 2 blocks 1, 3 and 4 block 2, and 5 blocks 3 and 4. 6 is merely related.
                    add_blockers(tx, &[("t1", "t2"), ("t2", "t3"), ("t2", "t4"), ("t3", "t5"), ("t4", "t5")]).await?;
                    let relates = dependency("t5", "t6", DependencyType::RelatesTo);
                    tx.insert_dependency(&board_id("b"), &relates).await?;
                    for (from, to, expected) in [
                        ("t1", "t2", true),
                        ("t1", "t5", true),
                        ("t2", "t5", true),
                        ("t5", "t1", false),
                        ("t3", "t4", false),
                        ("t1", "t1", false),
                        ("t1", "t6", false),
                        ("t5", "t6", false),
                        ("t6", "t5", false),
                    ] {
                        let found = tx.is_blocked_by(&task_id(from), &task_id(to)).await?;
                        assert_eq!(found, expected, "{from} by {to}");
                    }
                    // The search ends even if there is a cycle.
                    add_blockers(tx, &[("t5", "t1")]).await?;
                    assert!(tx.is_blocked_by(&task_id("t1"), &task_id("t1")).await?);
                    assert!(!tx.is_blocked_by(&task_id("t1"), &task_id("t6")).await?);
                    tx.delete_dependency(&dependency("t5", "t1", DependencyType::Blocks)).await?;
                    let mut done = tx.task(&task_id("t3")).await?.expect("it is there");
                    done.task.status = Status::Done;
                    Ok(tx.save_task(&done).await?)
                })
            })
            .await?;
        for (id, blocked_by, blocking) in
            [("t1", &["t2"][..], &[][..]), ("t2", &["t4"], &["t1"]), ("t3", &["t5"], &[]), ("t5", &[], &["t4"])]
        {
            let detail = scene.store.detail(&task_id(id)).await?.expect("it is there");
            let names = |ids: &[&str]| -> Vec<_> { ids.iter().map(|id| task_id(id)).collect() };
            assert_eq!(detail.blocked_by, names(blocked_by), "what blocks {id}");
            assert_eq!(detail.blocking, names(blocking), "what {id} blocks");
        }
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn deleting_a_task_deletes_its_comments_attachments_and_dependencies() -> Result<()> {
    on_both(async |scene| {
        add_tasks(&scene).await?;
        scene
            .unit(|tx| {
                Box::pin(async move {
                    assert!(tx.insert_board(&board("b2")).await?);
                    assert!(tx.insert_comment(&comment("c", 1)).await?);
                    assert!(tx.insert_attachment(&attachment("a", 1)).await?);
                    add_blockers(tx, &[("t1", "t2"), ("t3", "t1"), ("t3", "t2")]).await?;
                    tx.delete_task(&task_id("t1")).await?;
                    assert_eq!(tx.comment(&comment_id("c")).await?, None);
                    assert_eq!(tx.attachment(&attachment_id("a")).await?, None);
                    Ok(())
                })
            })
            .await?;
        assert_eq!(scene.store.detail(&task_id("t1")).await?, None);
        let snapshot = scene.store.snapshot(&whole("b")).await?.expect("it is there");
        assert_eq!(snapshot.dependencies, [dependency("t3", "t2", DependencyType::Blocks)]);
        let other = scene.store.snapshot(&whole("b2")).await?.expect("it is there");
        assert_eq!(other.dependencies, []);
        let orphan = scene.unit(|tx| Box::pin(async move { Ok(tx.insert_comment(&comment("d", 1)).await.map(drop)?) }));
        assert!(orphan.await.is_err(), "the task is deleted");
        Ok(())
    })
    .await
}
