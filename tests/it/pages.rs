//! A board that is larger than an answer, page by page.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use boardwire_test_support::{Client, Kind};
use serde_json::{Value, json};

use crate::scene::{Board, Scene, ids, text};

on_both!(
    pages_show_a_board_once_and_in_order,
    paging_returns_each_remaining_task_once_while_others_write,
    a_too_large_board_is_refused_as_a_whole_and_shown_in_pages,
    only_readers_of_the_board_get_pages,
);

/// Returns all pages of a board; `between` is called after each but the last.
async fn all_pages(
    reader: &Client,
    board: &str,
    limit: u32,
    mut between: impl AsyncFnMut() -> Result<()>,
) -> Result<Vec<Value>> {
    let mut pages: Vec<Value> = Vec::new();
    let mut payload = json!({ "boardId": board, "limit": limit });
    loop {
        let page = reader.ask("board:get", payload.clone()).await?;
        ensure!(ids(&page["tasks"])?.len() <= limit as usize, "at most {limit}: {page}");
        payload["after"] = page["next"].clone();
        pages.push(page);
        if payload["after"].is_null() {
            return Ok(pages);
        }
        between().await?;
    }
}

/// Returns the entities of a list from all pages.
fn entities(pages: &[Value], list: &str) -> Vec<Value> {
    pages.iter().flat_map(|page| page[list].as_array().into_iter().flatten()).cloned().collect()
}

/// Returns entities in a fixed order.
fn sorted(mut entities: Vec<Value>) -> Vec<Value> {
    entities.sort_by_key(Value::to_string);
    entities
}

async fn pages_show_a_board_once_and_in_order(kind: Kind) -> Result<()> {
    const TASKS: usize = 23;
    let scene = Scene::open(kind).await?;
    let ann = scene.client("ann").await?;
    let (board, other) = (Board::create(&ann, &[]).await?, Board::create(&ann, &[]).await?);
    // The ids sort differently from the positions, and alternate with ids of another board.
    for n in 0..TASKS {
        for at in [&board, &other] {
            let id = format!("{:02}-{}", n * 7 % TASKS, &at.id[at.id.len() - 4..]);
            let create = json!({ "boardId": at.id, "id": id, "title": "T", "columnId": at.columns[n % 3] });
            ann.ask("task:create", create).await?;
        }
    }
    let whole = board.snapshot(&ann).await?;
    let tasks = ids(&whole["tasks"])?;
    for (n, task) in tasks.iter().enumerate().skip(1) {
        ann.ask("task:dependency:add", json!({ "taskId": task, "dependsOn": tasks[n / 2] })).await?;
    }
    let whole = board.snapshot(&ann).await?;
    ensure!(whole.get("next").is_none() && whole["dependencies"].as_array().is_some_and(|all| all.len() == TASKS - 1));
    // A whole board is ordered by column and position, which is the order in which these were created, in three
    // columns.
    let expected: Vec<_> = (0..3).flat_map(|column| (column..TASKS).step_by(3)).map(|n| n * 7 % TASKS).collect();
    let shown = tasks.iter().map(|id| id[..2].parse()).collect::<Result<Vec<usize>, _>>()?;
    assert_eq!(shown, expected);
    for limit in [1, 5, 22, 23, 24, 1000] {
        let pages = all_pages(&ann, &board.id, limit, async || Ok(())).await?;
        assert_eq!(pages.len(), TASKS.div_ceil(limit as usize), "limit {limit}");
        let tasks = entities(&pages, "tasks");
        ensure!(tasks.is_sorted_by_key(|task| task["id"].as_str()), "by id: {tasks:?}");
        assert_eq!(sorted(tasks), sorted(entities(std::slice::from_ref(&whole), "tasks")));
        let links = sorted(entities(std::slice::from_ref(&whole), "dependencies"));
        assert_eq!(sorted(entities(&pages, "dependencies")), links);
        for page in &pages {
            let here = ids(&page["tasks"])?;
            let links = page["dependencies"].as_array().into_iter().flatten();
            ensure!(links.into_iter().all(|link| here.iter().any(|id| *id == link["task_id"])), "{page}");
            for field in ["board", "columns", "members", "seq", "epoch"] {
                assert_eq!(page[field], whole[field], "{field}");
            }
        }
    }
    // A page may begin after an id that no longer exists.
    let page = ann.ask("board:get", json!({ "boardId": board.id, "limit": 2, "after": "05" })).await?;
    ensure!(ids(&page["tasks"])?.iter().map(|id| &id[..2]).eq(["05", "06"]), "{page}");
    let end = ann.ask("board:get", json!({ "boardId": board.id, "limit": 2, "after": "zz" })).await?;
    ensure!(end["tasks"] == json!([]) && end.get("next").is_none(), "{end}");
    for (wrong, path) in [
        (json!({ "limit": 0 }), "limit"),
        (json!({ "limit": 1001 }), "limit"),
        (json!({ "limit": -1 }), "limit"),
        (json!({ "limit": "5" }), "limit"),
        (json!({ "after": "05" }), "after"),
        (json!({ "limit": 5, "after": "a b" }), "after"),
        (json!({ "limit": 5, "before": "05" }), "before"),
    ] {
        let mut payload = json!({ "boardId": board.id });
        payload
            .as_object_mut()
            .into_iter()
            .for_each(|payload| payload.extend(wrong.as_object().cloned().into_iter().flatten()));
        let refused = ann.refused("board:get", payload, "INVALID_MESSAGE").await?;
        ensure!(refused["details"][0]["path"] == path, "{wrong}: {refused}");
    }
    Ok(())
}

