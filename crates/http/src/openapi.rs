//! The OpenAPI document: the routes of the table with the schemas of their commands, and the routes that have handlers
//! of their own.

use boardwire_protocol::{
    Code, CommandKind,
    schema::{Schemas, schemas},
};
use serde_json::{Map, Value, json};

use crate::api::{Fields, ROUTES, Route, Verb};

mod own_handlers;

/// The prefix of references to types.
const SCHEMA_REF_PREFIX: &str = "#/components/schemas/";

/// Returns the OpenAPI 3.1 document.
#[must_use]
pub fn document() -> Value {
    let schemas = schemas();
    let mut paths = Map::new();
    for route in ROUTES {
        insert(&mut paths, route.path, route.verb.name(), operation(route, &schemas));
    }
    for (path, verb, operation) in own_handlers::operations(&schemas) {
        insert(&mut paths, path, verb, operation);
    }
    let mut definitions = Map::from_iter([("Problem".to_owned(), problem())]);
    paths.values().for_each(|item| collect_definitions(item, &schemas, &mut definitions));
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Boardwire",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "Real-time Kanban boards for people and agents.",
            "description": include_str!("openapi/introduction.md"),
            "license": {"name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0"},
        },
        "servers": [{"url": "/api/v1", "description": "This server"}],
        "tags": TAGS.map(|(name, description)| json!({"name": name, "description": description})),
        "security": [{"bearer": []}, {"apiKey": []}, {"session": []}],
        "paths": paths,
        "components": {
            "schemas": definitions,
            "responses": {"Problem": {
                "description": "The request failed; `code` says why. Nothing was changed, except perhaps with UNAVAILABLE or INTERNAL.",
                "headers": {"Retry-After": header("With RATE_LIMIT: how many seconds to wait.")},
                "content": {"application/problem+json": {"schema": {"$ref": format!("{SCHEMA_REF_PREFIX}Problem")}}},
            }},
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "description": "A token (JWT) or an API key."},
                "apiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
                "session": {
                    "type": "apiKey", "in": "cookie", "name": "boardwire_session",
                    "description": "If cookies are sent over HTTPS only, its name is `__Host-boardwire_session`.",
                },
            },
        },
    })
}

const TAGS: [(&str, &str); 9] = [
    ("boards", "Boards and who is on them."),
    ("columns", "The columns of boards."),
    ("tasks", "Cards, and which one to do next."),
    ("comments", "Comments on tasks."),
    ("attachments", "Files on tasks."),
    ("events", "What happened on a board, as a page or as a stream."),
    ("notifications", "What users should know about."),
    ("sessions", "Signing in and out."),
    ("operator", "What is happening on the server, for admins."),
];

impl Verb {
    fn name(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::Post => "post",
            Self::Put => "put",
            Self::Patch => "patch",
            Self::Delete => "delete",
        }
    }
}

fn insert(paths: &mut Map<String, Value>, path: &str, verb: &str, operation: Value) {
    let item = paths.entry(path.to_owned()).or_insert_with(|| json!({}));
    item[verb] = operation;
}

/// Returns the last part of a path that names a tag.
fn tag(path: &str) -> &'static str {
    let named = |part: &str| TAGS.iter().map(|(tag, _)| *tag).find(|tag| *tag == part);
    path.split('/').rev().find_map(named).unwrap_or("tasks")
}

/// Returns the operation's id: `task:comment:add` → `taskCommentAdd`.
fn operation_id(kind: CommandKind) -> String {
    let mut parts = kind.name().split(':');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |id, part| id + &part[..1].to_ascii_uppercase() + &part[1..])
}

