//! Teams on boards: a team's board has each user of the team as a member, and follows changes to the team.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use boardwire_test_support::{Client, Event, Kind, PATIENCE, eventually, patient};
use serde_json::{Value, json};
use tokio::time::timeout;

use super::SILENCE;
use crate::scene::{Scene, text};

on_both!(
    a_member_removed_by_name_stays_removed,
    the_users_of_a_team_are_members_of_its_board,
    members_follow_the_team,
    a_lease_ends_when_its_board_leaves_the_team,
    a_lease_ends_when_its_holder_leaves_the_team
);

/// How soon a change of teams takes effect.
const SOON: Duration = Duration::from_secs(1);

/// Puts a user into these teams, as an operator does.
async fn join(scene: &Scene, user: &str, teams: &str) -> Result<()> {
    let name = user.to_uppercase();
    scene.server.run(&["user", "create", "--id", user, "--name", &name, "--teams", teams], "").await.map(drop)
}

/// Ann and Bob are in team red, Cid is in blue; the board is red's. Dan is in no team.
struct TeamBoard {
    scene: Scene,
    ann: Client,
    board: String,
}

async fn open(kind: Kind) -> Result<TeamBoard> {
    let scene = Scene::open(kind).await?;
    for (user, teams) in [("ann", "red"), ("bob", "red,green"), ("cid", "blue"), ("dan", "")] {
        join(&scene, user, teams).await?;
    }
    let ann = scene.client("ann").await?;
    let created = ann.ask("board:create", json!({ "name": "Red", "team_id": "red" })).await?;
    assert_eq!(created["board"]["team_id"], "red");
    Ok(TeamBoard { scene, ann, board: text(&created["board"]["id"])? })
}

impl TeamBoard {
    async fn members(&self) -> Result<Vec<String>> {
        let snapshot = self.ann.ask("board:get", json!({ "boardId": self.board })).await?;
        let members = snapshot["members"].as_array().into_iter().flatten();
        let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let mut members: Vec<_> =
            members.map(|member| format!("{} {}", word(&member["user_id"]), word(&member["role"]))).collect();
        members.sort();
        Ok(members)
    }

    fn update(&self, updates: &Value) -> Value {
        json!({ "boardId": self.board, "updates": updates })
    }
}

fn is_about(event: &Event, name: &str, user: &str) -> bool {
    event.name == name && (event.data()["userId"] == user || event.data()["member"]["user_id"] == user)
}

async fn the_users_of_a_team_are_members_of_its_board(kind: Kind) -> Result<()> {
    let setup = open(kind).await?;
    let (ann, bob) = (&setup.ann, setup.scene.client("bob").await?);
    assert_eq!(setup.members().await?, ["ann owner", "bob member"]);
    // The log has an event for each membership.
    bob.ask("subscribe", json!({ "type": "board:*", "filters": { "boardId": setup.board }, "since": 0 })).await?;
    let names: Vec<String> = bob.events().into_iter().map(|event| event.name).collect();
    assert_eq!(names, ["board:created", "board:member:set"]);
    ann.ask("board:list", json!({})).await?;

    // Only an owner may change the team, and only to one of their own; a member added by name stays.
    let caller_team = json!({ "team_id": "green" });
    ann.refused("board:update", setup.update(&caller_team), "FORBIDDEN").await?;
    ann.refused("board:update", setup.update(&json!({ "team_id": "nobodys" })), "FORBIDDEN").await?;
    bob.refused("board:update", setup.update(&caller_team), "FORBIDDEN").await?;
    bob.refused("board:update", setup.update(&json!({ "team_id": null })), "FORBIDDEN").await?;
    bob.refused("board:create", json!({ "name": "Blue", "team_id": "blue" }), "FORBIDDEN").await?;
    bob.ask("board:update", setup.update(&json!({ "name": "Redder" }))).await?;
    assert_eq!(setup.members().await?, ["ann owner", "bob member"], "a refused command had an effect");
    ann.ask("board:member:set", json!({ "boardId": setup.board, "userId": "dan", "role": "viewer" })).await?;
    ann.ask("board:update", setup.update(&json!({ "team_id": null }))).await?;
    assert_eq!(setup.members().await?, ["ann owner", "dan viewer"]);
    bob.refused("board:get", json!({ "boardId": setup.board }), "NOT_FOUND").await?;
    ann.ask("board:update", setup.update(&json!({ "team_id": "red" }))).await?;
    assert_eq!(setup.members().await?, ["ann owner", "bob member", "dan viewer"]);
    bob.ask("board:get", json!({ "boardId": setup.board })).await.map(drop)
}

