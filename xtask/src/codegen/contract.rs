//! The wire contract as named schemas, one for the whole payload of each command, reply and event.
//!
//! Names are those of the wire with dots: `command.task.create.payload`, `command.task.create.success`,
//! `event.task.created`. Entities and other types keep the names that they have in the code.

use boardwire_protocol::{
    Code, CommandKind, EventKind,
    schema::{Schemas, schemas},
};
use serde_json::{Map, Value, json};

use super::schema::resolve;

/// The name of the schema of every failed reply.
pub(super) const FAILURE: &str = "Failure";

/// Returns the name of a command's schemas, such as `command.task.create`.
pub(super) fn command_name(kind: CommandKind) -> String {
    format!("command.{}", kind.name().replace(':', "."))
}

/// Returns the name of an event's schema, such as `event.task.created`.
pub(super) fn event_name(kind: EventKind) -> String {
    format!("event.{}", kind.name().replace(':', "."))
}

/// Returns all schemas by name. They refer to each other as `#/$defs/Name`.
pub(super) fn definitions() -> Map<String, Value> {
    let Schemas { commands, events, definitions } = schemas();
    let mut all = definitions.clone();
    all.insert("ErrorCode".to_owned(), error_code());
    all.insert(FAILURE.to_owned(), failure());
    for (kind, payload, result) in &commands {
        let name = command_name(*kind);
        let result = resolve(result.as_value(), &definitions);
        all.insert(format!("{name}.payload"), command(*kind, resolve(payload.as_value(), &definitions)));
        all.insert(format!("{name}.result"), result.clone());
        all.insert(format!("{name}.success"), success(*kind, result));
        let either =
            [format!("#/$defs/{name}.success"), format!("#/$defs/{FAILURE}")].map(|one| json!({ "$ref": one }));
        all.insert(format!("{name}.reply"), json!({ "oneOf": either }));
    }
    for (kind, data) in &events {
        all.insert(event_name(*kind), event(*kind, data.as_value()));
    }
    all
}

/// Returns the schema of a command: its payload with the `requestId` that every command takes or, if it may be sent so,
/// a bare string.
fn command(kind: CommandKind, payload: &Value) -> Value {
    let mut object = payload.clone();
    object["description"] = kind.summary().trim().into();
    object["properties"]["requestId"] = request_id("Comes back in the reply. A change repeated with it has no effect.");
    match kind.bare_field() {
        Some(field) => json!({ "oneOf": [object, payload["properties"][field]] }),
        None => object,
    }
}

/// Returns the schema of `{ok: true, requestId?, seq?, …result}`.
fn success(kind: CommandKind, result: &Value) -> Value {
    let mut reply = result.clone();
    reply["description"] = format!("`{}` has been executed.", kind.name()).into();
    reply["properties"]["ok"] = json!({ "const": true });
    reply["properties"]["requestId"] = request_id("That of the command.");
    if reply["properties"]["seq"].is_null() {
        reply["properties"]["seq"] = number("The board's sequence number after the command.");
    }
    let mut required = vec![Value::from("ok")];
    required.extend(result["required"].as_array().cloned().unwrap_or_default());
    reply["required"] = required.into();
    reply
}

fn failure() -> Value {
    json!({
        "description": "A command has not been executed. After UNAVAILABLE or INTERNAL it may have been: repeat it with the same \
                        requestId to find out.",
        "type": "object",
        "properties": {
            "ok": { "const": false },
            "requestId": request_id("That of the command."),
            "error": { "type": "string", "description": "A sentence for people." },
            "code": { "$ref": "#/$defs/ErrorCode" },
            "details": { "description": "Further information, depending on the code." },
            "retryAfter": { "type": "number", "minimum": 0, "description": "How many seconds to wait, on RATE_LIMIT." },
            "limit": number("How many commands the limit that was reached allows, on RATE_LIMIT."),
            "remaining": number("How many of them are left, on RATE_LIMIT."),
            "reset": number("When the next one is allowed, in milliseconds since 1970 UTC, on RATE_LIMIT."),
        },
        "required": ["ok", "error", "code"],
        "examples": [{ "ok": false, "error": "no such task", "code": Code::NotFound.as_str() }],
    })
}

fn error_code() -> Value {
    let codes = Code::ALL.iter().map(|code| json!({ "const": code.as_str(), "description": code.meaning().trim() }));
    json!({ "description": "The stable code of an error.", "type": "string", "oneOf": codes.collect::<Vec<_>>() })
}

/// Returns the schema of an event's data in its envelope; `error` has none.
fn event(kind: EventKind, data: &Value) -> Value {
    if kind == EventKind::Error {
        return data.clone();
    }
    let board = json!({ "type": "string", "description": "The board that it belongs to." });
    let user = json!({ "type": "string", "description": "The user who caused it." });
    let mut required = vec!["type", "data", "timestamp", "id"];
    if kind.is_durable() {
        required.extend(["boardId", "seq"]);
    }
    json!({
        "description": kind.summary().trim(),
        "type": "object",
        "properties": {
            "type": { "const": kind.name() },
            "data": data,
            "timestamp": { "type": "string", "format": "date-time", "description": "When it was committed, or sent." },
            "id": { "type": "string", "description": "The event's own id." },
            "boardId": board,
            "seq": number("Its number in the board's log. Durable events have one: 1, 2, 3, …"),
            "userId": user,
            "requestId": request_id("The request that caused it."),
        },
        "required": required,
    })
}

fn request_id(description: &str) -> Value {
    json!({ "type": "string", "minLength": 1, "maxLength": 64, "description": description })
}

fn number(description: &str) -> Value {
    json!({ "type": "integer", "minimum": 0, "description": description })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reference_leads_to_a_definition() {
        let all = definitions();
        let text = Value::from(all.clone()).to_string();
        let mut references = text.split("\"#/$defs/").skip(1).filter_map(|rest| rest.split('"').next());
        assert_eq!(references.find(|name| !all.contains_key(*name)), None);
    }

    #[test]
    fn payloads_results_and_data_get_the_fields_around_them() {
        let all = definitions();
        assert_eq!(all["command.view.board.payload"]["oneOf"][1]["type"], "string");
        assert_eq!(all["command.task.create.payload"]["properties"]["requestId"]["maxLength"], 64);
        assert_eq!(all["command.task.create.success"]["required"], json!(["ok", "task"]));
        assert_eq!(all["event.task.created"]["properties"]["type"]["const"], "task:created");
        assert!(all["event.error"]["properties"]["type"].is_null());
    }
}
