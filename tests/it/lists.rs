//! Lists of tasks, page by page, and parts of a board's log.

use anyhow::{Context, Result, ensure};
use boardwire_test_support::{Client, Kind};
use serde_json::{Value, json};

use crate::scene::{Board, Scene, ids, text};

on_both!(
    paging_returns_every_task_once,
    filters_narrow_a_list,
    tasks_on_boards_of_others_are_not_listed,
    the_log_is_read_in_pages
);

async fn list(client: &Client, filters: Value) -> Result<Vec<String>> {
    ids(&client.ask("task:list", filters).await?["tasks"])
}

async fn paging_returns_every_task_once(kind: Kind) -> Result<()> {
    const TASKS: usize = 23;
    let scene = Scene::open(kind).await?;
    let ann = scene.client("ann").await?;
    let (board, other) = (Board::create(&ann, &[]).await?, Board::create(&ann, &[]).await?);
    let mut all = Vec::new();
    for n in 0..TASKS {
        all.push((if n % 3 == 0 { &other } else { &board }).task(&ann, "Listed").await?);
    }
    all.sort();
    let mut listed = Vec::new();
    let mut page = json!({ "limit": 5 });
    loop {
        let reply = ann.ask("task:list", page).await?;
        listed.extend(ids(&reply["tasks"])?);
        // Concurrent changes move no task to a page where it would be returned twice or not at all.
        let changed = &all[listed.len() % TASKS];
        ann.ask("task:update", json!({ "taskId": changed, "updates": { "priority": listed.len() % 11 } })).await?;
        ann.ask(
            "task:assign",
            json!({ "taskId": all[0], "assignee": if listed.len() % 2 == 0 { Some("ann") } else { None } }),
        )
        .await?;
        match reply.get("cursor") {
            Some(cursor) => page = json!({ "limit": 5, "cursor": cursor }),
            None => break,
        }
        ensure!(listed.len() <= TASKS, "the pages do not end");
    }
    assert_eq!(listed, all);
    for wrong in ["x", "id-", "id-a b", "id-\"", "999"] {
        ann.refused("task:list", json!({ "cursor": wrong }), "INVALID_MESSAGE").await?;
    }
    for limit in [0, 201] {
        ann.refused("task:list", json!({ "limit": limit }), "INVALID_MESSAGE").await?;
    }
    Ok(())
}

async fn filters_narrow_a_list(kind: Kind) -> Result<()> {
    let scene = Scene::open(kind).await?;
    let ann = scene.client("ann").await?;
    let board = Board::create(&ann, &[]).await?;
    let create = json!({ "boardId": board.id, "title": "A", "tags": ["it's", "x\"hot", ","], "assignee": "ann" });
    let tagged = text(&ann.ask("task:create", create).await?["task"]["id"])?;
    let create = json!({ "boardId": board.id, "title": "B", "columnId": board.columns[1], "tags": ["hot"] });
    let begun = ann.ask("task:create", create).await?;
    let moment = begun["task"]["updated_at"].clone();
    let begun = text(&begun["task"]["id"])?;
    let claimed = ann.ask("task:claim", json!({ "boardId": board.id, "taskId": begun })).await?;
    for (filters, expected) in [
        (json!({ "boardId": board.id }), vec![&tagged, &begun]),
        (json!({ "columnId": board.columns[1] }), vec![&begun]),
        (json!({ "status": "in_progress" }), vec![&begun]),
        (json!({ "status": "done" }), vec![]),
        (json!({ "tag": "hot" }), vec![&begun]),
        (json!({ "tag": "," }), vec![&tagged]),
        (json!({ "tag": "it's" }), vec![&tagged]),
        (json!({ "leased": true }), vec![&begun]),
        (json!({ "leased": false }), vec![&tagged]),
        (json!({ "assignee": "ann", "leased": false }), vec![&tagged]),
        (json!({ "assignee": "ann", "boardId": board.id }), vec![&tagged, &begun]),
        (json!({ "assignee": "bob" }), vec![]),
        (json!({ "updatedSince": claimed["task"]["updated_at"], "status": "in_progress" }), vec![&begun]),
        (json!({ "updatedSince": moment, "boardId": board.id, "tag": "hot" }), vec![&begun]),
        (json!({ "updatedSince": "2999-01-01T00:00:00Z" }), vec![]),
    ] {
        let mut expected: Vec<String> = expected.into_iter().cloned().collect();
        expected.sort();
        assert_eq!(list(&ann, filters.clone()).await?, expected, "{filters}");
    }
    assert_eq!(ann.ask("task:list", json!({ "leased": true })).await?["tasks"][0], claimed["task"]);
    ann.ask("board:archive", json!({ "boardId": board.id })).await?;
    assert!(list(&ann, json!({})).await?.is_empty(), "an archived board is listed by name alone");
    assert_eq!(list(&ann, json!({ "boardId": board.id })).await?.len(), 2);
    Ok(())
}