fn operation(route: &Route, schemas: &Schemas) -> Value {
    let empty = json!({});
    let found = schemas.commands.iter().find(|(kind, ..)| *kind == route.kind);
    let (payload, result) =
        found.map_or((&empty, &empty), |(_, payload, result)| (payload.as_value(), result.as_value()));
    let path_parameters: Vec<_> = route.path_parameters().collect();
    let mut parameters: Vec<_> =
        path_parameters.iter().map(|name| parameter("path", name, &payload["properties"][*name], true)).collect();
    if route.fields != Fields::Body {
        let body = if let Fields::BodyIs(name) = route.fields { Some(name) } else { None };
        let fields = payload["properties"].as_object().into_iter().flatten();
        let in_query = fields.filter(|(name, _)| {
            !path_parameters.contains(&name.as_str()) && Some(name.as_str()) != body && *name != "expectedVersion"
        });
        parameters.extend(in_query.map(|(name, schema)| parameter("query", name, schema, requires(payload, name))));
    }
    if payload["properties"]["expectedVersion"].is_object() {
        parameters.push(if_match());
    }
    if route.verb != Verb::Get {
        parameters.push(idempotency_key());
    }
    let mut operation = json!({
        "operationId": operation_id(route.kind),
        "summary": route.kind.summary().trim(),
        "description": route.kind.needs(),
        "tags": [tag(route.path)],
        "parameters": parameters,
        "responses": {"default": {"$ref": "#/components/responses/Problem"}},
    });
    let status = if route.creates.is_some() { "201" } else { "200" };
    operation["responses"][status] = success(route, result);
    if route.verb == Verb::Get && route.entity.is_some() {
        operation["responses"]["304"] = json!({"description": "Not modified: If-None-Match names the current ETag."});
    }
    match route.fields {
        Fields::Query => {}
        Fields::Body => {
            let rest = without_path_fields(payload, &path_parameters);
            if rest["properties"].as_object().is_some_and(|fields| !fields.is_empty()) {
                operation["requestBody"] = request_body(rest);
            }
        }
        Fields::BodyIs(field) => operation["requestBody"] = request_body(payload["properties"][field].clone()),
    }
    operation
}

fn requires(payload: &Value, name: &str) -> bool {
    payload["required"].as_array().is_some_and(|required| required.iter().any(|field| field == name))
}

/// Returns a payload schema without the fields that are in the path.
fn without_path_fields(payload: &Value, path_parameters: &[&str]) -> Value {
    let mut rest = payload.clone();
    if let Some(fields) = rest.get_mut("properties").and_then(Value::as_object_mut) {
        fields.retain(|name, _| !path_parameters.contains(&name.as_str()));
    }
    if let Some(required) = rest.get_mut("required").and_then(Value::as_array_mut) {
        required.retain(|name| !path_parameters.iter().any(|parameter| name == parameter));
    }
    rest
}

fn request_body(schema: Value) -> Value {
    let required = schema["required"].as_array().is_some_and(|required| !required.is_empty());
    json!({"required": required, "content": {"application/json": {"schema": with_component_refs(schema)}}})
}

fn parameter(location: &str, name: &str, schema: &Value, required: bool) -> Value {
    let mut schema = with_component_refs(schema.clone());
    let description = schema.as_object_mut().and_then(|schema| schema.remove("description"));
    let mut parameter = json!({"name": name, "in": location, "required": required, "schema": not_null(schema)});
    if let Some(description) = description {
        parameter["description"] = description;
    }
    parameter
}

/// Removes `null` from a schema: a query parameter is present or absent, never null.
fn not_null(mut schema: Value) -> Value {
    if let Some(any) = schema["anyOf"].as_array() {
        let kinds: Vec<_> = any.iter().filter(|one| one["type"] != "null").cloned().collect();
        if let [one] = kinds.as_slice() {
            return one.clone();
        }
    }
    if let Some(kinds) = schema["type"].as_array() {
        let kinds: Vec<_> = kinds.iter().filter(|kind| *kind != "null").cloned().collect();
        if let [one] = kinds.as_slice() {
            schema["type"] = one.clone();
        }
    }
    schema
}

/// The ETags of boards, columns and tasks: a version, a fingerprint of the whole if they were read, and the suffix of
/// compressed answers.
const ETAG: &str = "\"[0-9]{1,15}([.][0-9a-f]{16})?(-gzip)?\"";

fn if_match() -> Value {
    let description = "The ETag of what the change was made against, or several, with commas between them. The change goes \
                       through if it touches no field that has changed since; otherwise, or if all tags are weak or not \
                       from this server, the answer is 412 with the code CONFLICT and the current state in \
                       `details.current`, and nothing is changed. `*` matches any version.";
    let schema = json!({"type": "string", "pattern": format!("^([*]|{ETAG})$"), "examples": ["\"7\""]});
    json!({"name": "If-Match", "in": "header", "required": false, "description": description, "schema": schema})
}

fn idempotency_key() -> Value {
    let description = "The caller's name for this request. The same request with the same key, over any door and within \
                       24 hours, has one effect, and gets the first reply again.";
    let schema = json!({"type": "string", "minLength": 1, "maxLength": 64, "pattern": "^[!-~]([ -~]*[!-~])?$"});
    json!({"name": "Idempotency-Key", "in": "header", "required": false, "description": description, "schema": schema})
}

fn header(description: &str) -> Value {
    json!({"description": description, "schema": {"type": "string"}})
}

