//! Tools: the same commands, with answers of the size that was asked for.

use anyhow::{Context, Result, ensure};
use boardwire_test_support::Kind;
use serde_json::{Value, json};

use super::client::Agent;
use crate::pages::too_large;
use crate::scene::{Board, Scene, text};

on_both!(changes_travel_both_ways, agents_share_the_work_on_a_board);

async fn changes_travel_both_ways(kind: Kind) -> Result<()> {
    let scene = Scene::open(kind).await?;
    let ann = scene.client("ann").await?;
    let board = Board::create(&ann, &[]).await?;
    board.view(&ann).await?;
    for agent in [Agent::current(&scene.server, "ann")?, Agent::previous(&scene.server, "ann").await?] {
        let arguments = json!({"boardId": board.id, "title": "From an agent", "requestId": text(&json!(agent.session.is_some().to_string()))?});
        let created = agent.ask("create_task", arguments.clone()).await?;
        let event = ann.next_event("task:created").await?;
        ensure!(
            event.payload["data"]["task"] == created["task"] && event.payload["seq"] == created["seq"],
            "{created}"
        );
        let again = agent.ask("create_task", arguments).await?;
        ensure!(again["task"]["id"] == created["task"]["id"], "a retry has no second effect: {again}");

        let task = board.task(&ann, "From a person").await?;
        let read = agent.ask("get_task", json!({"taskId": task})).await?;
        ensure!(read["task"]["title"] == "From a person", "{read}");
        let resource = agent.request("resources/read", json!({"uri": format!("task://{task}")})).await?;
        let read_as_resource: Value = serde_json::from_str(&text(&resource["result"]["contents"][0]["text"])?)?;
        ensure!(read_as_resource == read, "{read_as_resource}");
    }
    Ok(())
}

