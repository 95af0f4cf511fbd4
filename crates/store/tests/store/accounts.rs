//! Passwords, sessions, API keys, teams, and the changes that open connections follow.

use anyhow::Result;
use boardwire_protocol::{Role, TeamId, Timestamp, UserId};
use boardwire_services::storage::{ApiKey, Membership, Prune, SaveUser, Session};

use crate::{
    fixture::{Place, on_both},
    samples::{a_board, board, board_id, by_name, save_user, user_id},
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

/// Forget what ended or changed before this.
fn prune_accounts(before: i64) -> Prune {
    let nothing = Timestamp(0);
    Prune { requests: nothing, events: None, notifications: nothing, accounts: Timestamp(before) }
}

/// Whose accounts changed after a place in the list.
async fn changed(place: &Place, after: i64) -> Result<Vec<UserId>> {
    Ok(place.store.account_changes(after).await?.into_iter().map(|change| change.user).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sessions_that_were_not_used_for_longest_make_room() -> Result<()> {
    on_both(async |place| {
        a_board(&place).await?;
        place.store.save_user(&SaveUser { password: Some("p".to_owned()), ..save_user("ann") }).await?;
        for number in 0..102 {
            let new = Session { used_at: Timestamp(number), ..session(&format!("s{number}"), "ann", 1_000) };
            assert!(place.store.insert_session(&new, "p").await?);
        }
        let used: Vec<_> = place.database.query("SELECT COUNT(*) FROM sessions").await?;
        assert_eq!(used, [["100"]]);
        for gone in ["s0", "s1"] {
            assert_eq!(place.store.session(gone).await?, None);
        }
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions() -> Result<()> {
    on_both(async |place| {
        let (ann, _) = a_board(&place).await?;
        assert_eq!(place.store.password(&user_id("ann")).await?, None);
        let s1 = session("s1", "ann", 100);
        for user in ["ann", "bob"] {
            let password = Some("old".to_owned());
            place.store.save_user(&SaveUser { password, ..save_user(user) }).await?;
        }
        for session in [&s1, &session("s2", "ann", 200), &session("s3", "bob", 300)] {
            assert!(place.store.insert_session(session, "old").await?);
        }
        assert!(place.store.insert_session(&s1, "old").await.is_err(), "the id is taken");
        let late = session("late", "ann", 400);
        assert!(!place.store.insert_session(&late, "older").await?, "the password is another one now");
        assert_eq!(place.store.session("late").await?, None);
        assert_eq!(place.store.session("s1").await?, Some((s1.clone(), ann)));
        assert_eq!(place.store.session("x").await?, None);
        place.store.session_used("s1", Timestamp(50)).await?;
        place.store.session_used("s1", Timestamp(40)).await?;
        place.store.session_used("x", Timestamp(40)).await?;
        let used = place.store.session("s1").await?.map(|(session, _)| session.used_at);
        assert_eq!(used, Some(Timestamp(50)), "the latest use counts");

        let last = place.store.last_account_change().await?;
        assert!(place.store.delete_session("s1", Timestamp(9)).await?);
        assert!(!place.store.delete_session("s1", Timestamp(9)).await?);
        assert_eq!(place.store.session("s1").await?, None);
        assert_eq!(changed(&place, last).await?, [user_id("ann")], "once, whatever was asked twice");

        // A new password ends the sessions of its user, and no others.
        let mut change = save_user("ann");
        change.password = Some("hash".to_owned());
        place.store.save_user(&change).await?;
        assert_eq!(place.store.password(&user_id("ann")).await?.as_deref(), Some("hash"));
        assert_eq!(place.store.session("s2").await?, None);
        assert!(place.store.session("s3").await?.is_some());
        change.password = None;
        place.store.save_user(&change).await?;
        assert_eq!(place.store.password(&user_id("ann")).await?.as_deref(), Some("hash"), "it is kept");

        place.store.prune(&prune_accounts(300)).await?;
        assert!(place.store.session("s3").await?.is_some(), "it ends only now");
        place.store.prune(&prune_accounts(301)).await?;
        assert_eq!(place.store.session("s3").await?, None);
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn api_keys() -> Result<()> {
    on_both(async |place| {
        let (ann, bob) = a_board(&place).await?;
        let mut full = api_key("k1", "ann", 7);
        full.permissions = Some(vec!["read".to_owned(), "write".to_owned()]);
        full.expires_at = Some(Timestamp(8));
        full.used_at = Some(Timestamp(9));
        full.revoked_at = Some(Timestamp(10));
        let (k2, mut k3) = (api_key("k2", "ann", 6), api_key("k3", "bob", 6));
        k3.permissions = Some(vec![]);
        for key in [&full, &k2, &k3] {
            place.store.insert_api_key(key).await?;
        }
        assert!(place.store.insert_api_key(&k2).await.is_err(), "the id is taken");
        assert!(place.store.insert_api_key(&api_key("k4", "nobody", 1)).await.is_err(), "there is no such user");
        assert_eq!(place.store.api_key("k1").await?, Some((full.clone(), ann)));
        assert_eq!(place.store.api_key("k3").await?, Some((k3.clone(), bob)), "no permissions are not all of them");
        assert_eq!(place.store.api_key("x").await?, None);
        assert_eq!(place.store.api_keys(None).await?, [k2.clone(), k3.clone(), full.clone()], "oldest first");
        assert_eq!(place.store.api_keys(Some(&user_id("ann"))).await?, [k2, full]);
        assert_eq!(place.store.api_keys(Some(&user_id("eve"))).await?, []);

        let last = place.store.last_account_change().await?;
        place.store.api_key_used("k2", Timestamp(50)).await?;
        assert_eq!(place.store.last_account_change().await?, last, "a use changes no account");
        assert!(place.store.revoke_api_key("k2", Timestamp(60)).await?);
        assert!(!place.store.revoke_api_key("k2", Timestamp(70)).await?, "only once");
        assert!(!place.store.revoke_api_key("x", Timestamp(70)).await?);
        let revoked = place.store.api_key("k2").await?.map(|(key, _)| (key.used_at, key.revoked_at));
        assert_eq!(revoked, Some((Some(Timestamp(50)), Some(Timestamp(60)))));
        assert_eq!(changed(&place, last).await?, [user_id("ann")]);
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_are_listed_in_order() -> Result<()> {
    on_both(async |place| {
        assert_eq!(place.store.last_account_change().await?, 0);
        assert_eq!(place.store.account_changes(-100).await?, []);
        for id in ["ann", "bob", "ann"] {
            place.store.save_user(&save_user(id)).await?;
        }
        let all = place.store.account_changes(0).await?;
        assert_eq!(changed(&place, 0).await?, ["ann", "bob", "ann"].map(user_id));
        assert!(all.windows(2).all(|two| two[0].id < two[1].id), "{all:?}");
        assert_eq!(place.store.last_account_change().await?, all[2].id);
        assert_eq!(place.store.account_changes(all[1].id).await?, all[2..]);
        assert_eq!(changed(&place, all[2].id).await?, [] as [UserId; 0]);
        Ok(())
    })
    .await
}

/// Whoever follows the list knows a change by its place: one that comes twice is overlooked, and with it a revocation.
#[tokio::test(flavor = "multi_thread")]
async fn a_place_in_the_list_is_given_once_also_after_pruning() -> Result<()> {
    on_both(async |place| {
        place.store.save_user(&save_user("ann")).await?;
        place.store.save_user(&save_user("ann")).await?;
        let last = place.store.last_account_change().await?;
        place.store.prune(&prune_accounts(i64::MAX)).await?;
        place.store.save_user(&save_user("bob")).await?;
        let next = place.store.last_account_change().await?;
        assert!(next > last, "the place {next} comes again, {last} was given");
        assert_eq!(changed(&place, last).await?, [user_id("bob")]);
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn teams() -> Result<()> {
    on_both(async |place| {
        a_board(&place).await?;
        let mut bob = save_user("bob");
        bob.teams = Some(vec![team("t1"), team("t2")]);
        place.store.save_user(&bob).await?;
        let mut ann = save_user("ann");
        ann.teams = Some(vec![team("t2"), team("t2")]);
        place.store.save_user(&ann).await?;
        place
            .unit(|tx| {
                Box::pin(async move {
                    assert_eq!(tx.users(Some(&team("t1")), None, 9).await?, [user_id("bob")]);
                    assert_eq!(tx.users(Some(&team("t2")), None, 9).await?, ["ann", "bob"].map(user_id));
                    assert_eq!(tx.users(Some(&team("t3")), None, 9).await?, []);
                    assert_eq!(tx.users(None, None, 9).await?, ["ann", "bob"].map(user_id));

                    let mut given = board("b1");
                    given.board.team_id = Some(team("t1"));
                    assert!(tx.insert_board(&given).await?);
                    let mut other = board("b2");
                    other.board.team_id = Some(team("t3"));
                    assert!(tx.insert_board(&other).await?);
                    Ok(())
                })
            })
            .await?;
        assert_eq!(place.store.team_boards(&user_id("bob")).await?, [board_id("b1")], "he is to become a member");
        assert_eq!(place.store.team_boards(&user_id("ann")).await?, []);

        place
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
        assert_eq!(place.store.team_boards(&user_id("bob")).await?, []);
        bob.teams = Some(vec![team("t2")]);
        place.store.save_user(&bob).await?;
        assert_eq!(place.store.team_boards(&user_id("bob")).await?, [board_id("b1")], "he is to be one no more");

        // One by name stays, whatever the teams say.
        let by_name = place.unit(|tx| {
            Box::pin(async move { Ok(tx.set_member(&board_id("b1"), &user_id("bob"), &by_name(Role::Viewer)).await?) })
        });
        by_name.await?;
        assert_eq!(place.store.team_boards(&user_id("bob")).await?, []);
        Ok(())
    })
    .await
}