/// Returns the success response: the reply that sockets get, with a status and headers.
fn success(route: &Route, result: &Value) -> Value {
    let mut headers = limits();
    if route.entity.is_some() {
        headers["ETag"] = header("The version, for If-Match; when reading, followed by a dot and a fingerprint.");
        headers["ETag"]["schema"]["pattern"] = format!("^{ETAG}$").into();
    }
    if route.creates.is_some_and(|collection| !collection.is_empty()) {
        headers["Location"] = header("The path of what was created.");
    }
    let content = json!({"application/json": {"schema": reply(result)}});
    json!({"description": "The command was executed.", "headers": headers, "content": content})
}

/// Returns the headers that tell the caller's limit.
fn limits() -> Value {
    json!({
        "RateLimit": header("How much is left of the limit that applies."),
        "RateLimit-Policy": header("The limits."),
    })
}

/// Returns the schema of the reply that carries this result.
fn reply(result: &Value) -> Value {
    let mut schema = with_component_refs(result.clone());
    let mut required = schema["required"].as_array().cloned().unwrap_or_default();
    required.insert(0, "ok".into());
    let fields = schema["properties"].as_object().cloned().unwrap_or_default();
    let mut properties = Map::new();
    properties.insert("ok".to_owned(), json!({"const": true}));
    properties.insert("requestId".to_owned(), json!({"type": "string", "description": "The Idempotency-Key."}));
    let seq = json!({"type": "integer", "minimum": 0, "description": "The board's sequence number after the command."});
    properties.insert("seq".to_owned(), seq);
    properties.extend(fields);
    schema["type"] = "object".into();
    schema["properties"] = properties.into();
    schema["required"] = required.into();
    schema
}

fn problem() -> Value {
    let codes: Vec<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
    json!({
        "type": "object",
        "description": "Why a request was refused (RFC 9457), with the code that all doors share.",
        "required": ["type", "title", "status", "detail", "error", "code"],
        "properties": {
            "type": {"type": "string", "format": "uri-reference"},
            "title": {"type": "string"},
            "status": {"type": "integer", "minimum": 400, "maximum": 599},
            "detail": {"type": "string", "description": "A sentence for people."},
            "error": {"type": "string", "description": "The same as `detail`."},
            "code": {"type": "string", "enum": codes},
            "details": {"description": "With INVALID_MESSAGE what is wrong and where, with CONFLICT the current state."},
            "retryAfter": {"type": "number", "description": "With RATE_LIMIT: how many seconds to wait."},
            "limit": {"type": "integer"},
            "remaining": {"type": "integer"},
            "reset": {"type": "integer", "description": "When the full limit is available again, in milliseconds since 1970."},
        },
    })
}

/// Defines the types that a part of the document refers to, directly or indirectly.
fn collect_definitions(part: &Value, schemas: &Schemas, definitions: &mut Map<String, Value>) {
    match part {
        Value::Object(fields) => {
            let named =
                fields.get("$ref").and_then(Value::as_str).and_then(|path| path.strip_prefix(SCHEMA_REF_PREFIX));
            if let Some((name, schema)) = named.and_then(|name| schemas.definitions.get_key_value(name))
                && !definitions.contains_key(name)
            {
                let schema = with_component_refs(schema.clone());
                definitions.insert(name.clone(), schema.clone());
                collect_definitions(&schema, schemas, definitions);
            }
            fields.values().for_each(|value| collect_definitions(value, schemas, definitions));
        }
        Value::Array(values) => values.iter().for_each(|value| collect_definitions(value, schemas, definitions)),
        _ => {}
    }
}

/// Returns the schema with its references pointing to where this document keeps types, and with the largest value of
/// each unsigned integer.
fn with_component_refs(mut schema: Value) -> Value {
    match &mut schema {
        Value::Object(fields) => {
            for (name, value) in fields.iter_mut() {
                match (name.as_str(), value.as_str().and_then(|text| text.strip_prefix("#/$defs/"))) {
                    ("$ref", Some(definition)) => *value = format!("{SCHEMA_REF_PREFIX}{definition}").into(),
                    _ => *value = with_component_refs(value.take()),
                }
            }
            let largest = match fields.get("format").and_then(Value::as_str) {
                Some("uint32") => Some(u64::from(u32::MAX)),
                Some("uint64") => Some(u64::MAX),
                _ => None,
            };
            if let Some(largest) = largest {
                fields.entry("maximum").or_insert_with(|| largest.into());
            }
        }
        Value::Array(values) => values.iter_mut().for_each(|value| *value = with_component_refs(value.take())),
        _ => {}
    }
    schema
}
