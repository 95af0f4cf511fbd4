//! Passwords, sessions, API keys, teams, and the changes that open connections follow.

use anyhow::Result;
use boardwire_protocol::{Role, TeamId, Timestamp, UserId};
use boardwire_services::storage::{ApiKey, Membership, Prune, SaveUser, Session};

use crate::{
    fixture::{Scene, a_board, on_both},
    samples::{board, board_id, by_name, save_user, user_id},
};

fn session(id: &str, user: &str, expires_at: i64) -> Session {
    Session {
        id: id.to_owned(),
        user: user_id(user),
        hash: format!("hash of {id}"),
        created_at: Timestamp(1),
        used_at: Timestamp(2),
        expires_at: Timestamp(expires_at),
    }
}

fn api_key(id: &str, user: &str, created_at: i64) -> ApiKey {
    ApiKey {
        id: id.to_owned(),
        user: user_id(user),
        name: "An \"agent\"".to_owned(),
        permissions: None,
        hash: format!("hash of {id}"),
        created_at: Timestamp(created_at),
        expires_at: None,
        used_at: None,
        revoked_at: None,
    }
}

fn team(id: &str) -> TeamId {
    TeamId::try_from(id).expect("an id")
}

/// Returns the settings to prune sessions that expired and account changes made before this time.
fn prune_accounts(before: i64) -> Prune {
    let nothing = Timestamp(0);
    Prune { requests: nothing, events: None, notifications: nothing, accounts: Timestamp(before) }
}

