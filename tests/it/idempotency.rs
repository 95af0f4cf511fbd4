//! The same request id has one effect and one reply, whoever repeats it and when.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use boardwire_test_support::{Acknowledged, Client, Evidence, History, Kind, converge};
use serde_json::{Value, json};

use crate::scene::{Board, Scene, text};

on_both!(
    a_repeated_request_gives_the_first_reply_and_one_effect,
    another_payload_is_a_mismatch,
    two_sockets_with_one_request_have_one_effect,
    one_request_over_six_sockets_at_once_has_one_effect_and_one_reply,
    one_id_for_two_requests_at_once_is_a_mismatch_for_one,
    request_ids_belong_to_their_user,
    a_refused_request_may_be_sent_again,
);

async fn a_repeated_request_gives_the_first_reply_and_one_effect(kind: Kind) -> Result<()> {
    let mut scene = Scene::open(kind).await?;
    let ann = scene.client("ann").await?;
    let board = Board::create(&ann, &[]).await?;
    let create = json!({ "boardId": board.id, "title": "Once", "requestId": "r-1" });
    let first = ann.ask("task:create", create.clone()).await?;
    assert_eq!(first["requestId"], "r-1");
    assert_eq!(ann.call("task:create", create.clone()).await?, first);

    // The board has changed since: the reply is still the first one.
    ann.ask("task:update", json!({ "taskId": first["task"]["id"], "updates": { "title": "Changed" } })).await?;
    assert_eq!(ann.call("task:create", create.clone()).await?, first);

    // The same after a restart.
    scene.server.terminate().await?;
    scene.server.restart().await?;
    let ann = scene.client("ann").await?;
    assert_eq!(ann.call("task:create", create.clone()).await?, first);

    let snapshot = board.snapshot(&ann).await?;
    assert_eq!(snapshot["tasks"].as_array().map(Vec::len), Some(1));
    let acknowledged = [Acknowledged {
        user: "ann".into(),
        request: "r-1".into(),
        command: "task:create".into(),
        payload: create,
        reply: first,
    }];
    let evidence = Evidence {
        database: &scene.database,
        board: &board.id,
        acknowledged: &acknowledged,
        replicas: &[],
        snapshot: &snapshot,
    };
    assert_eq!(converge(evidence).await?.acknowledged, 1);
    Ok(())
}

