//! Decodes a command from its name and a JSON value, or says what is wrong with the value's shape, and where.

use serde_json::Value;

use crate::{Command, CommandKind, RequestId, Violation};

/// A command and its sender's id for the request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoded {
    /// The command.
    pub command: Command,
    /// The sender's id for this request.
    pub request_id: Option<RequestId>,
}

/// Why a message can't be decoded: it has the wrong shape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invalid {
    /// What is wrong with it.
    pub violations: Vec<Violation>,
    /// The request id, if it could be read, so that the sender knows which request failed.
    pub request_id: Option<RequestId>,
}

impl Invalid {
    fn one(path: impl Into<String>, message: impl Into<String>, request_id: Option<RequestId>) -> Self {
        Self { violations: vec![Violation::new(path, message)], request_id }
    }
}

impl Decoded {
    /// Decodes the payload of a command.
    ///
    /// # Errors
    /// Returns [`Invalid`] if the payload is not an object (or, where the command accepts one, a bare id), or if a
    /// field is missing, unknown, of the wrong type or out of bounds.
    pub fn from_payload(kind: CommandKind, payload: Value) -> Result<Self, Invalid> {
        let mut fields = match (payload, kind.bare_field()) {
            (Value::Object(fields), _) => fields,
            (bare @ Value::String(_), Some(field)) => [(field.to_owned(), bare)].into_iter().collect(),
            (_, Some(field)) => {
                return Err(Invalid::one("", format!("must be an object, or the {field} as a string"), None));
            }
            (_, None) => return Err(Invalid::one("", "the payload must be one JSON object", None)),
        };
        let request_id = match fields.remove("requestId") {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) => {
                Some(RequestId::try_from(text.as_str()).map_err(|error| Invalid::one("requestId", error, None))?)
            }
            Some(_) => return Err(Invalid::one("requestId", "must be a string", None)),
        };
        match kind.parse(Value::Object(fields)) {
            Ok(command) => Ok(Self { command, request_id }),
            Err(error) => Err(Invalid { violations: vec![Violation::of(&error)], request_id }),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(kind: CommandKind, payload: Value, path: &str) {
        let invalid = Decoded::from_payload(kind, payload).expect_err("must be refused");
        assert_eq!(invalid.violations[0].path, path, "{invalid:?}");
    }

    #[test]
    fn a_violation_names_the_wrong_field() {
        check(CommandKind::TaskCreate, json!({"boardId": "b"}), "title");
        check(CommandKind::TaskCreate, json!({"boardId": "b", "title": 7}), "title");
        check(CommandKind::TaskCreate, json!({"boardId": "b", "title": "x".repeat(501)}), "title");
        check(CommandKind::TaskCreate, json!({"boardId": "b c", "title": "t"}), "boardId");
        check(CommandKind::TaskCreate, json!({"boardId": "b", "title": "t", "priority": 11}), "priority");
        check(CommandKind::TaskCreate, json!({"boardId": "b", "title": "t", "colour": "red"}), "colour");
        check(CommandKind::TaskCreate, json!({"boardId": "b", "title": "t", "tags": ["a", 3]}), "tags[1]");
        check(CommandKind::TaskUpdate, json!({"taskId": "t", "updates": {"title": null}}), "updates.title");
        check(CommandKind::TaskUpdate, json!({"taskId": "t", "updates": {"board_id": "x"}}), "updates.board_id");
        check(CommandKind::TaskUpdate, json!({"taskId": "t"}), "updates");
        check(CommandKind::TaskUpdate, json!({"taskId": "t", "updates": []}), "updates");
        check(CommandKind::Subscribe, json!({"type": "*", "filters": []}), "filters");
        check(CommandKind::BoardCreate, json!({"name": "n", "columns": [["To Do"]]}), "columns[0]");
        check(CommandKind::BoardCreate, json!({"name": "n", "columns": [{"nam": "To Do"}]}), "columns[0].nam");
        check(CommandKind::TaskAssign, json!({"taskId": "t"}), "assignee");
        check(CommandKind::TaskGet, json!("t"), "");
        check(CommandKind::TaskGet, json!({"taskId": "t", "requestId": 5}), "requestId");
        check(CommandKind::Subscribe, json!({"type": "task.*"}), "type");
        check(CommandKind::Subscribe, json!({"type": "*", "since": -1}), "since");
    }

    #[test]
    fn a_view_accepts_a_bare_id_as_payload() {
        let decoded = Decoded::from_payload(CommandKind::ViewBoard, json!("b1")).unwrap();
        assert_eq!(decoded, Decoded::from_payload(CommandKind::ViewBoard, json!({"boardId": "b1"})).unwrap());
    }

    #[test]
    fn the_request_id_is_returned_with_violations() {
        let invalid = Decoded::from_payload(CommandKind::TaskGet, json!({"requestId": "r1"})).unwrap_err();
        assert_eq!(invalid.request_id.unwrap().as_str(), "r1");
    }

    #[test]
    fn a_null_field_differs_from_an_absent_one() {
        let decode = |updates: Value| {
            Decoded::from_payload(CommandKind::TaskUpdate, json!({"taskId": "t", "updates": updates})).unwrap().command
        };
        assert_ne!(decode(json!({"assignee": null})), decode(json!({})));
    }
}
