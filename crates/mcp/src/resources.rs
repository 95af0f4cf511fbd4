//! Boards and tasks as resources: the same snapshots as those of `board:get` and `task:get`.

use std::sync::Arc;

use boardwire_gate::Gate;
use boardwire_protocol::{BoardId, Code, CommandKind, ErrorBody, TaskId};
use boardwire_services::Caller;
use rmcp::model::{Annotations, ReadResourceResult, Resource, ResourceContents, ResourceTemplate};
use serde_json::{Value, json};

use crate::{shape::Shape, tools::query};

/// The longest text of a resource, in bytes. Tools offer other parts and sizes.
const MAX_BYTES: usize = 65_536;
/// How many tasks are read if a board is too large to be read whole.
const PAGE_TASKS: u32 = 1_000;
const JSON: &str = "application/json";

/// The entity that a URI names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Target {
    Board(BoardId),
    Task(TaskId),
}

impl Target {
    /// Returns the entity of a URI such as `board://b1` or `task://t1`.
    pub(crate) fn parse(uri: &str) -> Option<Self> {
        if let Some(id) = uri.strip_prefix("board://") {
            return BoardId::try_from(id).ok().map(Self::Board);
        }
        uri.strip_prefix("task://").and_then(|id| TaskId::try_from(id).ok()).map(Self::Task)
    }

    pub(crate) fn uri(&self) -> String {
        match self {
            Self::Board(id) => format!("board://{id}"),
            Self::Task(id) => format!("task://{id}"),
        }
    }
}

/// Returns the error for a URI that names nothing.
pub(crate) fn unknown_resource(uri: &str) -> ErrorBody {
    ErrorBody::new(Code::NotFound, "there is no such resource").with_details(json!({"uri": uri}))
}

/// Returns the templates; each has one variable, `id`.
pub(crate) fn templates() -> Vec<ResourceTemplate> {
    let board = "All of a board at one moment: columns, tasks, members, dependencies, seq and epoch. Of a very large one the \
         first page, by id.";
    let task = "A task with its comments, attachments and dependencies.";
    vec![
        ResourceTemplate::new("board://{id}", "board").with_title("Board").with_description(board).with_mime_type(JSON),
        ResourceTemplate::new("task://{id}", "task").with_title("Task").with_description(task).with_mime_type(JSON),
    ]
}

/// Returns the caller's boards that are not archived.
pub(crate) async fn boards(gate: &Arc<Gate>, caller: Caller) -> Result<Vec<Resource>, ErrorBody> {
    let reply = query(gate, caller, CommandKind::BoardList, json!({"archived": false})).await?;
    let boards = reply["boards"].as_array().into_iter().flatten();
    let resources = boards.filter_map(|board| {
        let (id, name) = (board["id"].as_str()?, board["name"].as_str()?);
        let mut annotations = Annotations::default();
        annotations.last_modified = board["changed_at"].as_str().map(str::to_owned);
        let resource = Resource::new(format!("board://{id}"), name).with_title(name).with_mime_type(JSON);
        let resource = resource.with_annotations(annotations);
        Some(match board["description"].as_str().filter(|description| !description.is_empty()) {
            Some(description) => resource.with_description(description.chars().take(200).collect::<String>()),
            None => resource,
        })
    });
    Ok(resources.collect())
}

/// Returns a whole board or, if it is too large, its first page, with `next`.
pub(crate) async fn board(gate: &Arc<Gate>, caller: Caller, id: &str) -> Result<Value, ErrorBody> {
    let whole = query(gate, caller.clone(), CommandKind::BoardGet, json!({"boardId": id})).await;
    match whole {
        Err(error) if error.code == Code::PayloadTooLarge => {
            query(gate, caller, CommandKind::BoardGet, json!({"boardId": id, "limit": PAGE_TASKS})).await
        }
        other => other,
    }
}

/// Returns the current content of a resource.
pub(crate) async fn read(gate: &Arc<Gate>, caller: Caller, uri: String) -> Result<ReadResourceResult, ErrorBody> {
    let reply = match Target::parse(&uri).ok_or_else(|| unknown_resource(&uri))? {
        Target::Board(id) => board(gate, caller, id.as_str()).await?,
        Target::Task(id) => query(gate, caller, CommandKind::TaskGet, json!({"taskId": id})).await?,
    };
    let text = Shape::bytes(MAX_BYTES).fit(reply).to_string();
    Ok(ReadResourceResult::new(vec![ResourceContents::text(text, uri).with_mime_type(JSON)]))
}
