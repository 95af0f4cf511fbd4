//! The routes that are not commands of the catalog, or that have a form of their own.

use boardwire_protocol::{CommandKind, schema::Schemas};
use serde_json::{Value, json};

use super::{SCHEMA_REF_PREFIX, header, idempotency_key, limits, operation_id, parameter, reply};

/// Returns the path, the method and the operation of each route.
pub(super) fn operations(schemas: &Schemas) -> Vec<(&'static str, &'static str, Value)> {
    vec![
        ("/sessions", "post", sign_in()),
        ("/sessions/current", "get", current()),
        ("/sessions/current", "delete", sign_out()),
        ("/tasks/{taskId}/attachments", "post", upload()),
        ("/attachments/{attachmentId}", "get", download()),
        ("/notifications", "post", announce(schemas)),
        ("/boards/{boardId}/presence", "get", presence()),
        ("/boards/{boardId}/events", "get", events(schemas)),
        ("/operator", "get", overview()),
        ("/operator/users/{userId}/disconnect", "post", disconnect()),
    ]
}

fn id(name: &str, what: &str) -> Value {
    let schema = json!({"type": "string", "pattern": "^[A-Za-z0-9_-]{1,64}$"});
    json!({"name": name, "in": "path", "required": true, "description": what, "schema": schema})
}

fn problem() -> Value {
    json!({"$ref": "#/components/responses/Problem"})
}

fn json_body(schema: Value) -> Value {
    json!({"required": true, "content": {"application/json": {"schema": schema}}})
}

fn answer(description: &str, schema: Value) -> Value {
    json!({"description": description, "headers": limits(), "content": {"application/json": {"schema": schema}}})
}

fn session() -> Value {
    json!({
        "type": "object",
        "required": ["user", "expiresAt"],
        "properties": {
            "user": {
                "type": "object",
                "required": ["id", "name", "permissions", "teams"],
                "properties": {
                    "id": {"type": "string"},
                    "name": {"type": "string"},
                    "permissions": {"type": "array", "items": {"type": "string"}},
                    "teams": {"type": "array", "items": {"type": "string"}},
                },
            },
            "expiresAt": {"type": ["string", "null"], "format": "date-time"},
            "sessionId": {"type": "string", "description": "Only for programs, which send it in the handshake; a page gets only the cookie."},
        },
    })
}

fn sign_in() -> Value {
    let body = json!({
        "type": "object",
        "required": ["user", "password"],
        "additionalProperties": false,
        "properties": {"user": {"type": "string"}, "password": {"type": "string", "format": "password"}},
    });
    let mut created = answer("Signed in.", session());
    created["headers"] = json!({"Set-Cookie": header("The session, for browsers.")});
    json!({
        "operationId": "signIn", "description": "The answer carries the session, as a cookie for pages and as an id for programs. Attempts are limited by account and by address.",
        "summary": "Signs in with a password.", "tags": ["sessions"], "security": [],
        "requestBody": json_body(body),
        "responses": {"201": created, "default": problem()},
    })
}

fn current() -> Value {
    json!({
        "operationId": "currentSession", "description": "Works with a token, an API key or a session, and says when it expires.",
        "summary": "Who is signed in, with any kind of credentials.", "tags": ["sessions"],
        "responses": {"200": answer("Who calls.", session()), "default": problem()},
    })
}

fn sign_out() -> Value {
    let done = json!({"description": "The session has ended.", "headers": limits()});
    json!({
        "operationId": "signOut", "description": "Open sockets and streams of the session end within a second.",
        "summary": "Signs out: ends the session of this request.",
        "tags": ["sessions"], "security": [{"session": []}],
        "responses": {"204": done, "default": problem()},
    })
}

fn upload() -> Value {
    let form = json!({
        "type": "object",
        "required": ["file"],
        "properties": {"file": {"type": "string", "format": "binary", "description": "The file."}},
    });
    let result = json!({
        "type": "object",
        "required": ["attachment"],
        "properties": {"attachment": {"$ref": format!("{SCHEMA_REF_PREFIX}Attachment")}},
    });
    json!({
        "operationId": "upload", "description": "The file is read as a stream; the SHA-256 of its bytes is its ETag. Needs the permission `write`, and on the board the role `member` or more.",
        "summary": "Attaches a file to a task.", "tags": ["attachments"],
        "parameters": [id("taskId", "The task."), idempotency_key()],
        "requestBody": {"required": true, "content": {"multipart/form-data": {"schema": form}}},
        "responses": {"201": answer("The file is attached.", reply(&result)), "default": problem()},
    })
}

