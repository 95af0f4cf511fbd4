//! The shapes on the wire, field by field: the connection, each durable event, the entities, both forms of a reply. The
//! entities are compared with a snapshot, the same for both databases.

use anyhow::{Context, Result, ensure};
use boardwire_test_support::{Client, ConnectError, Dial, Kind, redact, stand_ins};
use serde_json::{Value, json};

use crate::scene::{Board, Scene, fields, text};

on_both!(
    every_durable_event_has_its_shape,
    entities_have_their_fields,
    text_is_stored_as_given,
    an_id_can_be_chosen_once
);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_connection_status_has_its_shape() -> Result<()> {
    let scene = Scene::open(Kind::Sqlite).await?;
    let ann = scene.client("ann").await?;
    let envelope = ann.status();
    assert_eq!(fields(envelope), ["data", "id", "timestamp", "type"]);
    assert_eq!(envelope["type"], "connection:status");
    let status = &envelope["data"];
    let names = ["limits", "protocolVersion", "serverVersion", "socketId", "status", "user"];
    assert_eq!(fields(status), names);
    assert_eq!((&status["status"], &status["protocolVersion"]), (&json!("connected"), &json!(1)));
    assert_eq!(status["socketId"], ann.socket_id());
    assert_eq!(status["user"], json!({ "id": "ann", "name": "Ann", "permissions": ["read", "write"], "teams": [] }));
    ensure!(status["serverVersion"].as_str().is_some_and(|version| !version.is_empty()), "{status}");
    ensure!(status["limits"].is_object(), "{status}");
    ann.disconnect().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_credentials_are_refused_with_one_sentence() -> Result<()> {
    let scene = Scene::open(Kind::Sqlite).await?;
    let good = boardwire_test_support::token("ann", &["read"])?;
    let tampered = format!("{}x", good);
    for auth in [
        json!({}),
        json!({ "token": "" }),
        json!({ "token": "nonsense" }),
        json!({ "token": tampered }),
        json!({ "token": 7 }),
        json!({ "apiKey": "nonsense" }),
        json!({ "sessionId": "nonsense" }),
        json!([]),
        json!("token"),
    ] {
        match Client::connect(&scene.server.url(), auth.clone()).await {
            Err(ConnectError::Refused(message)) => assert_eq!(message, "Authentication failed", "{auth}"),
            Err(other) => anyhow::bail!("{auth}: {other}"),
            Ok(_) => anyhow::bail!("{auth} was accepted"),
        }
    }
    scene.client("ann").await.map(drop)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_of_another_origin_is_refused() -> Result<()> {
    let scene = Scene::with(Kind::Sqlite, &[("BOARDWIRE_CLIENT_URL", "https://board.example")]).await?;
    let refused = scene.dial("ann")?.origin("https://evil.example").open().await;
    ensure!(matches!(refused, Err(ConnectError::Http(403))), "an unlisted origin: {:?}", refused.err());
    scene.dial("ann")?.origin("https://board.example").open().await?;
    // A program sends no origin.
    Dial::open(scene.dial("ann")?).await.map(drop).context("without an origin")
}

/// Returns the envelope of the next event after checking its general fields, so that only `type` and `data` remain.
async fn envelope(listener: &Client, name: &str, board: &str, seq: &Value, request: &str) -> Result<Value> {
    let event = listener.next_any().await.with_context(|| format!("waiting for {name}"))?;
    assert_eq!(event.name, name);
    let envelope = event.payload;
    assert_eq!(
        fields(&envelope),
        ["boardId", "data", "id", "requestId", "seq", "timestamp", "type", "userId"],
        "{name}"
    );
    assert_eq!((&envelope["type"], &envelope["boardId"]), (&json!(name), &json!(board)));
    assert_eq!((&envelope["requestId"], &envelope["userId"]), (&json!(request), &json!("ann")), "{name}");
    assert_eq!(&envelope["seq"], seq, "{name}");
    assert_eq!(redact(&envelope["timestamp"]), "[time]", "{name}: {}", envelope["timestamp"]);
    ensure!(envelope["id"].as_str().is_some_and(|id| !id.is_empty()), "{name}: {}", envelope["id"]);
    Ok(envelope["data"].clone())
}

async fn every_durable_event_has_its_shape(kind: Kind) -> Result<()> {
    let scene = Scene::open(kind).await?;
    let (ann, bob) = (scene.client("ann").await?, scene.client("bob").await?);
    scene.client("cid").await?.disconnect().await?;
    let board = Board::create(&ann, &[("bob", "member")]).await?;
    board.view(&bob).await?;
    let (first, second, third) = (&board.columns[0], &board.columns[1], &board.columns[2]);
    let order = [second, first, third];

    // Command, payload, event, and the fields of its data that are known in advance; `reply:X` is the reply's field X.
    let b = json!(board.id);
    let script = [
        (
            "task:create",
            json!({ "boardId": b, "id": "t1", "title": "T", "columnId": first }),
            "task:created",
            json!({ "task": "reply:task", "createdBy": "ann", "boardId": b }),
        ),
        (
            "task:update",
            json!({ "taskId": "t1", "updates": { "title": "U", "priority": 0, "tags": ["x"] } }),
            "task:updated",
            json!({ "task": "reply:task", "changes": { "title": "U", "tags": ["x"] }, "updatedBy": "ann", "boardId": b }),
        ),
        (
            "task:move",
            json!({ "taskId": "t1", "toColumn": second }),
            "task:moved",
            json!({ "task": "reply:task", "fromColumn": first, "toColumn": second, "movedBy": "ann", "boardId": b }),
        ),
        (
            "task:assign",
            json!({ "taskId": "t1", "assignee": "bob" }),
            "task:assigned",
            json!({ "task": "reply:task", "assignee": "bob", "previousAssignee": null, "assignedBy": "ann", "boardId": b }),
        ),
        (
            "task:assign",
            json!({ "taskId": "t1", "assignee": null }),
            "task:assigned",
            json!({ "task": "reply:task", "assignee": null, "previousAssignee": "bob", "assignedBy": "ann", "boardId": b }),
        ),
        (
            "task:complete",
            json!({ "taskId": "t1" }),
            "task:completed",
            json!({ "task": "reply:task", "completedBy": "ann", "boardId": b }),
        ),
        (
            "task:delete",
            json!({ "taskId": "t1" }),
            "task:deleted",
            json!({ "taskId": "t1", "deletedBy": "ann", "boardId": b }),
        ),
        (
            "board:update",
            json!({ "boardId": b, "updates": { "name": "Renamed", "color": "#123456" } }),
            "board:updated",
            json!({ "board": "reply:board", "changes": { "name": "Renamed", "color": "#123456" }, "updatedBy": "ann" }),
        ),
        (
            "board:archive",
            json!({ "boardId": b }),
            "board:archived",
            json!({ "board": "reply:board", "archivedBy": "ann" }),
        ),
        (
            "board:restore",
            json!({ "boardId": b }),
            "board:restored",
            json!({ "board": "reply:board", "restoredBy": "ann" }),
        ),
        (
            "board:member:set",
            json!({ "boardId": b, "userId": "cid", "role": "viewer" }),
            "board:member:set",
            json!({ "member": "reply:member", "boardId": b }),
        ),
        (
            "board:member:remove",
            json!({ "boardId": b, "userId": "cid" }),
            "board:member:removed",
            json!({ "userId": "cid", "boardId": b }),
        ),
        (
            "column:create",
            json!({ "boardId": b, "name": "Extra", "status": "blocked", "wip_limit": 4, "id": "c4" }),
            "column:created",
            json!({ "column": "reply:column", "boardId": b }),
        ),
        (
            "column:update",
            json!({ "columnId": "c4", "updates": { "name": "More", "wip_limit": null } }),
            "column:updated",
            json!({ "column": "reply:column", "changes": { "name": "More", "wip_limit": null }, "boardId": b }),
        ),
        ("column:delete", json!({ "columnId": "c4" }), "column:deleted", json!({ "columnId": "c4", "boardId": b })),
        (
            "column:reorder",
            json!({ "boardId": b, "columnIds": order }),
            "column:reordered",
            json!({ "columns": "reply:columns", "boardId": b }),
        ),
    ];
    let mut last = board.snapshot(&ann).await?["seq"].as_u64().context("no seq")?;
    for (n, (command, mut payload, event, mut data)) in script.into_iter().enumerate() {
        let request = format!("request-{n}");
        payload["requestId"] = json!(request);
        let reply = ann.ask(command, payload).await?;
        last += 1;
        assert_eq!((&reply["requestId"], reply["seq"].as_u64()), (&json!(request), Some(last)), "{command}: {reply}");
        for (_, value) in data.as_object_mut().into_iter().flatten() {
            let field = value.as_str().and_then(|text| text.strip_prefix("reply:")).map(str::to_owned);
            if let Some(field) = field {
                *value = reply[&field].clone();
                ensure!(!value.is_null(), "{command} must reply with {field}: {reply}");
            }
        }
        assert_eq!(envelope(&bob, event, &board.id, &reply["seq"], &request).await?, data, "{event}");
    }
    Ok(())
}

async fn entities_have_their_fields(kind: Kind) -> Result<()> {
    let scene = Scene::open(kind).await?;
    let (ann, bob) = (scene.client("ann").await?, scene.client("bob").await?);
    let create = json!({
        "name": "Launch", "description": "To the moon", "color": "#ff0000",
        "columns": [{ "name": "Ideas" }, { "name": "Doing", "status": "in_progress", "wip_limit": 2 }],
    });
    let created = ann.ask("board:create", create).await?;
    assert_eq!(created["seq"], 1);
    let board = &created["board"];
    assert_eq!((&board["description"], &board["color"]), (&json!("To the moon"), &json!("#ff0000")));
    assert_eq!((&board["created_by"], &board["archived"]), (&json!("ann"), &json!(false)));
    let [ideas, doing] = created["columns"].as_array().map(Vec::as_slice).unwrap_or_default() else {
        anyhow::bail!("two columns were asked for: {created}")
    };
    assert_eq!(
        (&ideas["status"], &doing["status"], &doing["wip_limit"]),
        (&Value::Null, &json!("in_progress"), &json!(2))
    );
    ensure!(ideas["position"].as_str() < doing["position"].as_str(), "positions sort as text: {created}");

    let member = json!({ "boardId": board["id"], "userId": "bob", "role": "viewer" });
    let member = ann.ask("board:member:set", member).await?["member"].clone();

    let plain = ann.ask("task:create", json!({ "boardId": board["id"], "title": "Plain" })).await?;
    let task = &plain["task"];
    assert_eq!((&task["column_id"], &task["status"], &task["tags"]), (&ideas["id"], &json!("todo"), &json!([])));
    assert_eq!(
        (&task["assignee"], &task["due_date"], &task["completed_at"]),
        (&Value::Null, &Value::Null, &Value::Null)
    );
    let full = json!({
        "boardId": board["id"], "title": "Full", "columnId": doing["id"], "id": "full", "description": "D",
        "priority": 10, "assignee": "bob", "due_date": "2026-12-24", "tags": ["a", "b"],
    });
    let full = ann.ask("task:create", full).await?["task"].clone();
    assert_eq!((&full["status"], &full["column_id"]), (&json!("in_progress"), &doing["id"]));
    assert_eq!(
        (&full["priority"], &full["assignee"], &full["due_date"]),
        (&json!(10), &json!("bob"), &json!("2026-12-24"))
    );

    let got = bob.ask("task:get", json!({ "taskId": "full" })).await?;
    assert_eq!(got["task"], full);
    let snapshot = bob.ask("board:get", json!({ "boardId": board["id"] })).await?;
    assert_eq!((&snapshot["board"], &snapshot["columns"]), (board, &created["columns"]));
    assert_eq!(snapshot["tasks"].as_array().map(Vec::len), Some(2));
    assert_eq!(snapshot["members"].as_array().map(Vec::len), Some(2));
    let listed = bob.ask("board:list", json!({})).await?["boards"].clone();
    let mut expected = board.clone();
    expected["changed_at"] = listed[0]["changed_at"].clone();
    assert_eq!(listed, json!([expected]));
    ensure!(text(&listed[0]["changed_at"])? >= text(&board["updated_at"])?, "{listed}");
    assert_eq!(bob.ask("board:list", json!({ "archived": true })).await?["boards"], json!([]));
    let viewed = bob.ask("view:board", json!({ "boardId": board["id"] })).await?;
    assert_eq!((&viewed["seq"], &viewed["epoch"]), (&snapshot["seq"], &snapshot["epoch"]));
    ensure!(viewed["viewers"].is_array(), "{viewed}");

    let shapes = json!({
        "board:create": created, "board:get": snapshot, "board:member:set": member,
        "task:create": plain, "task:get": got,
    });
    insta::assert_json_snapshot!("entities", stand_ins(&shapes));
    Ok(())
}

async fn text_is_stored_as_given(kind: Kind) -> Result<()> {
    let scene = Scene::open(kind).await?;
    let ann = scene.client("ann").await?;
    let board = Board::create(&ann, &[]).await?;
    for title in [
        "<img src=x onerror=alert(1)>",
        "  spaces stay  ",
        "Zürich \u{1F680} \u{202e}drah",
        "'; DROP TABLE tasks; --",
        "a \"quote\" and a \\ and a \t",
        &"\u{1F469}\u{200D}\u{1F680}".repeat(166),
    ] {
        let created =
            ann.ask("task:create", json!({ "boardId": board.id, "title": title, "description": title })).await?;
        let id = text(&created["task"]["id"])?;
        let got = ann.ask("task:get", json!({ "taskId": id })).await?;
        assert_eq!((&got["task"]["title"], &got["task"]["description"]), (&json!(title), &json!(title)));
        assert_eq!(got["task"], created["task"]);
    }
    Ok(())
}

async fn an_id_can_be_chosen_once(kind: Kind) -> Result<()> {
    let scene = Scene::open(kind).await?;
    let (ann, bob) = (scene.client("ann").await?, scene.client("bob").await?);
    ann.ask("board:create", json!({ "name": "Mine", "id": "my_Board-1" })).await?;
    ann.ask("task:create", json!({ "boardId": "my_Board-1", "title": "A", "id": "T-1" })).await?;
    ann.refused("task:create", json!({ "boardId": "my_Board-1", "title": "B", "id": "T-1" }), "CONFLICT").await?;
    // Someone else's id is taken as well, and the refusal reveals nothing about it.
    let reply = bob.refused("board:create", json!({ "name": "Hers", "id": "my_Board-1" }), "CONFLICT").await?;
    ensure!(!reply.to_string().contains("Mine"), "the refusal shows the other board: {reply}");
    let created = ann.ask("task:create", json!({ "boardId": "my_Board-1", "title": "C" })).await?;
    assert_eq!(redact(&created["task"]["id"]), "[id]");
    Ok(())
}
