//! Notices from operators: `POST /api/v1/notifications`, to a user, a team or everybody.

use std::time::Duration;

use anyhow::{Result, ensure};
use boardwire_test_support::{Answer, Client, Http, Kind, token};
use serde_json::{Value, json};

use super::{SILENCE, listed};
use crate::scene::Scene;

on_both!(an_operator_can_notify_a_user_a_team_or_everybody, a_repeated_request_notifies_once);

/// Ann and Bob are in team red, Cid is in no team; all are connected. Root is the operator.
struct TeamUsers {
    scene: Scene,
    users: [Client; 3],
    token: String,
}

impl TeamUsers {
    async fn open(kind: Kind) -> Result<Self> {
        let scene = Scene::open(kind).await?;
        scene.server.create_user("root", "Root", "read,write,admin").await?;
        for user in ["ann", "bob"] {
            scene.server.run(&["user", "create", "--id", user, "--name", user, "--teams", "red"], "").await?;
        }
        let users = [scene.client("ann").await?, scene.client("bob").await?, scene.client("cid").await?];
        Ok(Self { scene, users, token: token("root", &["read", "write", "admin"])? })
    }

    fn request(&self, body: &Value) -> Http {
        Http::new(&self.scene.server.url(), "POST", "/api/v1/notifications").bearer(&self.token).json(body)
    }

    async fn post(&self, body: Value) -> Result<Answer> {
        self.request(&body).send().await
    }

    /// Returns the texts of all notifications of each user, newest first.
    async fn texts(&self) -> Result<[Vec<String>; 3]> {
        let mut all = [const { Vec::new() }; 3];
        for (user, texts) in self.users.iter().zip(&mut all) {
            let (list, unread) = listed(user, json!({})).await?;
            assert_eq!(list.len() as u64, unread);
            *texts = list.iter().filter_map(|one| one["text"].as_str().map(str::to_owned)).collect();
        }
        Ok(all)
    }
}

async fn an_operator_can_notify_a_user_a_team_or_everybody(kind: Kind) -> Result<()> {
    let setup = TeamUsers::open(kind).await?;
    let [ann, bob, cid] = &setup.users;
    for (body, notified) in [
        (json!({ "text": "To Cid", "userId": "cid" }), 1),
        (json!({ "text": "To red", "teamId": "red" }), 2),
        (json!({ "text": "To all", "all": true }), 4),
    ] {
        let answer = setup.post(body).await?;
        assert_eq!((answer.status, answer.json()?), (201, json!({ "notified": notified })));
    }
    assert_eq!(setup.texts().await?, [vec!["To all", "To red"], vec!["To all", "To red"], vec!["To all", "To Cid"]]);
    let event = cid.next_ephemeral().await?;
    let notification = &event.data()["notification"];
    assert_eq!((event.name.as_str(), event.board()), ("notification:system", None));
    assert_eq!(super::kind_and_text(notification), ("system", "To Cid"));
    for (field, value) in
        [("user_id", json!("cid")), ("actor", json!("root")), ("board_id", Value::Null), ("task_id", Value::Null)]
    {
        assert_eq!(notification[field], value, "{field}");
    }
    for user in [ann, bob] {
        let event = user.next_ephemeral().await?;
        assert_eq!(
            (event.name.as_str(), super::kind_and_text(&event.data()["notification"]).1),
            ("notification:system", "To red")
        );
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn invalid_and_forbidden_requests_notify_nobody() -> Result<()> {
    let setup = TeamUsers::open(Kind::Sqlite).await?;
    for (status, code, body) in [
        (422, "INVALID_MESSAGE", json!({ "text": "To whom?" })),
        (422, "INVALID_MESSAGE", json!({ "text": "To whom?", "all": false })),
        (422, "INVALID_MESSAGE", json!({ "text": "Both", "userId": "cid", "teamId": "red" })),
        (422, "INVALID_MESSAGE", json!({ "text": "Both", "userId": "cid", "all": true })),
        (422, "INVALID_MESSAGE", json!({ "text": "", "all": true })),
        (422, "INVALID_MESSAGE", json!({ "text": "x".repeat(20_001), "all": true })),
        (422, "INVALID_MESSAGE", json!({ "text": "More", "all": true, "boardId": "b" })),
        (422, "INVALID_MESSAGE", json!({ "all": true })),
        (404, "NOT_FOUND", json!({ "text": "Nobody", "userId": "nobody" })),
        (404, "NOT_FOUND", json!({ "text": "Nobody", "teamId": "nobodys" })),
    ] {
        let answer = setup.post(body.clone()).await?;
        let problem = answer.json()?;
        assert_eq!((answer.status, &problem["code"]), (status, &json!(code)), "{body}: {problem}");
    }
    // A caller who is not an admin, or whose credential allows less.
    let url = setup.scene.server.url();
    let request = || Http::new(&url, "POST", "/api/v1/notifications").json(&json!({ "text": "No", "all": true }));
    for holder in [
        token("cid", &["read", "write"])?,
        token("cid", &["read", "write", "admin"])?,
        token("root", &["read", "write"])?,
    ] {
        let answer = request().bearer(&holder).send().await?;
        assert_eq!((answer.status, &answer.json()?["code"]), (403, &json!("FORBIDDEN")));
    }
    assert_eq!(request().send().await?.status, 401);
    assert_eq!(setup.texts().await?, [const { Vec::<String>::new() }; 3]);
    for user in &setup.users {
        user.expect_no_ephemeral(Duration::from_millis(200)).await?;
    }
    Ok(())
}

async fn a_repeated_request_notifies_once(kind: Kind) -> Result<()> {
    let setup = TeamUsers::open(kind).await?;
    let body = json!({ "text": "Once", "userId": "ann" });
    let first = setup.request(&body).header("idempotency-key", "say-it").send().await?;
    let again = setup.request(&body).header("idempotency-key", "say-it").send().await?;
    assert_eq!((first.status, first.json()?), (201, json!({ "notified": 1 })));
    assert_eq!((again.status, again.json()?), (201, json!({ "notified": 1 })));
    let other = json!({ "text": "Other", "userId": "ann" });
    let other = setup.request(&other).header("idempotency-key", "say-it").send().await?;
    ensure!(other.json()?["code"] == "IDEMPOTENCY_MISMATCH", "{:?}", other.json()?);
    assert_eq!(setup.texts().await?[0], ["Once"]);
    assert_eq!(setup.users[0].next_ephemeral().await?.name, "notification:system");
    setup.users[0].expect_no_ephemeral(SILENCE).await
}
