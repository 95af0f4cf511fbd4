//! Presence, typing and membership through a team; all end with the right to read.

mod removal;
mod teams;
mod typing;
mod users;

use std::time::Duration;

use anyhow::{Result, ensure};
use boardwire_test_support::{Client, Event, Kind};
use serde_json::{Value, json};

use crate::scene::{Board, Scene};

/// How long the tests watch that nothing arrives.
const SILENCE: Duration = Duration::from_millis(500);

/// Ann's board with the members Bob and Cid, which Ann is viewing.
struct ViewedBoard {
    scene: Scene,
    ann: Client,
    bob: Client,
    cid: Client,
    board: Board,
}

impl ViewedBoard {
    async fn open() -> Result<Self> {
        let scene = Scene::open(Kind::Sqlite).await?;
        let (ann, bob, cid) = (scene.client("ann").await?, scene.client("bob").await?, scene.client("cid").await?);
        let board = Board::create(&ann, &[("bob", "member"), ("cid", "viewer")]).await?;
        board.view(&ann).await?;
        Ok(Self { scene, ann, bob, cid, board })
    }

    /// Returns the users present, according to `presence:list`.
    async fn present(&self, reader: &Client) -> Result<Vec<String>> {
        Ok(names(&reader.ask("presence:list", json!({ "boardId": self.board.id })).await?["users"]))
    }

    /// Returns the ephemeral events that a client has received so far, waiting for a reply to be sure that they are in.
    async fn catch_up(&self, client: &Client) -> Result<Vec<Event>> {
        self.present(client).await?;
        Ok(client.ephemeral_events())
    }

    /// Returns the data that each event about this user on the board has.
    fn event_data(&self, user: &str) -> Value {
        json!({ "userId": user, "boardId": self.board.id })
    }

    async fn remove(&self, user: &str) -> Result<Value> {
        self.ann.ask("board:member:remove", json!({ "boardId": self.board.id, "userId": user })).await
    }

    async fn add(&self, user: &str) -> Result<Value> {
        let member = json!({ "boardId": self.board.id, "userId": user, "role": "member" });
        self.ann.ask("board:member:set", member).await
    }
}

/// Returns each viewer of a list in short form: user, status and task.
fn names(viewers: &Value) -> Vec<String> {
    let name = |viewer: &Value| {
        let words = [&viewer["userId"], &viewer["status"], &viewer["taskId"]];
        words.into_iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" ")
    };
    viewers.as_array().into_iter().flatten().map(name).collect()
}

/// Checks that the next ephemeral event is this one, with exactly this data.
async fn expect_event(client: &Client, name: &str, data: Value) -> Result<()> {
    let event = client.next_ephemeral().await?;
    ensure!(event.name == name && *event.data() == data, "it should be {name} {data}, it is {event:?}");
    ensure!(event.seq().is_none(), "it has a `seq`: {event:?}");
    ensure!(event.payload["userId"] == data["userId"], "the wrong user in the envelope: {event:?}");
    ensure!(event.board() == data["boardId"].as_str(), "the wrong board in the envelope: {event:?}");
    Ok(())
}

/// Returns an object with more fields.
fn with(mut object: Value, more: Value) -> Value {
    if let (Some(fields), Value::Object(more)) = (object.as_object_mut(), more) {
        fields.extend(more);
    }
    object
}