async fn agents_share_the_work_on_a_board(kind: Kind) -> Result<()> {
    let scene = Scene::open(kind).await?;
    let (ann, _bob) = (scene.client("ann").await?, scene.client("bob").await?);
    let board = Board::create(&ann, &[("bob", "member")]).await?;
    for title in ["One", "Two"] {
        board.task(&ann, title).await?;
    }
    let (first, second) = (Agent::current(&scene.server, "ann")?, Agent::current(&scene.server, "bob")?);
    let claim = json!({"boardId": board.id, "ttl": 60});
    let (ours, theirs) =
        (first.ask("claim_next_task", claim.clone()).await?, second.ask("claim_next_task", claim.clone()).await?);
    ensure!(ours["task"]["id"] != theirs["task"]["id"], "{ours} {theirs}");
    ensure!(first.ask("claim_next_task", claim).await?["task"].is_null());
    let (task, fence) = (&ours["task"]["id"], &ours["task"]["lease"]["fence"]);
    first.ask("renew_claim", json!({"taskId": task, "fence": fence})).await?;
    second
        .refused(
            "complete_task",
            json!({"taskId": task, "fence": theirs["task"]["lease"]["fence"].as_u64().context("a fence")? + 7}),
            "LEASE_LOST",
        )
        .await?;
    let done = first.ask("complete_task", json!({"taskId": task, "fence": fence})).await?;
    ensure!(done["task"]["status"] == "done", "{done}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tools_are_the_same_in_both_revisions() -> Result<()> {
    let scene = Scene::open(Kind::Sqlite).await?;
    let (current, previous) = (Agent::current(&scene.server, "ann")?, Agent::previous(&scene.server, "ann").await?);
    let ours = current.request("tools/list", json!({})).await?["result"]["tools"].clone();
    ensure!(ours == previous.request("tools/list", json!({})).await?["result"]["tools"]);
    let names: Vec<_> = ours.as_array().into_iter().flatten().filter_map(|tool| tool["name"].as_str()).collect();
    for name in ["list_boards", "create_task", "claim_next_task", "board_events", "wait_for_changes"] {
        ensure!(names.contains(&name), "{name} in {names:?}");
    }
    for tool in ours.as_array().into_iter().flatten() {
        ensure!(tool["inputSchema"]["type"] == "object" && tool["annotations"]["openWorldHint"] == false, "{tool}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_have_the_requested_fields_and_size() -> Result<()> {
    let scene = Scene::open(Kind::Sqlite).await?;
    let ann = scene.client("ann").await?;
    let board = Board::create(&ann, &[]).await?;
    for number in 0..30 {
        let task = json!({"boardId": board.id, "title": format!("Task {number}"), "description": "x".repeat(3000)});
        ann.ask("task:create", task).await?;
    }
    let agent = Agent::current(&scene.server, "ann")?;
    let whole = agent.ask("get_board", json!({"boardId": board.id, "maxBytes": 262_144})).await?;
    ensure!(whole["truncated"].is_null() && whole["tasks"][29]["description"].as_str().map(str::len) == Some(3000));
    let titles = agent.ask("get_board", json!({"boardId": board.id, "fields": ["tasks.title"]})).await?;
    let expected: Vec<_> = (0..30).map(|number| json!({"title": format!("Task {number}")})).collect();
    ensure!(
        titles["tasks"] == json!(expected) && titles["board"].is_null() && titles["seq"] == whole["seq"],
        "{titles}"
    );
    for (tool, fields, message) in [
        ("get_board", json!(["tasks.titel"]), "in tasks there are assignee, board_id, "),
        ("get_board", json!(["task"]), "in the answer there are board, columns, "),
        ("wait_for_changes", json!(["events.sqe"]), "in events there are boardId, data, "),
        ("board_events", json!(["events.data.tsak"]), "in events.data there are "),
        ("create_task", json!(["id"]), "in the answer there are task"),
    ] {
        let mut arguments = json!({"boardId": board.id, "fields": fields});
        match tool {
            "create_task" => arguments["title"] = json!("Not made"),
            "get_board" => {}
            _ => arguments["since"] = json!(0),
        }
        let failure = agent.refused(tool, arguments, "INVALID_MESSAGE").await?;
        ensure!(failure["details"][0]["path"] == "fields" && text(&failure["error"])?.contains(message), "{failure}");
    }
    let events =
        json!({"boardId": board.id, "since": 0, "limit": 1, "fields": ["events.seq", "events.data.board.name"]});
    let events = agent.ask("board_events", events).await?;
    ensure!(events["events"][0] == json!({"seq": 1, "data": {"board": {"name": "Launch"}}}), "{events}");
    for max in [512, 4096, 16_384] {
        let short = agent.ask("get_board", json!({"boardId": board.id, "maxBytes": max})).await?;
        ensure!(short.to_string().len() <= max && short["truncated"].is_object(), "{max}: {short}");
    }
    let wrong = json!({"boardId": board.id, "title": "Not made", "maxBytes": 1});
    let failure = agent.refused("create_task", wrong, "INVALID_MESSAGE").await?;
    ensure!(failure["details"][0]["path"] == "maxBytes", "{failure}");
    agent.refused("create_task", json!({"boardId": board.id, "colour": 1}), "INVALID_MESSAGE").await?;
    agent.refused("get_task", json!({"taskId": "none"}), "NOT_FOUND").await?;
    ensure!(agent.ask("get_board", json!({"boardId": board.id})).await?["seq"] == whole["seq"]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn prompts_show_the_board_and_board_ids_are_completed() -> Result<()> {
    let scene = Scene::open(Kind::Sqlite).await?;
    let ann = scene.client("ann").await?;
    let board = Board::create(&ann, &[]).await?;
    board.task(&ann, "Write the report").await?;
    let agent = Agent::current(&scene.server, "ann")?;
    for (name, arguments) in [
        ("plan_work", json!({"boardId": board.id, "goal": "ship"})),
        ("stand_up", json!({"boardId": board.id})),
        ("stand_up", json!({"boardId": board.id, "since": "0"})),
    ] {
        let prompt = agent.request("prompts/get", json!({"name": name, "arguments": arguments})).await?;
        let shown = text(&prompt["result"]["messages"][0]["content"]["text"])?;
        ensure!(shown.contains("Write the report") && shown.contains(&board.id), "{shown}");
    }
    let wanted =
        json!({"ref": {"type": "ref/prompt", "name": "plan_work"}, "argument": {"name": "boardId", "value": "laun"}});
    let completed = agent.request("completion/complete", wanted).await?;
    ensure!(completed["result"]["completion"]["values"] == json!([board.id]), "{completed}");
    let resources = agent.request("resources/list", json!({})).await?;
    let resource = &resources["result"]["resources"][0];
    ensure!(resource["uri"] == format!("board://{}", board.id), "{resources}");
    let listed = agent.ask("list_boards", json!({})).await?["boards"][0].clone();
    ensure!(listed["changed_at"].is_string(), "{listed}");
    ensure!(resource["annotations"] == json!({"lastModified": listed["changed_at"]}), "{resource} {listed}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_board_that_is_too_large_is_shown_in_part() -> Result<()> {
    let scene = Scene::open(Kind::Sqlite).await?;
    let ann = scene.client("ann").await?;
    let board = too_large(&ann).await?;
    let agent = Agent::current(&scene.server, "ann")?;
    let failure = agent.refused("get_board", json!({"boardId": board.id}), "PAYLOAD_TOO_LARGE").await?;
    ensure!(text(&failure["error"])?.contains("limit"), "{failure}");
    // The tool returns pages, whichever fields are requested.
    let mut page = json!({"boardId": board.id, "limit": 1000, "fields": ["tasks.id"]});
    let mut count = 0;
    loop {
        let shown = agent.ask("get_board", page.clone()).await?;
        ensure!(shown["truncated"].is_null(), "{shown}");
        count += shown["tasks"].as_array().map_or(0, Vec::len);
        page["after"] = shown["next"].clone();
        if page["after"].is_null() {
            break;
        }
    }
    ensure!(count == 285, "{count}");
    let resource = agent.request("resources/read", json!({"uri": format!("board://{}", board.id)})).await?;
    let read: Value = serde_json::from_str(&text(&resource["result"]["contents"][0]["text"])?)?;
    ensure!(read["truncated"].is_object() && read["seq"].is_u64(), "{read}");
    ensure!(read["next"].is_string() || read["truncated"]["lists"][0]["shown"].is_u64(), "{read}");
    for name in ["plan_work", "stand_up"] {
        let prompt = agent.request("prompts/get", json!({"name": name, "arguments": {"boardId": board.id}})).await?;
        let shown = text(&prompt["result"]["messages"][0]["content"]["text"])?;
        ensure!(
            shown.contains("Large") && shown.contains("Too large") && shown.contains("at least 34 tasks"),
            "{shown}"
        );
    }
    Ok(())
}