/// Returns the users of the account changes after this number.
async fn changed_users(scene: &Scene, after: i64) -> Result<Vec<UserId>> {
    Ok(scene.store.account_changes(after).await?.into_iter().map(|change| change.user).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_sessions_end_the_least_recently_used() -> Result<()> {
    on_both(async |scene| {
        a_board(&scene).await?;
        scene.store.save_user(&SaveUser { password: Some("p".to_owned()), ..save_user("ann") }).await?;
        for number in 0..102 {
            let new = Session { used_at: Timestamp(number), ..session(&format!("s{number}"), "ann", 1_000) };
            assert!(scene.store.insert_session(&new, "p").await?);
        }
        let count: Vec<_> = scene.database.query("SELECT COUNT(*) FROM sessions").await?;
        assert_eq!(count, [["100"]]);
        for gone in ["s0", "s1"] {
            assert_eq!(scene.store.session(gone).await?, None);
        }
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_are_added_used_and_ended() -> Result<()> {
    on_both(async |scene| {
        let (ann, _) = a_board(&scene).await?;
        assert_eq!(scene.store.password(&user_id("ann")).await?, None);
        let s1 = session("s1", "ann", 100);
        for user in ["ann", "bob"] {
            let password = Some("old".to_owned());
            scene.store.save_user(&SaveUser { password, ..save_user(user) }).await?;
        }
        for session in [&s1, &session("s2", "ann", 200), &session("s3", "bob", 300)] {
            assert!(scene.store.insert_session(session, "old").await?);
        }
        assert!(scene.store.insert_session(&s1, "old").await.is_err(), "the id is taken");
        let late = session("late", "ann", 400);
        assert!(!scene.store.insert_session(&late, "older").await?, "the password has changed");
        assert_eq!(scene.store.session("late").await?, None);
        assert_eq!(scene.store.session("s1").await?, Some((s1.clone(), ann)));
        assert_eq!(scene.store.session("x").await?, None);
        scene.store.session_used("s1", Timestamp(50)).await?;
        scene.store.session_used("s1", Timestamp(40)).await?;
        scene.store.session_used("x", Timestamp(40)).await?;
        let used = scene.store.session("s1").await?.map(|(session, _)| session.used_at);
        assert_eq!(used, Some(Timestamp(50)), "the latest use counts");

        let last = scene.store.last_account_change().await?;
        assert!(scene.store.delete_session("s1", Timestamp(9)).await?);
        assert!(!scene.store.delete_session("s1", Timestamp(9)).await?);
        assert_eq!(scene.store.session("s1").await?, None);
        assert_eq!(changed_users(&scene, last).await?, [user_id("ann")], "only the first deletion is recorded");

        // A new password ends the sessions of its user, and no others.
        let mut change = save_user("ann");
        change.password = Some("hash".to_owned());
        scene.store.save_user(&change).await?;
        assert_eq!(scene.store.password(&user_id("ann")).await?.as_deref(), Some("hash"));
        assert_eq!(scene.store.session("s2").await?, None);
        assert!(scene.store.session("s3").await?.is_some());
        change.password = None;
        scene.store.save_user(&change).await?;
        assert_eq!(scene.store.password(&user_id("ann")).await?.as_deref(), Some("hash"), "the password stays");

        scene.store.prune(&prune_accounts(300)).await?;
        assert!(scene.store.session("s3").await?.is_some(), "it expires only now");
        scene.store.prune(&prune_accounts(301)).await?;
        assert_eq!(scene.store.session("s3").await?, None);
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn api_keys_are_added_used_and_revoked() -> Result<()> {
    on_both(async |scene| {
        let (ann, bob) = a_board(&scene).await?;
        let mut full = api_key("k1", "ann", 7);
        full.permissions = Some(vec!["read".to_owned(), "write".to_owned()]);
        full.expires_at = Some(Timestamp(8));
        full.used_at = Some(Timestamp(9));
        full.revoked_at = Some(Timestamp(10));
        let (k2, mut k3) = (api_key("k2", "ann", 6), api_key("k3", "bob", 6));
        k3.permissions = Some(vec![]);
        for key in [&full, &k2, &k3] {
            scene.store.insert_api_key(key).await?;
        }
        assert!(scene.store.insert_api_key(&k2).await.is_err(), "the id is taken");
        assert!(scene.store.insert_api_key(&api_key("k4", "nobody", 1)).await.is_err(), "there is no such user");
        assert_eq!(scene.store.api_key("k1").await?, Some((full.clone(), ann)));
        assert_eq!(
            scene.store.api_key("k3").await?,
            Some((k3.clone(), bob)),
            "an empty list does not mean all permissions"
        );
        assert_eq!(scene.store.api_key("x").await?, None);
        assert_eq!(scene.store.api_keys(None).await?, [k2.clone(), k3.clone(), full.clone()], "oldest first");
        assert_eq!(scene.store.api_keys(Some(&user_id("ann"))).await?, [k2, full]);
        assert_eq!(scene.store.api_keys(Some(&user_id("eve"))).await?, []);

        let last = scene.store.last_account_change().await?;
        scene.store.api_key_used("k2", Timestamp(50)).await?;
        assert_eq!(scene.store.last_account_change().await?, last, "a use changes no account");
        assert!(scene.store.revoke_api_key("k2", Timestamp(60)).await?);
        assert!(!scene.store.revoke_api_key("k2", Timestamp(70)).await?, "only once");
        assert!(!scene.store.revoke_api_key("x", Timestamp(70)).await?);
        let revoked = scene.store.api_key("k2").await?.map(|(key, _)| (key.used_at, key.revoked_at));
        assert_eq!(revoked, Some((Some(Timestamp(50)), Some(Timestamp(60)))));
        assert_eq!(changed_users(&scene, last).await?, [user_id("ann")]);
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn account_changes_are_listed_in_order() -> Result<()> {
    on_both(async |scene| {
        assert_eq!(scene.store.last_account_change().await?, 0);
        assert_eq!(scene.store.account_changes(-100).await?, []);
        for id in ["ann", "bob", "ann"] {
            scene.store.save_user(&save_user(id)).await?;
        }
        let all = scene.store.account_changes(0).await?;
        assert_eq!(changed_users(&scene, 0).await?, ["ann", "bob", "ann"].map(user_id));
        assert!(all.windows(2).all(|two| two[0].id < two[1].id), "{all:?}");
        assert_eq!(scene.store.last_account_change().await?, all[2].id);
        assert_eq!(scene.store.account_changes(all[1].id).await?, all[2..]);
        assert_eq!(changed_users(&scene, all[2].id).await?, [] as [UserId; 0]);
        Ok(())
    })
    .await
}

/// Servers follow the list by number: they would overlook a change with a reused number, and a revocation with it.
#[tokio::test(flavor = "multi_thread")]
async fn the_number_of_an_account_change_is_never_reused_even_after_pruning() -> Result<()> {
    on_both(async |scene| {
        scene.store.save_user(&save_user("ann")).await?;
        scene.store.save_user(&save_user("ann")).await?;
        let last = scene.store.last_account_change().await?;
        scene.store.prune(&prune_accounts(i64::MAX)).await?;
        scene.store.save_user(&save_user("bob")).await?;
        let next = scene.store.last_account_change().await?;
        assert!(next > last, "the change after number {last} has number {next}");
        assert_eq!(changed_users(&scene, last).await?, [user_id("bob")]);
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn boards_follow_the_teams_of_users() -> Result<()> {
    on_both(async |scene| {
        a_board(&scene).await?;
        let mut bob = save_user("bob");
        bob.teams = Some(vec![team("t1"), team("t2")]);
        scene.store.save_user(&bob).await?;
        let mut ann = save_user("ann");
        ann.teams = Some(vec![team("t2"), team("t2")]);
        scene.store.save_user(&ann).await?;
        scene
            .unit(|tx| {
                Box::pin(async move {
                    assert_eq!(tx.users(Some(&team("t1")), None, 9).await?, [user_id("bob")]);
                    assert_eq!(tx.users(Some(&team("t2")), None, 9).await?, ["ann", "bob"].map(user_id));
                    assert_eq!(tx.users(Some(&team("t3")), None, 9).await?, []);
                    assert_eq!(tx.users(None, None, 9).await?, ["ann", "bob"].map(user_id));

                    let mut own = board("b1");
                    own.board.team_id = Some(team("t1"));
                    assert!(tx.insert_board(&own).await?);
                    let mut other = board("b2");
                    other.board.team_id = Some(team("t3"));
                    assert!(tx.insert_board(&other).await?);
                    Ok(())
                })
            })
            .await?;
        assert_eq!(scene.store.team_boards(&user_id("bob")).await?, [board_id("b1")], "bob is to become a member");
        assert_eq!(scene.store.team_boards(&user_id("ann")).await?, []);

        scene
            .unit(|tx| {
                Box::pin(async move {
                    let through = Membership { role: Role::Member, team: Some(team("t1")) };
                    let (b1, bob) = (board_id("b1"), user_id("bob"));
                    tx.set_member(&b1, &bob, &through).await?;
                    assert_eq!(tx.membership(&b1, &bob).await?, Some(through));
                    assert_eq!(tx.membership(&b1, &user_id("ann")).await?, None);
                    assert_eq!(tx.membership(&board_id("b"), &user_id("ann")).await?, Some(by_name(Role::Owner)));
                    assert_eq!(tx.members_through(&b1, &team("t1")).await?, [bob]);
                    assert_eq!(tx.members_through(&b1, &team("t2")).await?, []);
                    Ok(())
                })
            })
            .await?;
        assert_eq!(scene.store.team_boards(&user_id("bob")).await?, []);
        bob.teams = Some(vec![team("t2")]);
        scene.store.save_user(&bob).await?;
        assert_eq!(scene.store.team_boards(&user_id("bob")).await?, [board_id("b1")], "bob is to be removed");

        // A membership that does not depend on a team stays.
        let by_name = scene.unit(|tx| {
            Box::pin(async move { Ok(tx.set_member(&board_id("b1"), &user_id("bob"), &by_name(Role::Viewer)).await?) })
        });
        by_name.await?;
        assert_eq!(scene.store.team_boards(&user_id("bob")).await?, []);
        Ok(())
    })
    .await
}
