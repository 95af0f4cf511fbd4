//! Order on one socket: commands, replies and events.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use boardwire_test_support::{Evidence, Kind, PATIENCE, Received, Replica, converge, eventually};
use serde_json::json;

use crate::scene::{Board, Scene};

on_both!(
    pipelined_commands_are_executed_and_answered_in_order,
    events_come_before_acknowledgements_with_a_higher_number,
    the_sender_gets_the_reply_and_its_other_sockets_the_event,
);

async fn pipelined_commands_are_executed_and_answered_in_order(kind: Kind) -> Result<()> {
    const COUNT: usize = 200;
    let scene = Scene::open(kind).await?;
    let ann = scene.client("ann").await?;
    let board = Board::create(&ann, &[]).await?;
    ann.record();
    // Each command depends on the one before it: out of order, one of them would be refused.
    let mut pending = Vec::new();
    for n in 0..COUNT {
        let (name, payload) = match n % 4 {
            0 => ("task:create", json!({ "boardId": board.id, "id": format!("card-{n}"), "title": "A" })),
            1 => ("task:update", json!({ "taskId": format!("card-{}", n - 1), "updates": { "title": "B" } })),
            // A query in between waits for its turn, too.
            2 => ("task:get", json!({ "taskId": format!("card-{}", n - 2) })),
            _ => ("task:delete", json!({ "taskId": format!("card-{}", n - 3) })),
        };
        pending.push((name, ann.send_call(name, &payload)));
    }
    let mut last = 0;
    for (n, (name, reply)) in pending.into_iter().enumerate() {
        let reply = reply.reply().await?;
        ensure!(reply["ok"] == true, "command {n}, {name}: {reply}");
        if name == "task:get" {
            assert_eq!(reply["task"]["title"], "B", "command {n}");
        } else {
            let seq = reply["seq"].as_u64().context("no seq")?;
            ensure!(seq > last, "command {n}, {name}, has seq {seq} after {last}");
            last = seq;
        }
    }
    let received = ann.recorded();
    let ids: Vec<u64> = received
        .iter()
        .filter_map(|received| if let Received::Ack(id, _) = received { Some(*id) } else { None })
        .collect();
    ensure!(ids.len() == COUNT && ids.is_sorted(), "the replies came as {ids:?}");
    Ok(())
}

async fn events_come_before_acknowledgements_with_a_higher_number(kind: Kind) -> Result<()> {
    const EACH: usize = 100;
    let scene = Scene::open(kind).await?;
    let owner = scene.client("owner").await?;
    let users = ["ann", "bob", "cid"];
    let mut sockets = Vec::new();
    for user in users {
        sockets.push(scene.client(user).await?);
    }
    let board = Board::create(&owner, &users.map(|user| (user, "member"))).await?;
    let task = board.task(&owner, "Contended").await?;
    let mut replicas = Vec::new();
    for socket in &sockets {
        board.view(socket).await?;
        replicas.push(Replica::from_snapshot(&board.snapshot(socket).await?).context("no snapshot")?);
        socket.record();
    }
    let mut pending = Vec::new();
    for n in 0..EACH {
        for (user, socket) in users.iter().zip(&sockets) {
            let title = json!({ "taskId": task, "updates": { "title": format!("{user} {n}") } });
            pending.push(socket.send_call("task:update", &title));
        }
    }
    let mut end = 0;
    for reply in pending {
        let reply = reply.reply().await?;
        ensure!(reply["ok"] == true, "{reply}");
        end = end.max(reply["seq"].as_u64().context("no seq")?);
    }
    for ((user, socket), replica) in users.iter().zip(&sockets).zip(&mut replicas) {
        let mut received = Vec::new();
        let complete = eventually("the rest of the log", PATIENCE, async || {
            received.extend(socket.recorded());
            Ok((received.len() as u64 >= end - replica.seq()).then_some(()))
        });
        complete.await.with_context(|| format!("{user} received only {} of the log", received.len()))?;
        in_order(replica, received).with_context(|| format!("on {user}'s socket"))?;
    }
    let snapshot = board.snapshot(&owner).await?;
    let replicas: Vec<_> = users.map(str::to_owned).into_iter().zip(replicas).collect();
    let evidence = Evidence {
        database: &scene.database,
        board: &board.id,
        acknowledged: &[],
        replicas: &replicas,
        snapshot: &snapshot,
    };
    assert_eq!(converge(evidence).await?.replicas, users.len());
    Ok(())
}

/// Checks that, with replies replacing the socket's own events, the client received the log without a gap or a repeat;
/// that replies and events each come in their order, and each event before the replies with a higher number.
fn in_order(replica: &mut Replica, received: Vec<Received>) -> Result<()> {
    let seq = |received: &Received| match received {
        Received::Ack(_, reply) => reply["seq"].as_u64(),
        Received::Event(event) => event.seq(),
    };
    let (mut last_reply, mut last_event) = (0, 0);
    let mut log = BTreeMap::new();
    for received in received {
        let seq = seq(&received).with_context(|| format!("no seq: {received:?}"))?;
        match &received {
            Received::Ack(..) => {
                ensure!(seq > last_reply, "the reply {seq} after the reply {last_reply}");
                last_reply = seq;
            }
            Received::Event(_) => {
                ensure!(seq > last_event, "the event {seq} after the event {last_event}");
                ensure!(seq > last_reply, "the event {seq} after the reply {last_reply}");
                last_event = seq;
            }
        }
        ensure!(log.insert(seq, received).is_none(), "{seq} came as an event and as a reply");
    }
    for (seq, received) in log {
        match received {
            Received::Ack(_, reply) => replica.apply_own_reply(seq, &reply)?,
            Received::Event(event) => replica.apply(&event)?,
        }
    }
    Ok(())
}

async fn the_sender_gets_the_reply_and_its_other_sockets_the_event(kind: Kind) -> Result<()> {
    let scene = Scene::open(kind).await?;
    let (sender, other) = (scene.client("ann").await?, scene.client("ann").await?);
    let board = Board::create(&sender, &[]).await?;
    board.view(&sender).await?;
    board.view(&other).await?;
    let create = json!({ "boardId": board.id, "title": "Seen elsewhere", "requestId": "r1" });
    let reply = sender.ask("task:create", create).await?;
    let event = other.next_event("task:created").await?;
    assert_eq!(event.data()["task"], reply["task"]);
    assert_eq!(event.payload["requestId"], "r1");
    assert_eq!(event.payload["userId"], "ann");
    assert_eq!(event.seq(), reply["seq"].as_u64());
    sender.expect_silence(Duration::from_millis(300)).await?;

    // Without a callback the reply is an event to the sender alone.
    sender.emit("task:update", &json!({ "taskId": reply["task"]["id"], "updates": { "title": "Once more" } }));
    let success = sender.next_any().await?;
    assert_eq!((success.name.as_str(), &success.payload["ok"]), ("task:update:success", &json!(true)));
    assert_eq!(other.next_any().await?.name, "task:updated");
    sender.emit("task:update", &json!({ "taskId": "nowhere", "updates": { "title": "X" } }));
    let refusal = sender.next_any().await?;
    assert_eq!((refusal.name.as_str(), &refusal.payload["code"]), ("task:update:error", &json!("NOT_FOUND")));
    other.expect_silence(Duration::from_millis(300)).await
}
