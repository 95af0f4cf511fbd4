//! The examples of the references: every command is sent, every event is received, and the messages are kept as
//! snapshots, from which `cargo xtask codegen` takes the examples. The test fails for an event of the catalog that is
//! missing here, and for an event that reaches a client that should not get it.
//!
//! A command that the script does not send is sent with the payload of its row in `access.rs`. Call it in the script if
//! that makes a poor example.

use std::{collections::BTreeMap, time::Duration};

use anyhow::{Context, Result, ensure};
use boardwire_protocol::{CommandGroup, CommandKind, EventKind};
use boardwire_test_support::{Client, Http, Kind, stand_ins, token, token_expiring_in};
use serde_json::{Value, json};

use crate::access::{self, Cell};
use crate::scene::{Board, Scene, ids, text};

/// How long a client that should receive nothing is watched.
const SILENCE: Duration = Duration::from_millis(500);

/// The messages sent and received.
#[derive(Default)]
struct Recorder {
    commands: BTreeMap<String, Value>,
    events: BTreeMap<String, Value>,
}

impl Recorder {
    /// Sends a command that must succeed.
    async fn command(&mut self, sender: &Client, name: &str, payload: Value) -> Result<Value> {
        let reply = sender.ask(name, payload.clone()).await?;
        self.commands.entry(name.to_owned()).or_insert_with(|| json!({ "payload": payload, "reply": reply }));
        Ok(reply)
    }

    /// Sends a command whose event must reach all of these, with the reply's `seq`, and never its sender.
    async fn change(
        &mut self,
        sender: &Client,
        name: &str,
        payload: Value,
        event: &str,
        receivers: &[&Client],
    ) -> Result<Value> {
        let reply = self.command(sender, name, payload).await?;
        for receiver in receivers {
            let envelope = self.event(receiver, event).await?;
            ensure!(envelope["seq"] == reply["seq"], "{event} of {name}: {envelope}");
        }
        ensure!(sender.events().iter().all(|heard| heard.name != event), "the sender of {name} received {event}");
        Ok(reply)
    }

    /// Receives an event.
    async fn event(&mut self, receiver: &Client, name: &str) -> Result<Value> {
        let received = receiver.next_event(name).await.with_context(|| format!("waiting for {name}"))?;
        self.record(name, &received.payload)?;
        Ok(received.payload)
    }

    /// Records an event, unless one of its name has been recorded.
    fn record(&mut self, name: &str, envelope: &Value) -> Result<()> {
        if name != "error" {
            ensure!(envelope["type"] == name && envelope["data"].is_object(), "{envelope}");
            ensure!(envelope["timestamp"].is_string() && envelope["id"].is_string(), "{envelope}");
        }
        self.events.entry(name.to_owned()).or_insert_with(|| envelope.clone());
        Ok(())
    }

    /// Checks that exactly the commands and events of the catalog are here.
    fn check_complete(&self) -> Result<()> {
        let commands: Vec<_> = CommandKind::ALL.iter().map(|kind| kind.name()).collect();
        let events: Vec<_> = EventKind::ALL.iter().map(|kind| kind.name()).collect();
        for (wanted, found) in [(commands, &self.commands), (events, &self.events)] {
            let missing: Vec<_> = wanted.iter().filter(|name| !found.contains_key(**name)).collect();
            ensure!(missing.is_empty(), "no example of {missing:?}");
            ensure!(wanted.len() == found.len(), "an example of what is not in the catalog");
        }
        Ok(())
    }
}

/// The connected clients: Ann writes, and watches in another tab; Bob and Cid are members; Eve is not, and
/// subscribes to everything she may.
struct Clients {
    url: String,
    ann: Client,
    tab: Client,
    bob: Client,
    bobs_tab: Client,
    cid: Client,
    eve: Client,
}

impl Clients {
    async fn connect(scene: &Scene) -> Result<Self> {
        let create = ["user", "create", "--id", "root", "--name", "Root", "--permissions", "read,write,admin"];
        scene.server.run(&create, "").await?;
        Ok(Self {
            url: scene.server.url(),
            ann: scene.client("ann").await?,
            tab: scene.client("ann").await?,
            bob: scene.client("bob").await?,
            bobs_tab: scene.client("bob").await?,
            cid: scene.client("cid").await?,
            eve: scene.client("eve").await?,
        })
    }

