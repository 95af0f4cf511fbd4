//! The entities in a reply or an event: their current state, or that they are gone.

use serde_json::Value;

/// One entity, as a reply or an event shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct Entity {
    /// `board`, `column`, `task`, `member` or `dependency`.
    pub kind: &'static str,
    /// Its id; a member's is the user's, a dependency's its two tasks and its type.
    pub id: String,
    /// Its state, or `None` if it is gone.
    pub state: Option<Value>,
}

/// Returns the entities in a reply, as the sender's replica takes them: the reply replaces the event.
#[must_use]
pub fn reply_entities(reply: &Value) -> Vec<Entity> {
    let mut found = present(reply);
    for (key, kind) in [("taskId", "task"), ("columnId", "column"), ("userId", "member")] {
        found.extend(reply[key].as_str().map(|id| Entity { kind, id: id.to_owned(), state: None }));
    }
    found
}

/// Returns the entities in a durable event's envelope; `None` for an unknown kind of event.
pub(crate) fn event_entities(envelope: &Value) -> Option<Vec<Entity>> {
    let data = &envelope["data"];
    let gone =
        |kind: &'static str, key: &str| data[key].as_str().map(|id| Entity { kind, id: id.to_owned(), state: None });
    Some(match envelope["type"].as_str()? {
        "task:deleted" => gone("task", "taskId").into_iter().collect(),
        // The tasks that were moved, if the event has any, and then the column.
        "column:deleted" => present(data).into_iter().chain(gone("column", "columnId")).collect(),
        "board:member:removed" => gone("member", "userId").into_iter().collect(),
        "task:dependency:removed" => {
            entity("dependency", &data["dependency"]).map(|gone| Entity { state: None, ..gone }).into_iter().collect()
        }
        // Comments and attachments are not part of a board's snapshot.
        kind if ["task:comment:", "task:attachment:"].iter().any(|p| kind.starts_with(p)) => Vec::new(),
        // Every other event shows the current state of its entities.
        _ => Some(present(data)).filter(|shown| !shown.is_empty())?,
    })
}

fn present(value: &Value) -> Vec<Entity> {
    let single = ["board", "column", "task", "member", "dependency"].map(|kind| (kind, kind));
    let many = [("columns", "column"), ("tasks", "task"), ("members", "member"), ("dependencies", "dependency")];
    let mut found: Vec<Entity> = single.into_iter().filter_map(|(key, kind)| entity(kind, &value[key])).collect();
    for (key, kind) in many {
        found.extend(value[key].as_array().into_iter().flatten().filter_map(|item| entity(kind, item)));
    }
    found
}

fn entity(kind: &'static str, value: &Value) -> Option<Entity> {
    let text = |key: &str| value[key].as_str();
    let id = match kind {
        "member" => text("user_id")?.to_owned(),
        "dependency" => format!("{} {} {}", text("task_id")?, text("depends_on")?, text("type")?),
        _ => text("id")?.to_owned(),
    };
    Some(Entity { kind, id, state: Some(value.clone()) })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_deleted_task_is_gone() {
        let envelope =
            json!({ "type": "task:deleted", "data": { "taskId": "t1", "deletedBy": "ann", "boardId": "b" } });
        assert_eq!(event_entities(&envelope), Some(vec![Entity { kind: "task", id: "t1".into(), state: None }]));
    }

    #[test]
    fn an_unknown_kind_differs_from_one_without_entities() {
        assert_eq!(event_entities(&json!({ "type": "task:comment:added", "data": {} })), Some(Vec::new()));
        assert_eq!(event_entities(&json!({ "type": "task:exploded", "data": {} })), None);
    }
}
