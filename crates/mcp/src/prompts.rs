//! Prompts: a board as a short text, and what to do with it.

use std::{fmt::Write as _, sync::Arc};

use boardwire_gate::Gate;
use boardwire_protocol::{Code, CommandKind, ErrorBody, Timestamp};
use boardwire_services::Caller;
use rmcp::model::{
    CompleteRequestParams, CompleteResult, CompletionInfo, GetPromptResult, JsonObject, Prompt, PromptArgument,
    PromptMessage, Role,
};
use serde_json::{Value, json};

use crate::{problem::invalid, resources, tools::query};

/// How many tasks of a column are listed.
const MAX_TASKS: usize = 40;
/// How many events are listed.
const MAX_EVENTS: u32 = 200;
const DEFAULT_HOURS: u32 = 24;
const MAX_HOURS: u32 = 24 * 31;

const PLAN_WORK: &str = "plan_work";
const STAND_UP: &str = "stand_up";

/// Returns all prompts.
pub(crate) fn prompts() -> Vec<Prompt> {
    let argument = |name: &str, description: &str| PromptArgument::new(name).with_description(description);
    let board = || argument("boardId", "The board.").with_required(true);
    vec![
        Prompt::new(
            PLAN_WORK,
            Some("Reads a board and asks for a plan: what to do next, in which order, and what stands in the way."),
            Some(vec![board(), argument("goal", "What is to be achieved.").with_required(false)]),
        )
        .with_title("Plan the work on a board"),
        Prompt::new(
            STAND_UP,
            Some("Reads a board and asks for a stand-up report: what was done, what is being done, what is stuck."),
            Some(vec![
                board(),
                argument("hours", "How far back, in hours; absent: 24.").with_required(false),
                argument("since", "In place of hours: everything after this seq.").with_required(false),
            ]),
        )
        .with_title("Stand-up report of a board"),
    ]
}

/// Returns a prompt about a board as it is now.
///
/// # Errors
/// The gate refuses, or an argument is wrong.
pub(crate) async fn get(
    gate: &Arc<Gate>,
    caller: Caller,
    name: &str,
    arguments: JsonObject,
) -> Result<GetPromptResult, ErrorBody> {
    let argument = |name: &str| arguments.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    if ![PLAN_WORK, STAND_UP].contains(&name) {
        return Err(ErrorBody::new(Code::InvalidMessage, "there is no such prompt"));
    }
    let board = argument("boardId").ok_or_else(|| invalid("boardId", "is missing"))?;
    let snapshot = resources::board(gate, caller.clone(), board).await?;
    let text = if name == PLAN_WORK {
        plan(&snapshot, argument("goal"))
    } else if let Some(since) = argument("since") {
        let since: u64 = since.parse().map_err(|_| invalid("since", "a number"))?;
        let payload = json!({"boardId": board, "since": since, "limit": MAX_EVENTS});
        let events = query(gate, caller, CommandKind::BoardEvents, payload).await?;
        stand_up(&snapshot, &format!("after seq {since}"), &events_text(&events))
    } else {
        let hours = argument("hours").map_or(Ok(DEFAULT_HOURS), str::parse).ok();
        let hours = hours.filter(|hours| (1..=MAX_HOURS).contains(hours));
        let hours = hours.ok_or_else(|| invalid("hours", &format!("a number from 1 to {MAX_HOURS}")))?;
        let from = Timestamp(gate.clock().now().0 - i64::from(hours) * 3_600_000);
        stand_up(&snapshot, &format!("in the last {hours} hours"), &changed_text(&snapshot, from))
    };
    Ok(GetPromptResult::new(vec![PromptMessage::new_text(Role::User, text)]))
}

fn plan(snapshot: &Value, goal: Option<&str>) -> String {
    let mut text = board_text(snapshot);
    let goal = goal.map_or_else(String::new, |goal| format!(" The goal: {goal}."));
    let _ = write!(
        text,
        "\nPlan the work on this board.{goal} Say which tasks come next and in which order, respecting priorities, due dates \
         and what blocks what; which are too large and should be split; and what is missing. Refer to tasks by id. Change \
         nothing until the plan is agreed; then claim_next_task begins."
    );
    text
}

fn stand_up(snapshot: &Value, when: &str, changes: &str) -> String {
    let board = board_text(snapshot);
    format!(
        "{board}\nWhat changed {when}:\n{changes}\nWrite a stand-up report of this board: what was done, what is in progress \
         and by whom, and what is blocked, overdue or held by nobody. At most 15 lines; name tasks by title."
    )
}