    /// Returns those who receive the events that Ann causes on the board.
    fn others(&self) -> [&Client; 2] {
        [&self.tab, &self.bob]
    }

    fn post(&self, path: &str, user: &str) -> Result<Http> {
        let permissions = if user == "root" { &["read", "write", "admin"][..] } else { &["read", "write"] };
        Ok(Http::new(&self.url, "POST", path).bearer(&token(user, permissions)?))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_command_and_event_matches_the_reference() -> Result<()> {
    let mut scene = Scene::open(Kind::Sqlite).await?;
    let clients = Clients::connect(&scene).await?;
    let recorder = &mut Recorder::default();
    recorder.events.insert("connection:status".into(), clients.ann.status().clone());
    clients.eve.ask("subscribe", json!({ "type": "*" })).await?;

    board(recorder, &clients).await?;
    columns(recorder, &clients).await?;
    tasks(recorder, &clients).await?;
    notifications(recorder, &clients).await?;
    presence(recorder, &clients).await?;
    endings(recorder, &clients).await?;

    let eve = &clients.eve;
    eve.expect_silence(SILENCE).await.context("Eve")?;
    eve.expect_no_ephemeral(SILENCE).await.context("Eve")?;
    clients
        .post("/api/v1/notifications", "root")?
        .json(&json!({ "text": "Back at noon.", "all": true }))
        .send()
        .await?;
    recorder.event(eve, "notification:system").await?;
    let key = scene.server.run(&["api-key", "create", "--user", "eve", "--name", "Eve's agent"], "").await?;
    let agent = Client::connect(&clients.url, json!({ "apiKey": key["key"] })).await?;
    scene.server.run(&["api-key", "revoke", key["id"].as_str().unwrap_or_default()], "").await?;
    recorder.event(&agent, "error").await?;
    scene.server.ask_to_drain()?;
    recorder.event(eve, "server:closing").await?;
    scene.server.terminate().await?;

    recorder.check_complete()?;
    // Numbered together, so that an id is the same in all messages.
    let messages = stand_ins(&json!({ "commands": recorder.commands, "events": recorder.events }));
    insta::assert_json_snapshot!("commands", messages["commands"]);
    insta::assert_json_snapshot!("events", messages["events"]);
    Ok(())
}

async fn board(recorder: &mut Recorder, clients: &Clients) -> Result<()> {
    let Clients { ann, tab, bob, .. } = clients;
    let everywhere = recorder.command(tab, "subscribe", json!({ "type": "*" })).await?;
    let create = json!({ "id": "launch", "name": "Launch", "color": "#4f46e5", "requestId": "create-launch" });
    recorder.change(ann, "board:create", create, "board:created", &[tab]).await?;
    for user in ["bob", "cid"] {
        let member = json!({ "boardId": "launch", "userId": user, "role": "member" });
        recorder.change(ann, "board:member:set", member, "board:member:set", &[tab]).await?;
    }
    let narrowed = json!({ "type": "*", "filters": { "boardId": "launch" }, "since": 3 });
    recorder.commands.remove("subscribe");
    recorder.command(tab, "subscribe", narrowed).await?;
    recorder.command(tab, "unsubscribe", json!({ "subscriptionId": everywhere["subscriptionId"] })).await?;
    ann.ask("view:board", json!({ "boardId": "launch" })).await?;
    recorder.command(bob, "view:board", json!({ "boardId": "launch", "since": 3 })).await?;
    recorder.event(ann, "user:joined").await?;
    let update = json!({ "boardId": "launch", "updates": { "description": "To the moon" }, "expectedVersion": 1 });
    recorder.change(ann, "board:update", update, "board:updated", &clients.others()).await?;
    recorder.command(bob, "board:list", json!({ "archived": false })).await.map(drop)
}

async fn columns(recorder: &mut Recorder, clients: &Clients) -> Result<()> {
    let (ann, others) = (&clients.ann, &clients.others());
    let create = json!({ "boardId": "launch", "id": "review", "name": "Review", "wip_limit": 3 });
    recorder.change(ann, "column:create", create, "column:created", others).await?;
    let update = json!({ "columnId": "review", "updates": { "name": "In review" } });
    recorder.change(ann, "column:update", update, "column:updated", others).await?;
    let snapshot = ann.ask("board:get", json!({ "boardId": "launch" })).await?;
    let mut order = ids(&snapshot["columns"])?;
    order.swap(2, 3);
    let reorder = json!({ "boardId": "launch", "columnIds": order });
    recorder.change(ann, "column:reorder", reorder, "column:reordered", others).await.map(drop)
}

async fn tasks(recorder: &mut Recorder, clients: &Clients) -> Result<()> {
    let (Clients { ann, tab, bob, cid, .. }, others) = (clients, &clients.others());
    let create =
        json!({ "boardId": "launch", "id": "engine", "title": "Test the engine", "priority": 7, "tags": ["hot"] });
    recorder.change(ann, "task:create", create, "task:created", others).await?;
    ann.ask("task:create", json!({ "boardId": "launch", "id": "fuel", "title": "Buy fuel" })).await?;
    let update = json!({ "taskId": "engine", "updates": { "title": "Test both engines", "due_date": "2026-12-24" } });
    recorder.change(ann, "task:update", update, "task:updated", others).await?;
    recorder
        .change(ann, "task:move", json!({ "taskId": "engine", "toColumn": "review" }), "task:moved", others)
        .await?;
    let assign = json!({ "taskId": "engine", "assignee": "cid" });
    recorder.change(ann, "task:assign", assign, "task:assigned", others).await?;
    recorder.event(cid, "notification:task").await?;

    let comment = json!({ "taskId": "engine", "id": "question", "body": "@bob, is it loud?" });
    recorder.change(ann, "task:comment:add", comment, "task:comment:added", others).await?;
    recorder.event(bob, "notification:mention").await?;
    let mend = json!({ "commentId": "question", "body": "@bob, is it very loud?" });
    recorder.change(ann, "task:comment:update", mend, "task:comment:updated", others).await?;
    let blocks = json!({ "taskId": "engine", "dependsOn": "fuel", "type": "blocks" });
    recorder.change(ann, "task:dependency:add", blocks, "task:dependency:added", others).await?;

    let upload = clients.post("/api/v1/tasks/engine/attachments", "ann")?;
    let uploaded = upload.file("plan.txt", "text/plain", b"Up, and further up.").send().await?;
    ensure!(uploaded.status == 201, "{}", String::from_utf8_lossy(&uploaded.body));
    // An upload comes over no socket, so all of Ann's sockets are told as well.
    for receiver in [ann, tab, bob] {
        recorder.event(receiver, "task:attachment:added").await?;
    }
    leases(recorder, clients).await?;
    recorder.command(bob, "task:get", json!({ "taskId": "engine" })).await?;
    recorder.command(bob, "board:get", json!({ "boardId": "launch" })).await.map(drop)
}

async fn leases(recorder: &mut Recorder, clients: &Clients) -> Result<()> {
    let (Clients { ann, bob, .. }, others) = (clients, &clients.others());
    recorder.command(bob, "task:next", json!({ "boardId": "launch" })).await?;
    let claim = json!({ "boardId": "launch", "ttl": 600, "agent": "claude-1", "requestId": "claim-1" });
    let claimed = recorder.change(ann, "task:claim", claim, "task:claimed", others).await?;
    let (task, fence) = (&claimed["task"]["id"], &claimed["task"]["lease"]["fence"]);
    let renew = json!({ "taskId": task, "fence": fence, "ttl": 900 });
    recorder.change(ann, "task:renew", renew, "task:renewed", others).await?;
    recorder.command(bob, "task:list", json!({ "boardId": "launch", "leased": true, "limit": 10 })).await?;
    recorder.command(bob, "task:search", json!({ "query": "very lou", "boardId": "launch" })).await?;
    recorder.command(bob, "board:events", json!({ "boardId": "launch", "since": 2, "limit": 1 })).await?;
    let release = json!({ "taskId": task, "fence": fence });
    recorder.change(ann, "task:release", release, "task:released", others).await.map(drop)
}

async fn notifications(recorder: &mut Recorder, clients: &Clients) -> Result<()> {
    let Clients { ann, bob, bobs_tab, .. } = clients;
    // Bob's second notification within a second goes into a batch.
    ann.ask("task:assign", json!({ "taskId": "fuel", "assignee": "bob" })).await?;
    ann.ask("task:update", json!({ "taskId": "fuel", "updates": { "priority": 9 } })).await?;
    recorder.event(bob, "notifications:batch").await?;
    let listed = recorder.command(bob, "notification:list", json!({ "unreadOnly": true, "limit": 10 })).await?;
    let newest = &listed["notifications"][0]["id"];
    recorder.command(bob, "notification:read", json!({ "ids": [newest] })).await?;
    recorder.event(bobs_tab, "notification:read").await.map(drop)
}

async fn presence(recorder: &mut Recorder, clients: &Clients) -> Result<()> {
    let Clients { ann, bob, .. } = clients;
    recorder.command(bob, "view:task", json!({ "taskId": "engine" })).await?;
    recorder.event(ann, "user:presence").await?;
    recorder.command(bob, "presence:update", json!({ "status": "away", "boardId": "launch" })).await?;
    recorder.event(ann, "user:presence").await?;
    recorder.command(ann, "presence:list", json!({ "boardId": "launch" })).await?;
    recorder.command(bob, "typing:start", json!({ "taskId": "engine" })).await?;
    recorder.event(ann, "typing:start").await?;
    recorder.command(bob, "typing:stop", json!({ "taskId": "engine" })).await?;
    recorder.event(ann, "typing:stop").await?;
    let later = token_expiring_in("bob", &["read", "write"], Duration::from_secs(7200))?;
    recorder.command(bob, "auth:refresh", json!({ "token": later })).await.map(drop)
}

async fn endings(recorder: &mut Recorder, clients: &Clients) -> Result<()> {
    let (Clients { ann, bob, .. }, others) = (clients, &clients.others());
    let detail = bob.ask("task:get", json!({ "taskId": "engine" })).await?;
    let attachment = json!({ "attachmentId": detail["attachments"][0]["id"] });
    let link = json!({ "taskId": "engine", "dependsOn": "fuel", "type": "blocks" });
    let script = [
        ("task:attachment:remove", attachment, "task:attachment:removed"),
        ("task:dependency:remove", link, "task:dependency:removed"),
        ("task:comment:delete", json!({ "commentId": "question" }), "task:comment:deleted"),
        ("task:complete", json!({ "taskId": "engine" }), "task:completed"),
        ("task:delete", json!({ "taskId": "engine" }), "task:deleted"),
        ("column:delete", json!({ "columnId": "review" }), "column:deleted"),
        ("board:archive", json!({ "boardId": "launch" }), "board:archived"),
        ("board:restore", json!({ "boardId": "launch" }), "board:restored"),
        ("board:member:remove", json!({ "boardId": "launch", "userId": "cid" }), "board:member:removed"),
    ];
    let sent_later: Vec<_> = script.iter().map(|(command, ..)| *command).chain(["view:leave"]).collect();
    unscripted(recorder, clients, &sent_later).await?;
    for (command, payload, event) in script {
        recorder.change(ann, command, payload, event, others).await?;
    }
    recorder.command(bob, "view:leave", json!({})).await?;
    recorder.event(ann, "user:left").await.map(drop)
}

/// Sends, with the payloads of the access table, the commands that were not sent yet and won't be later; receives the
/// events of those that change the board.
async fn unscripted(recorder: &mut Recorder, clients: &Clients, sent_later: &[&str]) -> Result<()> {
    let board = clients.ann.ask("board:get", json!({ "boardId": "launch" })).await?;
    let task = clients.ann.ask("task:get", json!({ "taskId": "engine" })).await?;
    let cell = Cell {
        board: Board { id: "launch".into(), columns: ids(&board["columns"])? },
        task: "engine".into(),
        other: "fuel".into(),
        comment: "question".into(),
        attachment: text(&task["attachments"][0]["id"])?,
        subscription: None,
        fence: 1,
        token: token("ann", &["read", "write"])?,
    };
    for kind in CommandKind::ALL {
        let name = kind.name();
        if recorder.commands.contains_key(name) || sent_later.contains(&name) {
            continue;
        }
        let reply = recorder.command(&clients.ann, name, access::payload(name, &cell)?).await?;
        if kind.group() != CommandGroup::Change || !reply["seq"].is_u64() {
            continue;
        }
        for receiver in clients.others() {
            let event = receiver.next_matching(name, |event| event.seq() == reply["seq"].as_u64()).await;
            let event = event.with_context(|| format!("waiting for the event of {name}"))?;
            recorder.record(&event.name, &event.payload)?;
        }
        ensure!(
            clients.ann.events().iter().all(|event| event.seq() != reply["seq"].as_u64()),
            "{name} reached its sender"
        );
    }
    Ok(())
}
