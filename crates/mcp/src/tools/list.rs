//! The tools as clients list them: names, descriptions and schemas of arguments.
//!
//! There are no schemas of answers: with `fields` and `maxBytes` callers choose the shape of an answer themselves, and
//! a client that validates answers against a schema would reject them.

use std::sync::{Arc, LazyLock};

use boardwire_protocol::{
    CommandKind,
    schema::{Schemas, schemas},
};
use rmcp::model::{JsonObject, Tool, ToolAnnotations};
use serde_json::{Map, Value, json};

use super::{
    table::{self, Row},
    wait,
};
use crate::shape::{DEFAULT_BYTES, KnownFields, MAX_BYTES, MAX_FIELDS, MIN_BYTES};

static SCHEMAS: LazyLock<Schemas> = LazyLock::new(schemas);

static TOOLS: LazyLock<Vec<Tool>> = LazyLock::new(|| {
    let mut tools: Vec<_> = table::rows().iter().map(|row| tool(row, &SCHEMAS)).collect();
    tools.push(waiting_tool(&SCHEMAS));
    tools
});

/// The answers of the tools with events. The log's schema only says that its events are objects, because they are
/// passed on as they are.
static EVENTS: LazyLock<Value> = LazyLock::new(|| {
    let data: Vec<_> = SCHEMAS.events.iter().map(|(_, data)| data.as_value()).collect();
    let mut event: Map<_, _> = ["id", "type", "boardId", "userId", "requestId", "timestamp", "seq"]
        .map(|name| (name.to_owned(), json!({})))
        .into_iter()
        .collect();
    event.insert("data".to_owned(), json!({"anyOf": data}));
    json!({"type": "object", "properties": {"events": {"type": "array", "items": {"type": "object", "properties": event}}}})
});

/// Returns all tools.
pub(crate) fn tools() -> &'static [Tool] {
    &TOOLS
}

/// Returns the tool with this name.
pub(crate) fn find(name: &str) -> Option<&'static Tool> {
    TOOLS.iter().find(|tool| tool.name == name)
}

/// Returns the fields that this tool's answers can have, or `None` if there is no such tool.
pub(crate) fn known_fields(name: &str) -> Option<KnownFields<'static>> {
    let known = |schema: &'static Value| KnownFields::new(schema, &SCHEMAS.definitions);
    let Some(row) = table::row(name) else {
        return (name == wait::NAME).then(|| known(&EVENTS));
    };
    if row.kind == CommandKind::BoardEvents {
        return Some(known(&EVENTS));
    }
    SCHEMAS.commands.iter().find(|(kind, ..)| *kind == row.kind).map(|(_, _, result)| known(result.as_value()))
}

fn tool(row: &'static Row, schemas: &Schemas) -> Tool {
    let payload =
        schemas.commands.iter().find(|(kind, ..)| *kind == row.kind).map(|(_, payload, _)| payload.as_value());
    let mut schema = payload.and_then(Value::as_object).cloned().unwrap_or_default();
    for name in ["title", "description", "$schema"] {
        schema.remove(name);
    }
    let fields = properties(&mut schema);
    if !row.is_read_only() {
        fields.insert("requestId".to_owned(), request_id());
    }
    fields.extend(shape_arguments());
    let annotations = ToolAnnotations::new()
        .read_only(row.is_read_only())
        .destructive(row.destructive)
        .idempotent(row.idempotent || row.is_read_only())
        .open_world(false);
    Tool::new(&*row.name, row.description, with_definitions(schema, schemas))
        .with_title(title(&row.name))
        .with_annotations(annotations)
}

fn waiting_tool(schemas: &Schemas) -> Tool {
    let mut schema = wait::arguments();
    properties(&mut schema).extend(shape_arguments());
    let annotations = ToolAnnotations::new().read_only(true).destructive(false).idempotent(true).open_world(false);
    Tool::new(wait::NAME, wait::DESCRIPTION, with_definitions(schema, schemas))
        .with_title(title(wait::NAME))
        .with_annotations(annotations)
}

fn properties(schema: &mut JsonObject) -> &mut JsonObject {
    let fields = schema.entry("properties").or_insert_with(|| json!({}));
    if !fields.is_object() {
        *fields = json!({});
    }
    match fields {
        Value::Object(fields) => fields,
        _ => unreachable!("it was made an object"),
    }
}

fn request_id() -> Value {
    json!({
        "type": "string", "minLength": 1, "maxLength": 64,
        "description": "Your name for this request. The same call with the same requestId within 24 hours has one effect \
                        and gets the first answer again: so a call can be retried.",
    })
}

/// Returns the arguments for the shape of an answer, which every tool takes.
fn shape_arguments() -> [(String, Value); 2] {
    let fields = json!({
        "type": "array", "maxItems": MAX_FIELDS, "items": {"type": "string", "minLength": 1, "maxLength": 128},
        "description": "Keep only these parts of the answer: names or dotted paths that reach into lists too, such as \
                        [\"task.id\", \"tasks.title\"]. For a name that the answer can't have, the error lists the possible ones.",
    });
    let bytes = json!({
        "type": "integer", "minimum": MIN_BYTES, "maximum": MAX_BYTES, "default": DEFAULT_BYTES,
        "description": "How long the answer may be. If it is longer, texts are shortened first, then ends of lists are \
                        left out; truncated says what.",
    });
    [("fields".to_owned(), fields), ("maxBytes".to_owned(), bytes)]
}

/// Returns the schema together with the definitions that it refers to.
fn with_definitions(mut schema: JsonObject, schemas: &Schemas) -> Arc<JsonObject> {
    schema.insert("type".to_owned(), "object".into());
    schema.insert("additionalProperties".to_owned(), false.into());
    let mut needed = Map::new();
    let mut open = vec![Value::Object(schema.clone())];
    while let Some(value) = open.pop() {
        match value {
            Value::Object(fields) => {
                let named = fields.get("$ref").and_then(Value::as_str).and_then(|path| path.strip_prefix("#/$defs/"));
                if let Some((name, definition)) = named.and_then(|name| Some((name, schemas.definitions.get(name)?)))
                    && !needed.contains_key(name)
                {
                    needed.insert(name.to_owned(), definition.clone());
                    open.push(definition.clone());
                }
                open.extend(fields.into_iter().map(|(_, value)| value));
            }
            Value::Array(values) => open.extend(values),
            _ => {}
        }
    }
    if !needed.is_empty() {
        schema.insert("$defs".to_owned(), needed.into());
    }
    Arc::new(schema)
}

/// Returns a title: `claim_next_task` → `Claim next task`.
fn title(name: &str) -> String {
    let words = name.replace('_', " ");
    words[..1].to_ascii_uppercase() + &words[1..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schemas_contain_the_definitions_that_they_refer_to() {
        for tool in tools() {
            let text = Value::Object((*tool.input_schema).clone()).to_string();
            for reference in text.split("\"#/$defs/").skip(1) {
                let name = reference.split('"').next().unwrap();
                assert!(tool.input_schema["$defs"][name].is_object(), "{}: {name}", tool.name);
            }
            assert!(tool.input_schema["properties"]["maxBytes"].is_object(), "{}", tool.name);
        }
    }
}