async fn members_follow_the_team(kind: Kind) -> Result<()> {
    let setup = open(kind).await?;
    let (ann, dan) = (&setup.ann, setup.scene.client("dan").await?);
    ann.ask("view:board", json!({ "boardId": setup.board })).await?;
    dan.ask("subscribe", json!({ "type": "*" })).await?;
    dan.refused("view:board", json!(setup.board), "NOT_FOUND").await?;

    // He joins the team: he is a member, and receives the board's events without reconnecting.
    join(&setup.scene, "dan", "red").await?;
    let joined = Instant::now();
    ann.next_matching("Dan is a member", |event| is_about(event, "board:member:set", "dan")).await?;
    ensure!(joined.elapsed() < patient(SOON), "it took {:?}", joined.elapsed());
    assert_eq!(setup.members().await?, ["ann owner", "bob member", "dan member"]);
    dan.ask("view:board", json!(setup.board)).await?;
    ann.ask("task:create", json!({ "boardId": setup.board, "title": "For the team" })).await?;
    dan.next_event("task:created").await?;

    // He leaves it: he receives nothing more.
    join(&setup.scene, "dan", "blue").await?;
    let left = Instant::now();
    let event = ann.next_matching("Dan is out", |event| is_about(event, "board:member:removed", "dan")).await?;
    ensure!(left.elapsed() < patient(SOON), "it took {:?}", left.elapsed());
    assert_eq!(setup.members().await?, ["ann owner", "bob member"]);
    for received in dan.events() {
        ensure!(received.seq() <= event.seq(), "after he left the team he received {received:?}");
    }
    let task = ann.ask("task:create", json!({ "boardId": setup.board, "title": "Not for Dan" })).await?;
    ann.ask("task:comment:add", json!({ "taskId": task["task"]["id"], "body": "@dan" })).await?;
    dan.refused("board:get", json!({ "boardId": setup.board }), "NOT_FOUND").await?;
    dan.expect_silence(SILENCE).await?;
    dan.expect_no_ephemeral(Duration::from_millis(50)).await?;

    // A membership by name outlasts the team, and does not become one through the team.
    ann.ask("board:member:set", json!({ "boardId": setup.board, "userId": "bob", "role": "viewer" })).await?;
    join(&setup.scene, "bob", "green").await?;
    join(&setup.scene, "dan", "red").await?;
    ann.next_matching("Dan is back", |event| is_about(event, "board:member:set", "dan")).await?;
    assert_eq!(setup.members().await?, ["ann owner", "bob viewer", "dan member"]);
    Ok(())
}

impl TeamBoard {
    /// Has Bob claim a task on the board, which Ann views from then on; returns its id.
    async fn claimed_by_bob(&self) -> Result<String> {
        let task = self.ann.ask("task:create", json!({ "boardId": self.board, "title": "Task" })).await?;
        let (id, bob) = (text(&task["task"]["id"])?, self.scene.client("bob").await?);
        bob.ask("task:claim", json!({ "boardId": self.board, "taskId": id })).await?;
        self.ann.ask("view:board", json!({ "boardId": self.board })).await?;
        Ok(id)
    }

    /// Checks that Bob's lease ends with his membership, and that Ann is told of the lease first.
    async fn expect_lease_and_membership_end(&self, task: &str, by: &str) -> Result<()> {
        let first = self.ann.next_any().await?;
        ensure!(first.name == "task:released", "the lease ends before the membership: {first:?}");
        let task = self.ann.ask("task:get", json!({ "taskId": task })).await?["task"].clone();
        assert_eq!([&task["lease"], &task["assignee"]], [&Value::Null, &Value::Null]);
        let board = &self.board;
        let data = json!({ "task": task, "holder": "bob", "releasedBy": by, "expired": false, "boardId": board });
        assert_eq!(first.data(), &data);
        let second = self.ann.next_any().await?;
        ensure!(is_about(&second, "board:member:removed", "bob"), "then the membership ends: {second:?}");
        Ok(())
    }
}

async fn a_lease_ends_when_its_board_leaves_the_team(kind: Kind) -> Result<()> {
    let setup = open(kind).await?;
    let task = setup.claimed_by_bob().await?;
    setup.ann.ask("board:update", setup.update(&json!({ "team_id": null }))).await?;
    setup.expect_lease_and_membership_end(&task, "ann").await
}