async fn tasks_on_boards_of_others_are_not_listed(kind: Kind) -> Result<()> {
    let scene = Scene::open(kind).await?;
    let (ann, eve) = (scene.client("ann").await?, scene.client("eve").await?);
    let board = Board::create(&ann, &[]).await?;
    let task = board.task(&ann, "Secret").await?;
    for filters in [json!({}), json!({ "assignee": "ann" }), json!({ "columnId": board.columns[0] })] {
        assert!(list(&eve, filters).await?.is_empty());
    }
    assert_eq!(list(&scene.admin().await?, json!({})).await?, [task]);
    for command in ["task:list", "task:next"] {
        eve.refused(command, json!({ "boardId": board.id }), "NOT_FOUND").await?;
    }
    eve.refused("task:search", json!({ "boardId": board.id, "query": "secret" }), "NOT_FOUND").await?;
    eve.refused("board:events", json!({ "boardId": board.id, "since": 0 }), "NOT_FOUND").await.map(drop)
}

async fn the_log_is_read_in_pages(kind: Kind) -> Result<()> {
    let scene = Scene::open(kind).await?;
    let (ann, bob) = (scene.client("ann").await?, scene.client("bob").await?);
    let board = Board::create(&ann, &[("bob", "viewer")]).await?;
    board.view(&bob).await?;
    let since = board.snapshot(&bob).await?["seq"].as_u64().context("a seq")?;
    for _ in 0..7 {
        board.task(&ann, "Logged").await?;
    }
    let mut sent = Vec::new();
    for _ in 0..7 {
        sent.push(bob.next_event("task:created").await?.payload);
    }
    let mut read = Vec::new();
    let mut at = since;
    loop {
        let page = bob.ask("board:events", json!({ "boardId": board.id, "since": at, "limit": 3 })).await?;
        assert_eq!((&page["recovered"], &page["seq"]), (&json!(true), &json!(since + 7)));
        let events = page["events"].as_array().context("events")?;
        read.extend(events.iter().cloned());
        at = read.last().and_then(|event| event["seq"].as_u64()).context("a seq")?;
        if page["complete"] == true {
            break;
        }
        ensure!(events.len() == 3, "{page}");
    }
    assert_eq!(read, sent);
    let end = bob.ask("board:events", json!({ "boardId": board.id, "since": at })).await?;
    assert_eq!([&end["events"], &end["complete"], &end["recovered"]], [&json!([]), &json!(true), &json!(true)]);
    for (since, epoch) in [(at + 1, &end["epoch"]), (at, &json!("another"))] {
        let lost = json!({ "boardId": board.id, "since": since, "epoch": epoch });
        let lost = bob.ask("board:events", lost).await?;
        assert_eq!([&lost["events"], &lost["recovered"]], [&json!([]), &json!(false)]);
    }
    Ok(())
}
