//! The access matrix, as one table: every command × role on the board × what the credential allows. The test fails for
//! a command of the catalog without a row.

use std::{sync::Arc, time::Duration};

use anyhow::{Context, Result, ensure};
use boardwire_protocol::{CommandKind, Permission};
use boardwire_test_support::{Client, Http, Kind, token};
use serde_json::{Value, json};

use crate::doors::{self, Door};
use crate::mcp::client::Agent;
use crate::scene::{Board, Scene, text};

on_both!(removed_members_receive_nothing_more, outsiders_receive_nothing);

/// The columns of the table.
const ROLES: [&str; 5] = ["owner", "member", "viewer", "none", "admin"];

/// The expected outcome for each of [`ROLES`].
type Line = [&'static str; 5];

const OK: &str = "ok";
const NO: &str = "FORBIDDEN";
const HIDDEN: &str = "NOT_FOUND";

const ANYONE: Line = [OK, OK, OK, OK, OK];
const READERS: Line = [OK, OK, OK, HIDDEN, OK];
const WRITERS: Line = [OK, OK, NO, HIDDEN, OK];
const OWNERS: Line = [OK, NO, NO, HIDDEN, OK];
/// With a read-only credential nobody writes, to any board; the answer is the same where there is no board.
const NOBODY: Line = [NO, NO, NO, NO, NO];
/// With a read-only credential the administrator has no access to boards of others.
const READERS_WITHOUT_ADMIN: Line = [OK, OK, OK, HIDDEN, HIDDEN];

/// The values that a cell of the table can refer to.
pub(crate) struct Cell {
    pub(crate) board: Board,
    pub(crate) task: String,
    pub(crate) other: String,
    pub(crate) comment: String,
    pub(crate) attachment: String,
    pub(crate) subscription: Option<String>,
    /// The fence of the owner's lease on the other task, if there is one.
    pub(crate) fence: u64,
    /// Another token of the caller.
    pub(crate) token: String,
}

struct Row {
    command: &'static str,
    payload: fn(&Cell) -> Value,
    /// The outcomes with a credential that reads and writes.
    full: Line,
    /// The outcomes with a read-only credential.
    reading: Line,
}

const fn row(command: &'static str, full: Line, reading: Line, payload: fn(&Cell) -> Value) -> Row {
    Row { command, payload, full, reading }
}

const TABLE: &[Row] = &[
    row("task:create", WRITERS, NOBODY, |c| json!({ "boardId": c.board.id, "title": "T" })),
    row("task:update", WRITERS, NOBODY, |c| json!({ "taskId": c.task, "updates": { "title": "U" } })),
    row("task:move", WRITERS, NOBODY, |c| json!({ "taskId": c.task, "toColumn": c.board.columns[1] })),
    row("task:assign", WRITERS, NOBODY, |c| json!({ "taskId": c.task, "assignee": "owner" })),
    row("task:complete", WRITERS, NOBODY, |c| json!({ "taskId": c.task })),
    row("task:delete", WRITERS, NOBODY, |c| json!({ "taskId": c.task })),
    row("task:claim", WRITERS, NOBODY, |c| json!({ "boardId": c.board.id, "taskId": c.other })),
    row("task:renew", WRITERS, NOBODY, |c| json!({ "taskId": c.other, "fence": c.fence })),
    row("task:release", WRITERS, NOBODY, |c| json!({ "taskId": c.other })),
    row("task:next", READERS, READERS_WITHOUT_ADMIN, |c| json!({ "boardId": c.board.id })),
    row("task:list", READERS, READERS_WITHOUT_ADMIN, |c| json!({ "boardId": c.board.id })),
    row("task:search", READERS, READERS_WITHOUT_ADMIN, |c| json!({ "query": "guarded", "boardId": c.board.id })),
    row("board:events", READERS, READERS_WITHOUT_ADMIN, |c| json!({ "boardId": c.board.id, "since": 0 })),
    row("task:get", READERS, READERS_WITHOUT_ADMIN, |c| json!({ "taskId": c.task })),
    row("task:comment:add", WRITERS, NOBODY, |c| json!({ "taskId": c.task, "body": "B" })),
    row("task:comment:update", WRITERS, NOBODY, |c| json!({ "commentId": c.comment, "body": "C" })),
    row("task:comment:delete", WRITERS, NOBODY, |c| json!({ "commentId": c.comment })),
    row("task:attachment:remove", WRITERS, NOBODY, |c| json!({ "attachmentId": c.attachment })),
    row(
        "task:dependency:add",
        WRITERS,
        NOBODY,
        |c| json!({ "taskId": c.other, "dependsOn": c.task, "type": "relates_to" }),
    ),
    row("task:dependency:remove", WRITERS, NOBODY, |c| json!({ "taskId": c.task, "dependsOn": c.other })),
    row("board:create", ANYONE, NOBODY, |_| json!({ "name": "Another" })),
    row("board:get", READERS, READERS_WITHOUT_ADMIN, |c| json!({ "boardId": c.board.id })),
    row("board:list", ANYONE, ANYONE, |_| json!({})),
    row("board:update", WRITERS, NOBODY, |c| json!({ "boardId": c.board.id, "updates": { "name": "N" } })),
    row("board:archive", OWNERS, NOBODY, |c| json!({ "boardId": c.board.id })),
    row("board:restore", OWNERS, NOBODY, |c| json!({ "boardId": c.board.id })),
    row("board:member:set", OWNERS, NOBODY, |c| json!({ "boardId": c.board.id, "userId": "guest", "role": "viewer" })),
    row("board:member:remove", OWNERS, NOBODY, |c| json!({ "boardId": c.board.id, "userId": "guest" })),
    row("column:create", WRITERS, NOBODY, |c| json!({ "boardId": c.board.id, "name": "C" })),
    row("column:update", WRITERS, NOBODY, |c| json!({ "columnId": c.board.columns[0], "updates": { "name": "D" } })),
    row("column:reorder", WRITERS, NOBODY, |c| {
        let reversed: Vec<&String> = c.board.columns.iter().rev().collect();
        json!({ "boardId": c.board.id, "columnIds": reversed })
    }),
    row("column:delete", WRITERS, NOBODY, |c| json!({ "columnId": c.board.columns[2] })),
    row("notification:list", ANYONE, ANYONE, |_| json!({})),
    row("notification:read", ANYONE, ANYONE, |_| json!({ "all": true })),
    row("subscribe", READERS, READERS_WITHOUT_ADMIN, |c| json!({ "type": "*", "filters": { "boardId": c.board.id } })),
    row("unsubscribe", ANYONE, ANYONE, |c| json!({ "subscriptionId": c.subscription })),
    row("view:board", READERS, READERS_WITHOUT_ADMIN, |c| json!({ "boardId": c.board.id })),
    row("view:task", READERS, READERS_WITHOUT_ADMIN, |c| json!({ "taskId": c.task })),
    row("view:leave", ANYONE, ANYONE, |_| json!({})),
    row("presence:update", READERS, READERS_WITHOUT_ADMIN, |c| json!({ "status": "away", "boardId": c.board.id })),
    row("presence:list", READERS, READERS_WITHOUT_ADMIN, |c| json!({ "boardId": c.board.id })),
    row("typing:start", READERS, READERS_WITHOUT_ADMIN, |c| json!({ "taskId": c.task })),
    row("typing:stop", READERS, READERS_WITHOUT_ADMIN, |c| json!({ "boardId": c.board.id })),
    row("auth:refresh", ANYONE, ANYONE, |c| json!({ "token": c.token })),
];

/// Returns the payload that the table has for a command.
pub(crate) fn payload(command: &str, cell: &Cell) -> Result<Value> {
    let row = TABLE.iter().find(|row| row.command == command);
    Ok((row.with_context(|| format!("{command} has no row in the table"))?.payload)(cell))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_command_is_allowed_or_refused_by_role_and_credential() -> Result<()> {
    for kind in CommandKind::ALL {
        let rows = TABLE.iter().filter(|row| row.command == kind.name()).count();
        ensure!(rows == 1, "{} has {rows} rows in the table", kind.name());
    }
    ensure!(TABLE.len() == CommandKind::ALL.len(), "the table has rows for unknown commands");

    let scene = Scene::open(Kind::Sqlite).await?;
    let document = doors::document(&scene.server.url()).await?;
    scene.admin().await?.disconnect().await?;
    let owner = scene.client("owner").await?;
    for user in ["guest", "member", "viewer"] {
        scene.client(user).await?.disconnect().await?;
    }
    for permissions in [&["read", "write"][..], &["read"], &["write"]] {
        for (index, role) in ROLES.into_iter().enumerate() {
            let user = if role == "admin" { "root" } else { role };
            let full = permissions.len() == 2;
            let held = if role == "admin" && full { &["read", "write", "admin"] } else { permissions };
            let caller = Caller {
                doors: [
                    Door::Socket(scene.client_with(user, held).await?),
                    Door::Http { url: scene.server.url(), token: token(user, held)?, document: Arc::clone(&document) },
                    Door::Mcp(Agent::with_token(&scene.server.url(), &token(user, held)?)),
                ],
                token: token(user, held)?,
            };
            for row in TABLE {
                let expected = match permissions {
                    [_, _] => row.full[index],
                    ["read"] => row.reading[index],
                    _ => writing(row, index)?,
                };
                for door in &caller.doors {
                    let case = || format!("{} as {role} with {held:?} over {}", row.command, door.name());
                    one_cell(&scene, &owner, &caller, door, row, expected).await.with_context(case)?;
                }
            }
        }
    }
    Ok(())
}

/// With a write-only credential nothing can be read; and the administrator has no access to boards of others.
fn writing(row: &Row, role: usize) -> Result<&'static str> {
    let kind = CommandKind::from_name(row.command).context("no such command")?;
    Ok(match kind.permission() {
        Permission::Read => NO,
        Permission::Write if ROLES[role] == "admin" => row.full[3],
        Permission::Write => row.full[role],
    })
}

struct Caller {
    doors: [Door; 3],
    token: String,
}

/// Runs one cell on a board of its own, so that no cell depends on another.
async fn one_cell(
    scene: &Scene,
    owner: &Client,
    caller: &Caller,
    door: &Door,
    row: &Row,
    expected: &str,
) -> Result<()> {
    let refreshed = &caller.token;
    let members = [("member", "member"), ("viewer", "viewer"), ("guest", "viewer")];
    let board = Board::create(owner, &members).await?;
    let task = board.task(owner, "Guarded").await?;
    let other = board.task(owner, "Another").await?;
    let comment = owner.ask("task:comment:add", json!({ "taskId": task, "body": "Guarded" })).await?;
    owner.ask("task:dependency:add", json!({ "taskId": task, "dependsOn": other })).await?;
    let mut cell = Cell {
        board,
        task,
        other,
        comment: text(&comment["comment"]["id"])?,
        attachment: "none".into(),
        subscription: None,
        fence: 1,
        token: refreshed.clone(),
    };
    if matches!(row.command, "task:renew" | "task:release") {
        owner.ask("task:claim", json!({ "boardId": cell.board.id, "taskId": cell.other })).await?;
    }
    if row.command == "task:attachment:remove" {
        let upload = Http::new(&scene.server.url(), "POST", &format!("/api/v1/tasks/{}/attachments", cell.task));
        let upload = upload.bearer(&token("owner", &["read", "write"])?).file("a.txt", "text/plain", b"a");
        cell.attachment = text(&upload.send().await?.json()?["attachment"]["id"])?;
    }
    if row.command == "unsubscribe"
        && expected == OK
        && let Some(reply) = door.send("subscribe", &json!({ "type": "*" })).await?
    {
        cell.subscription = Some(text(&reply["subscriptionId"])?);
    }
    if row.command == "unsubscribe" && expected != OK {
        cell.subscription = Some("none".into());
    }
    if row.command == "board:restore" {
        owner.ask("board:archive", json!({ "boardId": cell.board.id })).await?;
    }
    let before = cell.board.snapshot(owner).await?;
    let payload = (row.payload)(&cell);
    let Some(reply) = door.send(row.command, &payload).await? else { return Ok(()) };
    let found = if reply["ok"] == true { OK } else { reply["code"].as_str().context("no code")? };
    ensure!(found == expected, "{expected} expected: {reply}");
    if expected == OK {
        return Ok(());
    }
    if expected == HIDDEN {
        // A hidden entity answers exactly as if it did not exist.
        let nowhere = Cell {
            board: Board { id: "nowhere".into(), columns: vec!["nowhere".into(), "there".into(), "neither".into()] },
            task: "nowhere".into(),
            other: "nowhere".into(),
            comment: "nowhere".into(),
            attachment: "nowhere".into(),
            subscription: None,
            fence: 1,
            token: String::new(),
        };
        let missing = door.send(row.command, &(row.payload)(&nowhere)).await?;
        assert_eq!(Some(reply), missing, "a hidden entity must be answered like a missing one");
    }
    assert_eq!(cell.board.snapshot(owner).await?, before, "a refused command had an effect");
    Ok(())
}

async fn outsiders_receive_nothing(kind: Kind) -> Result<()> {
    let scene = Scene::open(kind).await?;
    let (ann, eve) = (scene.client("ann").await?, scene.client("eve").await?);
    eve.ask("subscribe", json!({ "type": "*" })).await?;
    eve.ask("subscribe", json!({ "type": "task:*", "filters": { "userId": "ann" } })).await?;
    let board = Board::create(&ann, &[]).await?;
    let task = board.task(&ann, "Secret").await?;
    // Eve is refused whatever names the board or its task, and the subscriptions that she has stay silent.
    for (command, payload) in [
        ("subscribe", json!({ "type": "*", "filters": { "boardId": board.id } })),
        ("subscribe", json!({ "type": "*", "filters": { "taskId": task } })),
        ("subscribe", json!({ "type": "*", "filters": { "boardId": board.id }, "since": 0, "epoch": "x" })),
        ("view:board", json!(board.id)),
        ("view:task", json!(task)),
        ("board:get", json!({ "boardId": board.id })),
    ] {
        eve.refused(command, payload, "NOT_FOUND").await?;
    }
    assert_eq!(eve.ask("board:list", json!({})).await?["boards"], json!([]));
    ann.ask("task:update", json!({ "taskId": task, "updates": { "description": "@eve" } })).await?;
    ann.ask("task:complete", json!({ "taskId": task })).await?;
    ann.ask("board:archive", json!({ "boardId": board.id })).await?;
    eve.expect_silence(Duration::from_millis(500)).await
}

async fn removed_members_receive_nothing_more(kind: Kind) -> Result<()> {
    let scene = Scene::open(kind).await?;
    let (ann, bob) = (scene.client("ann").await?, scene.client("bob").await?);
    let board = Board::create(&ann, &[("bob", "member")]).await?;
    let task = board.task(&ann, "Shared").await?;
    board.view(&bob).await?;
    bob.ask("view:task", json!({ "taskId": task })).await?;
    bob.ask("subscribe", json!({ "type": "*" })).await?;
    bob.ask("subscribe", json!({ "type": "task:*", "filters": { "boardId": board.id } })).await?;
    board.task(&ann, "Heard").await?;
    bob.next_event("task:created").await?;

    let snapshot = board.snapshot(&bob).await?;
    let removal = ann.ask("board:member:remove", json!({ "boardId": board.id, "userId": "bob" })).await?;
    let rename = json!({ "taskId": task, "updates": { "title": "Not for Bob" } });
    let after = ann.ask("task:update", rename).await?;
    // He may learn of his removal, but of nothing after it.
    let refused = bob.refused("board:get", json!({ "boardId": board.id }), "NOT_FOUND").await?;
    ensure!(refused["details"].is_null(), "{refused}");
    bob.refused("task:update", json!({ "taskId": task, "updates": { "title": "X" } }), "NOT_FOUND").await?;
    let resume = json!({ "boardId": board.id, "since": snapshot["seq"], "epoch": snapshot["epoch"] });
    bob.refused("view:board", resume, "NOT_FOUND").await?;
    for event in bob.events() {
        ensure!(event.seq() <= removal["seq"].as_u64(), "after his removal he received {event:?}");
    }
    board.task(&ann, "Not for Bob either").await?;
    bob.expect_silence(Duration::from_millis(500)).await?;

    // Added again, he receives events again, including those that he missed.
    ann.ask("board:member:set", json!({ "boardId": board.id, "userId": "bob", "role": "viewer" })).await?;
    let resume = json!({ "boardId": board.id, "since": removal["seq"], "epoch": snapshot["epoch"] });
    let bob = scene.client("bob").await?;
    assert_eq!(bob.ask("view:board", resume).await?["recovered"], true);
    assert_eq!(bob.next_any().await?.seq(), after["seq"].as_u64());
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_archived_board_can_only_be_read_and_restored() -> Result<()> {
    let scene = Scene::open(Kind::Sqlite).await?;
    let ann = scene.client("ann").await?;
    let board = Board::create(&ann, &[]).await?;
    let task = board.task(&ann, "Kept").await?;
    ann.ask("board:archive", json!({ "boardId": board.id })).await?;
    ann.refused("task:update", json!({ "taskId": task, "updates": { "title": "X" } }), "ARCHIVED").await?;
    ann.refused("task:create", json!({ "boardId": board.id, "title": "X" }), "ARCHIVED").await?;
    ann.refused("column:create", json!({ "boardId": board.id, "name": "X" }), "ARCHIVED").await?;
    ann.refused("board:update", json!({ "boardId": board.id, "updates": { "name": "X" } }), "ARCHIVED").await?;
    assert_eq!(board.snapshot(&ann).await?["board"]["archived"], true);
    ann.ask("board:restore", json!({ "boardId": board.id })).await?;
    ann.ask("task:update", json!({ "taskId": task, "updates": { "title": "X" } })).await.map(drop)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_owner_cannot_be_removed() -> Result<()> {
    let scene = Scene::open(Kind::Sqlite).await?;
    let (ann, bob) = (scene.client("ann").await?, scene.client("bob").await?);
    let board = Board::create(&ann, &[("bob", "member")]).await?;
    let demote = json!({ "boardId": board.id, "userId": "ann", "role": "member" });
    let remove = json!({ "boardId": board.id, "userId": "ann" });
    ann.refused("board:member:set", demote.clone(), "CONFLICT").await?;
    ann.refused("board:member:remove", remove, "CONFLICT").await?;
    ann.ask("board:member:set", json!({ "boardId": board.id, "userId": "bob", "role": "owner" })).await?;
    bob.ask("board:member:set", demote).await?;
    ann.refused("board:archive", json!({ "boardId": board.id }), "FORBIDDEN").await.map(drop)
}