fn download() -> Value {
    let binary = json!({"schema": {"type": "string", "format": "binary"}});
    let found = json!({
        "description": "The file, as a download: browsers save it and don't run it.",
        "headers": {
            "ETag": header("The SHA-256 of its bytes."),
            "Content-Disposition": header("Its name."),
            "Accept-Ranges": header("`bytes`: a part may be asked for."),
        },
        "content": {"*/*": binary},
    });
    let part = json!({
        "description": "The part that the header Range asks for; with If-Range, only if that is still the file's ETag.",
        "headers": {"Content-Range": header("Which part it is."), "ETag": header("The SHA-256 of all its bytes.")},
        "content": {"*/*": binary},
    });
    let mut unsatisfiable = json!({"description": "The file has no such part.", "headers": {"Content-Range": header("How many bytes the file has.")}});
    unsatisfiable["content"] =
        json!({"application/problem+json": {"schema": {"$ref": format!("{SCHEMA_REF_PREFIX}Problem")}}});
    json!({
        "operationId": "download", "description": "Needs the permission `read`, and on the board the role `viewer` or more.",
        "summary": "Downloads a file.", "tags": ["attachments"],
        "parameters": [id("attachmentId", "The attachment.")],
        "responses": {
            "200": found,
            "206": part,
            "416": unsatisfiable,
            "304": {"description": "Not modified: If-None-Match names the current ETag."},
            "default": problem(),
        },
    })
}

fn announce(schemas: &Schemas) -> Value {
    let user = json!({"type": "string", "pattern": "^[A-Za-z0-9_-]{1,64}$"});
    let comment = schemas.commands.iter().find(|(kind, ..)| *kind == CommandKind::TaskCommentAdd);
    // The same text schema as that of a comment's body.
    let mut text = comment.map_or(json!({}), |(_, payload, _)| payload.as_value()["properties"]["body"].clone());
    text["description"] = "The text of the notification.".into();
    let one = |name: &str, schema: &Value| {
        json!({
            "type": "object", "required": ["text", name], "additionalProperties": false,
            "properties": {"text": text, name: schema},
        })
    };
    let body = json!({"oneOf": [one("userId", &user), one("teamId", &user), one("all", &json!({"const": true}))]});
    let result = json!({
        "type": "object", "required": ["notified"],
        "properties": {"notified": {"type": "integer", "minimum": 0, "description": "How many users."}},
    });
    json!({
        "operationId": "announce", "description": "Recipients with an open socket get it at once; the others find it among their unread notifications. Needs the permission `admin`.",
        "tags": ["notifications"],
        "summary": "Sends a system notification to a user, a team or everybody. For admins.",
        "parameters": [idempotency_key()],
        "requestBody": json_body(body),
        "responses": {"201": answer("The users were notified.", reply(&result)), "default": problem()},
    })
}

fn presence() -> Value {
    let result = json!({
        "type": "object", "required": ["users"],
        "properties": {"users": {"type": "array", "items": {"$ref": format!("{SCHEMA_REF_PREFIX}Viewer")}}},
    });
    json!({
        "operationId": operation_id(CommandKind::PresenceList),
        "description": CommandKind::PresenceList.needs(),
        "summary": CommandKind::PresenceList.summary().trim(),
        "tags": ["boards"],
        "parameters": [id("boardId", "The board.")],
        "responses": {"200": answer("Who is there.", reply(&result)), "default": problem()},
    })
}

