//! A board page by page over HTTP.

use anyhow::{Context, Result, ensure};
use boardwire_test_support::Kind;
use serde_json::json;

use super::{http, with_status};
use crate::pages::too_large;
use crate::scene::{Board, Scene, ids, text};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_are_requested_in_the_query_and_have_etags() -> Result<()> {
    let scene = Scene::open(Kind::Sqlite).await?;
    let ann = scene.client("ann").await?;
    let board = Board::create(&ann, &[]).await?;
    let mut tasks = Vec::new();
    for _ in 0..5 {
        tasks.push(board.task(&ann, "T").await?);
    }
    tasks.sort();
    let path = format!("/boards/{}", board.id);
    let get = |query: &str| http(&scene, "ann", "GET", &format!("{path}{query}"));
    let (mut shown, mut tags, mut query) = (Vec::new(), Vec::new(), "?limit=2".to_owned());
    loop {
        let answer = get(&query)?.send().await?;
        let tag = answer.header("etag").context("a page has a tag")?.to_owned();
        let page = with_status(&answer, 200)?;
        let unchanged = get(&query)?.header("if-none-match", &tag).send().await?;
        ensure!(unchanged.status == 304, "{unchanged:?}");
        shown.extend(ids(&page["tasks"])?);
        tags.push((query, tag));
        match page["next"].as_str() {
            Some(next) => query = format!("?limit=2&after={next}"),
            None => break,
        }
    }
    ensure!(shown == tasks && tags.len() == 3, "{shown:?} on {} pages", tags.len());
    // The tag of a page differs from those of other pages and of the whole, and depends on what is on the page.
    let whole = get("")?.send().await?;
    let mut different: Vec<_> = tags.iter().map(|(_, tag)| tag.as_str()).chain(whole.header("etag")).collect();
    different.sort_unstable();
    different.dedup();
    ensure!(different.len() == 4, "{different:?}");
    ann.ask("task:update", json!({ "taskId": tasks[0], "updates": { "title": "U" } })).await?;
    let (query, tag) = &tags[0];
    with_status(&get(query)?.header("if-none-match", tag).send().await?, 200)?;
    // A change can be conditional on a page's tag, which contains the board's version.
    let change = http(&scene, "ann", "PATCH", &path)?.header("if-match", tag).json(&json!({ "name": "New" }));
    with_status(&change.send().await?, 200)?;
    for wrong in
        ["?limit=0", "?limit=1001", "?limit=x", "?limit=", "?after=t", "?limit=1&after=a%20b", "?limit=1&limit=2"]
    {
        let refused = with_status(&get(wrong)?.send().await?, 422).with_context(|| wrong.to_owned())?;
        ensure!(refused["code"] == "INVALID_MESSAGE", "{wrong}: {refused}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_of_a_too_large_board_mentions_pages() -> Result<()> {
    let scene = Scene::open(Kind::Sqlite).await?;
    let ann = scene.client("ann").await?;
    let board = too_large(&ann).await?;
    let path = format!("/boards/{}", board.id);
    let refused = with_status(&http(&scene, "ann", "GET", &path)?.send().await?, 413)?;
    ensure!(refused["code"] == "PAYLOAD_TOO_LARGE" && text(&refused["detail"])?.contains("limit"), "{refused}");
    let page = with_status(&http(&scene, "ann", "GET", &format!("{path}?limit=10"))?.send().await?, 200)?;
    ensure!(ids(&page["tasks"])?.len() == 10 && page["next"].is_string());
    // The board is too large to be read whole, but it exists: `*` matches it, and a foreign tag does not.
    for (tags, status) in [("*", 412), ("\"x\"", 200)] {
        let change = http(&scene, "ann", "PATCH", &path)?.header("if-none-match", tags).json(&json!({ "name": "New" }));
        with_status(&change.send().await?, status).with_context(|| tags.to_owned())?;
    }
    Ok(())
}