async fn paging_returns_each_remaining_task_once_while_others_write(kind: Kind) -> Result<()> {
    const TASKS: usize = 40;
    let scene = Scene::open(kind).await?;
    let (ann, bob) = (scene.client("ann").await?, scene.client("bob").await?);
    let board = Board::create(&ann, &[("bob", "member")]).await?;
    let id = |n: usize| format!("t{n:02}");
    for n in 0..TASKS {
        ann.ask("task:create", json!({ "boardId": board.id, "id": id(n), "title": "T" })).await?;
    }
    // Between two pages, one task before and one after the page's end are deleted, one is created on either side, and
    // one is moved.
    let mut step = 0;
    let pages = all_pages(&ann, &board.id, 4, async || {
        step += 1;
        for gone in [step, TASKS - step] {
            bob.ask("task:delete", json!({ "taskId": id(gone) })).await?;
        }
        for new in [format!("a{step:02}"), format!("z{step:02}")] {
            bob.ask("task:create", json!({ "boardId": board.id, "id": new, "title": "New" })).await?;
        }
        let moved = json!({ "taskId": id(20), "toColumn": board.columns[step % 3] });
        bob.ask("task:move", moved).await.map(drop)
    })
    .await?;
    let mut shown = BTreeMap::new();
    for task in entities(&pages, "tasks") {
        *shown.entry(text(&task["id"])?).or_insert(0) += 1;
    }
    ensure!(shown.values().all(|times| *times == 1), "{shown:?}");
    let left = ids(&board.snapshot(&ann).await?["tasks"])?;
    let stayed = left.iter().filter(|id| id.starts_with('t') || id.starts_with('z'));
    for id in stayed {
        ensure!(shown.contains_key(id), "{id} is missing: {shown:?}");
    }
    // Each page shows the board as of its own `seq`.
    let seqs: Vec<_> = pages.iter().filter_map(|page| page["seq"].as_u64()).collect();
    ensure!(seqs.len() == pages.len() && seqs.is_sorted_by(|one, next| one < next), "{seqs:?}");
    Ok(())
}

/// Returns the longest description, with three bytes per character.
fn long_text() -> String {
    "語".repeat(20_000)
}

/// Creates a board of 285 tasks with 60 KB each, somewhat more than 16 MiB.
pub(crate) async fn too_large(owner: &Client) -> Result<Board> {
    let board = Board::create(owner, &[]).await?;
    let text = long_text();
    for n in 0..285 {
        let id = format!("t{n:03}-{}", &board.id[board.id.len() - 4..]);
        let create = json!({ "boardId": board.id, "id": id, "title": "Large", "description": text });
        owner.ask("task:create", create).await?;
    }
    Ok(board)
}

async fn a_too_large_board_is_refused_as_a_whole_and_shown_in_pages(kind: Kind) -> Result<()> {
    let scene = Scene::open(kind).await?;
    let ann = scene.client("ann").await?;
    let board = too_large(&ann).await?;
    let refused = ann.refused("board:get", json!({ "boardId": board.id }), "PAYLOAD_TOO_LARGE").await?;
    ensure!(text(&refused["error"])?.contains("limit"), "{refused}");
    let pages = all_pages(&ann, &board.id, 1000, async || Ok(())).await?;
    for page in &pages {
        let bytes = page["tasks"].to_string().len();
        ensure!(bytes <= 2 << 20, "a page has at most 2 MiB, not {bytes}");
    }
    let shown = ids(&Value::Array(entities(&pages, "tasks")))?;
    ensure!(
        shown.len() == 285 && shown.is_sorted() && pages.len() == 9,
        "{} tasks on {} pages",
        shown.len(),
        pages.len()
    );
    // Just below the limit, it is shown whole again.
    for id in &shown[..10] {
        ann.ask("task:delete", json!({ "taskId": id })).await?;
    }
    let whole = board.snapshot(&ann).await?;
    ensure!(ids(&whole["tasks"])?.len() == 275 && whole.get("next").is_none());
    Ok(())
}

async fn only_readers_of_the_board_get_pages(kind: Kind) -> Result<()> {
    let scene = Scene::open(kind).await?;
    let (ann, bob, eve) = (scene.client("ann").await?, scene.client("bob").await?, scene.client("eve").await?);
    let board = Board::create(&ann, &[("bob", "viewer")]).await?;
    for _ in 0..3 {
        board.task(&ann, "T").await?;
    }
    let page = |after: Option<&Value>| json!({ "boardId": board.id, "limit": 1, "after": after });
    let first = bob.ask("board:get", page(None)).await?;
    let next = first.get("next").context("there are more")?;
    bob.ask("board:get", page(Some(next))).await?;
    eve.refused("board:get", page(None), "NOT_FOUND").await?;
    eve.refused("board:get", page(Some(next)), "NOT_FOUND").await?;
    ann.ask("board:member:remove", json!({ "boardId": board.id, "userId": "bob" })).await?;
    bob.refused("board:get", page(Some(next)), "NOT_FOUND").await?;
    ann.refused("board:get", json!({ "boardId": "none", "limit": 1 }), "NOT_FOUND").await?;
    Ok(())
}