fn events(schemas: &Schemas) -> Value {
    let found = schemas.commands.iter().find(|(kind, ..)| *kind == CommandKind::BoardEvents);
    let empty = json!({});
    let (payload, result) =
        found.map_or((&empty, &empty), |(_, payload, result)| (payload.as_value(), result.as_value()));
    let fields = payload["properties"].as_object().into_iter().flatten();
    let in_query = fields.filter(|(name, _)| *name != "boardId");
    let mut parameters = vec![id("boardId", "The board.")];
    parameters.extend(in_query.map(|(name, schema)| parameter("query", name, schema, false)));
    let last = "For a stream: the id of the last event received, `<epoch>:<seq>`. Browsers send it by themselves.";
    let schema = json!({"type": "string", "pattern": "^([A-Za-z0-9_-]{1,64}:[0-9]{1,15})?$"});
    parameters.push(json!({
        "name": "Last-Event-ID", "in": "header", "required": false, "description": last, "schema": schema,
    }));
    let mut page =
        answer("A page of the log; or, with `Accept: text/event-stream`, past events, then new ones.", reply(result));
    page["content"]["text/event-stream"] = json!({"schema": {"type": "string"}});
    json!({
        "operationId": operation_id(CommandKind::BoardEvents),
        "summary": "What happened on a board after an event, as a page or as a stream.",
        "description": "In a stream, each event is one of the log; its data is the envelope that sockets get. `event: live` \
                        says that the past events have been sent; `recovered: false` means that the log no longer had \
                        all of them. A stream ends with `event: end`, which says why, and the same once more as \
                        `event: error` for older clients. A stream also takes `type` (a pattern such as `task:*`), \
                        `taskId` and `userId`; without `since` it has only new events.",
        "tags": ["events"],
        "parameters": parameters,
        "responses": {"200": page, "default": problem()},
    })
}

fn object(fields: Value) -> Value {
    let names: Vec<_> = fields.as_object().into_iter().flat_map(serde_json::Map::keys).collect();
    json!({"type": "object", "required": names, "properties": fields})
}

fn list(of: Value, what: &str) -> Value {
    json!({"type": "array", "items": of, "description": what})
}

fn overview() -> Value {
    let (text, time) = (json!({"type": "string"}), json!({"type": "string", "format": "date-time"}));
    let (count, name) = (json!({"type": "integer", "minimum": 0}), json!({"type": ["string", "null"]}));
    let door = json!({"enum": ["socket", "stream", "mcp"]});
    let counts = json!({"commands": count, "refusals": count, "events": count, "deliveries": count});
    let mut second = counts.clone();
    second["at"] = time.clone();
    let connections = json!({
        "type": "object", "additionalProperties": count,
        "description": "How many, by door: `socket`, `stream` (of events over HTTP), `mcp`.",
    });
    let since = json!({"type": ["string", "null"], "format": "date-time", "description": "When the oldest of the connections began."});
    let user = json!({"id": text, "name": name, "connections": connections, "since": since, "calls": count});
    let incident = json!({"at": time, "severity": {"enum": ["warning", "error"]}, "place": text, "message": text});
    let result = object(json!({
        "version": text,
        "startedAt": time,
        "at": time,
        "connections": connections,
        "totals": object(counts),
        "history": list(object(second), "The last minute, second by second, the latest last."),
        "usersConnected": count,
        "users": list(object(user), "Who is connected or has called within the last minute; the 100 busiest, with their commands and requests of the last minute."),
        "boards": list(object(json!({"id": text, "name": name, "events": count, "viewers": count})), "The 10 boards with the most events within the last minute."),
        "slow": list(object(json!({"at": time, "userId": text, "door": door, "reason": text})), "Connections that were ended because they did not keep up, the latest first."),
        "incidents": list(object(incident), "Warnings and errors of the log, the latest first."),
        "memory": {"type": ["integer", "null"], "description": "Of the process, in bytes."},
    }));
    let mut seen =
        answer("What is happening; or, with `Accept: text/event-stream`, the same every second.", reply(&result));
    seen["content"]["text/event-stream"] = json!({"schema": {"type": "string"}});
    json!({
        "operationId": "operatorOverview", "tags": ["operator"],
        "summary": "Who is connected, what is going on, and what went wrong lately.",
        "description": "The figures of this node at this moment; all lists are bounded. As a stream, each `event: overview` has the whole object; the stream ends with `event: end`, and the same once more as `event: error` for older clients. `/metrics` has the same counts for Prometheus. Needs the permission `admin`.",
        "responses": {"200": seen, "default": problem()},
    })
}

fn disconnect() -> Value {
    let ended = json!({"type": "integer", "minimum": 0, "description": "How many connections there were."});
    json!({
        "operationId": "operatorDisconnect", "tags": ["operator"],
        "summary": "Ends all connections of a user to this node.",
        "description": "Each is told why with `UNAUTHENTICATED`. The credentials stay valid, so the user may connect again; revoke them to keep somebody out. Needs the permission `admin`.",
        "parameters": [id("userId", "The user.")],
        "responses": {"200": answer("The connections have ended.", reply(&object(json!({"ended": ended})))), "default": problem()},
    })
}