/// Returns the columns with their tasks, one per line.
fn board_text(snapshot: &Value) -> String {
    let board = &snapshot["board"];
    let mut text =
        format!("Board {} [{}], seq {}\n", text_or_dash(&board["name"]), text_or_dash(&board["id"]), snapshot["seq"]);
    let tasks = || snapshot["tasks"].as_array().into_iter().flatten();
    // A snapshot of a very large board is only a page of it, in the order of ids.
    let is_page = snapshot["next"].is_string();
    if is_page {
        let _ = writeln!(text, "Too large to be shown whole: these are {} of its tasks.", tasks().count());
    }
    for column in snapshot["columns"].as_array().into_iter().flatten() {
        let mut in_column: Vec<_> = tasks().filter(|task| task["column_id"] == column["id"]).collect();
        in_column.sort_by_key(|task| (text_or_dash(&task["position"]), text_or_dash(&task["id"])));
        let (name, id, least) =
            (text_or_dash(&column["name"]), text_or_dash(&column["id"]), if is_page { "at least " } else { "" });
        let _ = writeln!(text, "\n## {name} [{id}], {least}{} tasks", in_column.len());
        for task in in_column.iter().take(MAX_TASKS) {
            let _ = writeln!(text, "- {}", task_text(task));
        }
        if is_page {
            let _ = writeln!(text, "- … and more: list_tasks with this columnId");
        } else if in_column.len() > MAX_TASKS {
            let _ = writeln!(text, "- … and {} more: list_tasks with this columnId", in_column.len() - MAX_TASKS);
        }
    }
    let blocks = snapshot["dependencies"].as_array().into_iter().flatten().filter(|link| link["type"] == "blocks");
    let waits: Vec<_> = blocks
        .take(MAX_TASKS)
        .map(|link| format!("{} waits for {}", text_or_dash(&link["task_id"]), text_or_dash(&link["depends_on"])))
        .collect();
    if !waits.is_empty() {
        let _ = writeln!(text, "\nDependencies: {}", waits.join("; "));
    }
    text
}

fn task_text(task: &Value) -> String {
    let title: String = text_or_dash(&task["title"]).chars().take(120).collect();
    let mut text = format!("[{}] {title} ({}", text_or_dash(&task["id"]), text_or_dash(&task["status"]));
    if task["priority"].as_u64().is_some_and(|priority| priority > 0) {
        let _ = write!(text, ", priority {}", task["priority"]);
    }
    for (field, name) in [("assignee", "assigned to"), ("due_date", "due")] {
        if let Some(value) = task[field].as_str() {
            let _ = write!(text, ", {name} {value}");
        }
    }
    if let Some(holder) = task["lease"]["holder"].as_str() {
        let _ = write!(text, ", held by {holder}");
    }
    text + ")"
}

/// Returns the tasks that changed at this time or later.
fn changed_text(snapshot: &Value, from: Timestamp) -> String {
    // Timestamps in JSON sort as text.
    let from = json!(from);
    let from = from.as_str().unwrap_or_default();
    let after = |task: &Value, field: &str| task[field].as_str().is_some_and(|at| at >= from);
    let mut text = String::new();
    for task in snapshot["tasks"].as_array().into_iter().flatten().filter(|task| after(task, "updated_at")).take(200) {
        let what = match () {
            () if after(task, "completed_at") => "done",
            () if after(task, "created_at") => "new",
            () => "changed",
        };
        let _ = writeln!(text, "- {what}: {}", task_text(task));
    }
    if snapshot["next"].is_string() {
        text += "- … and maybe more: list_tasks with updatedSince\n";
    }
    if text.is_empty() { "- nothing\n".to_owned() } else { text }
}

fn events_text(events: &Value) -> String {
    if events["recovered"] == false {
        return "- the log does not reach back that far\n".to_owned();
    }
    let mut text = String::new();
    for event in events["events"].as_array().into_iter().flatten() {
        let data = &event["data"];
        let about = data["task"]["title"].as_str().or(data["taskId"].as_str()).unwrap_or_default();
        let about: String = about.chars().take(120).collect();
        let _ = writeln!(
            text,
            "- {} {} by {} {about}",
            event["seq"],
            text_or_dash(&event["type"]),
            text_or_dash(&event["userId"])
        );
    }
    if text.is_empty() { "- nothing\n".to_owned() } else { text }
}

fn text_or_dash(value: &Value) -> &str {
    value.as_str().unwrap_or("-")
}

/// Returns the ids of the caller's boards whose id or name contains what was typed so far.
///
/// # Errors
/// The gate refuses.
pub(crate) async fn complete(
    gate: &Arc<Gate>,
    caller: Caller,
    request: CompleteRequestParams,
) -> Result<CompleteResult, ErrorBody> {
    let names_board = match &request.r#ref {
        rmcp::model::Reference::Prompt(_) => request.argument.name == "boardId",
        rmcp::model::Reference::Resource(resource) => resource.uri == "board://{id}" && request.argument.name == "id",
        _ => false,
    };
    let mut values = Vec::new();
    if names_board {
        let typed = request.argument.value.to_lowercase();
        let reply = query(gate, caller, CommandKind::BoardList, json!({"archived": false})).await?;
        let has = |value: &Value| value.as_str().is_some_and(|text| text.to_lowercase().contains(&typed));
        let boards = reply["boards"].as_array().into_iter().flatten();
        let ids =
            boards.filter(|board| has(&board["id"]) || has(&board["name"])).filter_map(|board| board["id"].as_str());
        values = ids.map(str::to_owned).collect();
    }
    let total = u32::try_from(values.len()).ok();
    let more = values.len() > CompletionInfo::MAX_VALUES;
    values.truncate(CompletionInfo::MAX_VALUES);
    let info = CompletionInfo::with_pagination(values, total, more);
    info.map(CompleteResult::new).map_err(|error| ErrorBody::new(Code::Internal, error))
}