async fn a_lease_ends_when_its_holder_leaves_the_team(kind: Kind) -> Result<()> {
    let setup = open(kind).await?;
    let task = setup.claimed_by_bob().await?;
    join(&setup.scene, "bob", "green").await?;
    setup.expect_lease_and_membership_end(&task, "bob").await
}

/// A user removed from the board by name stays removed, whatever happens to the account, until added again.
async fn a_member_removed_by_name_stays_removed(kind: Kind) -> Result<()> {
    let setup = open(kind).await?;
    let ann = &setup.ann;
    ann.ask("board:update", setup.update(&json!({ "team_id": "red" }))).await?;
    assert_eq!(setup.members().await?, ["ann owner", "bob member"]);
    let bob = json!({ "boardId": setup.board, "userId": "bob" });
    ann.ask("board:member:remove", bob.clone()).await?;
    join(&setup.scene, "bob", "red,blue").await?;
    // Dan's change is later: once it has taken effect, so has Bob's.
    join(&setup.scene, "dan", "red").await?;
    eventually("Dan is a member", SOON, async || {
        Ok((setup.members().await? == ["ann owner", "dan member"]).then_some(()))
    })
    .await?;
    ann.ask("board:member:set", json!({ "boardId": setup.board, "userId": "bob", "role": "member" })).await?;
    assert_eq!(setup.members().await?, ["ann owner", "bob member", "dan member"]);
    Ok(())
}

/// The caller's teams are always current, even on an open connection.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_who_joins_a_team_can_give_it_a_board() -> Result<()> {
    let setup = open(Kind::Sqlite).await?;
    let update = setup.update(&json!({ "team_id": "blue" }));
    setup.ann.refused("board:update", update.clone(), "FORBIDDEN").await?;
    join(&setup.scene, "ann", "red,blue").await?;
    eventually("Ann may give the board to blue", SOON, async || {
        Ok((setup.ann.call("board:update", update.clone()).await?["ok"] == true).then_some(()))
    })
    .await?;
    assert_eq!(setup.members().await?, ["ann owner", "cid member"]);
    Ok(())
}

/// Members of a team's board follow the team as fast as storage allows. Lost credentials do not wait for that.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_revocation_does_not_wait_for_the_boards_of_teams() -> Result<()> {
    let TeamBoard { scene, ann, .. } = open(Kind::Postgres).await?;
    let database = Arc::clone(&scene.database);
    // Restoring each of these memberships waits 5 seconds for the locked board, and comes before Dan's revocation.
    for mate in 0..8 {
        join(&scene, &format!("bob{mate}"), "red").await?;
    }
    let key = scene.server.run(&["api-key", "create", "--user", "dan", "--name", "agent"], "").await?;
    let dan = Client::connect(&scene.server.url(), json!({ "apiKey": key["key"] })).await?;
    let locking = {
        let database = Arc::clone(&database);
        let lock = "BEGIN; SELECT id FROM boards FOR UPDATE; SELECT pg_sleep(600); COMMIT";
        tokio::spawn(async move { database.query(lock).await })
    };
    let sleeping = "FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'";
    eventually("the boards are locked", PATIENCE, async || {
        let rows = database.query(&format!("SELECT pid {sleeping}")).await?;
        Ok((!rows.is_empty()).then_some(()))
    })
    .await?;
    let revoke = "BEGIN; DELETE FROM members WHERE user_id LIKE 'bob%';
        UPDATE api_keys SET revoked_at = 1 WHERE user_id = 'dan';
        INSERT INTO account_changes (user_id, at) SELECT id, extract(epoch FROM now()) * 1000 FROM users; COMMIT";
    database.query(revoke).await?;
    let ends = async {
        while let Ok(event) = dan.next_any().await {
            if event.name == "error" {
                assert_eq!(event.payload["code"], "UNAUTHENTICATED");
                return Ok(());
            }
        }
        anyhow::bail!("the connection ended without an error event")
    };
    let ended = timeout(patient(Duration::from_secs(20)), ends).await;
    database.query(&format!("SELECT pg_terminate_backend(pid) {sleeping}")).await?;
    ensure!(locking.await?.is_err(), "the boards were not locked all the time");
    ended.context("the revocation waits for a board")??;
    ann.ask("board:list", json!({})).await.map(drop)
}