async fn another_payload_is_a_mismatch(kind: Kind) -> Result<()> {
    let scene = Scene::open(kind).await?;
    let ann = scene.client("ann").await?;
    let board = Board::create(&ann, &[]).await?;
    let first = ann.ask("task:create", json!({ "boardId": board.id, "title": "One", "requestId": "r" })).await?;
    let other = json!({ "boardId": board.id, "title": "Two", "requestId": "r" });
    let reply = ann.refused("task:create", other, "IDEMPOTENCY_MISMATCH").await?;
    assert_eq!(reply["requestId"], "r");
    // Another command with the same id counts as another payload.
    ann.refused("board:archive", json!({ "boardId": board.id, "requestId": "r" }), "IDEMPOTENCY_MISMATCH").await?;
    // The order of the fields makes no difference.
    ann.send_text(format!(r#"42["task:create",{{"requestId":"r","title":"One","boardId":"{}"}}]"#, board.id));
    assert_eq!(ann.next_event("task:create:success").await?.payload, first);
    let snapshot = board.snapshot(&ann).await?;
    assert_eq!(snapshot["tasks"].as_array().map(Vec::len), Some(1));
    Ok(())
}

async fn two_sockets_with_one_request_have_one_effect(kind: Kind) -> Result<()> {
    let scene = Scene::open(kind).await?;
    let (one, two) = (scene.client("ann").await?, scene.client("ann").await?);
    let board = Board::create(&one, &[]).await?;
    for round in 0..20 {
        let request = format!("both-{round}");
        let create = json!({ "boardId": board.id, "title": format!("Card {round}"), "requestId": request });
        let (first, second) = (one.send_call("task:create", &create), two.send_call("task:create", &create));
        let (first, second) = (first.reply().await?, second.reply().await?);
        ensure!(first["ok"] == true, "round {round}: {first}");
        assert_eq!(first, second, "round {round}");
        let history = History::read(&scene.database, &board.id).await?;
        assert_eq!(history.caused_by("ann", &request).len(), 1, "round {round}");
    }
    Ok(())
}

/// Some of the commands would be refused if run again, others would have their effect twice.
async fn one_request_over_six_sockets_at_once_has_one_effect_and_one_reply(kind: Kind) -> Result<()> {
    let scene = Scene::open(kind).await?;
    let mut sockets = Vec::new();
    for _ in 0..6 {
        sockets.push(scene.client("ann").await?);
    }
    let Board { id: board, .. } = Board::create(&sockets[0], &[]).await?;
    // By board: the requests in their order, and the `seq` of their replies.
    let mut done: BTreeMap<String, Vec<(String, u64)>> = BTreeMap::new();
    for round in 0..10 {
        let mut once = async |command: &str, changed: &str, mut payload: Value| {
            let request = format!("{command}-{round}");
            payload["requestId"] = json!(request);
            let replies = at_once(&sockets, command, &payload).await?;
            for reply in &replies {
                ensure!(reply["ok"] == true, "{request}: {reply}");
                assert_eq!(reply, &replies[0], "{request}");
            }
            let seq = replies[0]["seq"].as_u64().context("no seq")?;
            done.entry(changed.to_owned()).or_default().push((request, seq));
            anyhow::Ok(replies[0].clone())
        };
        let (task, other) = (format!("task-{round}"), format!("board-{round}"));
        once("task:create", &board, json!({ "boardId": board, "id": task, "title": "Card" })).await?;
        once("task:update", &board, json!({ "taskId": task, "updates": { "title": "Changed" } })).await?;
        once("task:delete", &board, json!({ "taskId": task })).await?;
        let added = once("column:create", &board, json!({ "boardId": board, "name": "Later" })).await?;
        once("column:delete", &board, json!({ "columnId": added["column"]["id"] })).await?;
        once("board:create", &other, json!({ "id": other, "name": "Other" })).await?;
    }
    for (changed, requests) in done {
        let history = History::read(&scene.database, &changed).await?;
        // Events that none of them requested come from creating the board.
        let caused = history.rows().iter().filter(|row| !row.envelope["requestId"].is_null());
        let caused: Result<Vec<_>> = caused.map(|row| Ok((text(&row.envelope["requestId"])?, row.seq))).collect();
        assert_eq!(caused?, requests, "on {changed}");
    }
    Ok(())
}

async fn one_id_for_two_requests_at_once_is_a_mismatch_for_one(kind: Kind) -> Result<()> {
    let scene = Scene::open(kind).await?;
    let (one, two) = (scene.client("ann").await?, scene.client("ann").await?);
    let board = Board::create(&one, &[]).await?;
    for round in 0..20 {
        let request = format!("both-{round}");
        let create = |title| json!({ "boardId": board.id, "id": request, "title": title, "requestId": request });
        let (left, right) = (create("Left"), create("Right"));
        let (left, right) = (one.send_call("task:create", &left), two.send_call("task:create", &right));
        let (left, right) = (left.reply().await?, right.reply().await?);
        let (done, refused) = if left["ok"] == true { (left, right) } else { (right, left) };
        ensure!(done["ok"] == true, "round {round}: {done} and {refused}");
        assert_eq!(refused["code"], "IDEMPOTENCY_MISMATCH", "round {round}: {refused}");
    }
    let history = History::read(&scene.database, &board.id).await?;
    for round in 0..20 {
        assert_eq!(history.caused_by("ann", &format!("both-{round}")).len(), 1, "round {round}");
    }
    Ok(())
}

/// Sends the same command over all sockets before waiting for any reply.
async fn at_once(sockets: &[Client], command: &str, payload: &Value) -> Result<Vec<Value>> {
    let pending: Vec<_> = sockets.iter().map(|socket| socket.send_call(command, payload)).collect();
    let mut replies = Vec::with_capacity(pending.len());
    for reply in pending {
        replies.push(reply.reply().await?);
    }
    Ok(replies)
}

async fn request_ids_belong_to_their_user(kind: Kind) -> Result<()> {
    let scene = Scene::open(kind).await?;
    let (ann, bob) = (scene.client("ann").await?, scene.client("bob").await?);
    let board = Board::create(&ann, &[("bob", "member")]).await?;
    let create = json!({ "boardId": board.id, "title": "Mine", "requestId": "same" });
    let hers = ann.ask("task:create", create.clone()).await?;
    let his = bob.ask("task:create", create).await?;
    ensure!(hers["task"]["id"] != his["task"]["id"], "two users, two effects: {hers} and {his}");
    assert_eq!(his["task"]["created_by"], "bob");
    Ok(())
}

async fn a_refused_request_may_be_sent_again(kind: Kind) -> Result<()> {
    let scene = Scene::open(kind).await?;
    let ann = scene.client("ann").await?;
    let board = Board::create(&ann, &[]).await?;
    let rename = json!({ "taskId": "later", "updates": { "title": "There" }, "requestId": "early" });
    ann.refused("task:update", rename.clone(), "NOT_FOUND").await?;
    ann.ask("task:create", json!({ "boardId": board.id, "title": "Not yet", "id": "later" })).await?;
    let reply = ann.ask("task:update", rename).await?;
    assert_eq!(reply["task"]["title"], "There");
    Ok(())
}
