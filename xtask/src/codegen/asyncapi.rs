//! The socket API as AsyncAPI, `docs/api/asyncapi.yaml`: what a client sends and receives.

use anyhow::{Result, ensure};
use boardwire_protocol::{CommandKind, EventKind, PROTOCOL_VERSION};
use serde_json::{Map, Value, json};

use super::contract::{self, FAILURE, command_name, event_name};
use super::examples::recorded;
use super::reference::needs;
use super::yaml;

const HEAD: &str = "# Made by `cargo xtask codegen` from the crate `boardwire-protocol`. Do not edit.\n\n";

const ABOUT: &str = "\
Boards that many people change at once. This document takes the client's side: it sends commands and receives events.

A command is a Socket.IO event with one JSON object. The reply goes to the acknowledgement callback if the client gave one;
otherwise it comes as the event `<command>:success` or `<command>:error`. An event's name is its `type`.";

const SERVER: &str = "\
Socket.IO protocol 5 over Engine.IO 4 with JSON packets, by WebSocket or long-polling. Use a Socket.IO client of that protocol:
socket.io-client 4, python-socketio 5. A bare WebSocket does not work. TLS is up to a proxy in front of the server.";

const NAMESPACE: &str =
    "The namespace of all commands and events. The client sends its credentials in the CONNECT packet's `auth`.";

/// The reference to the document's one channel.
const CHANNEL: &str = "#/channels/namespace";

/// Returns the whole text of the file.
pub(super) fn make() -> Result<String> {
    let examples = recorded()?;
    let mut document = Document::default();
    for kind in CommandKind::ALL {
        document.command(*kind, &examples["commands"][kind.name()])?;
    }
    for kind in EventKind::ALL {
        document.event(*kind, &examples["events"][kind.name()])?;
    }
    Ok(format!("{HEAD}{}", document.write()))
}

#[derive(Default)]
struct Document {
    operations: Map<String, Value>,
    messages: Map<String, Value>,
}

impl Document {
    fn command(&mut self, kind: CommandKind, example: &Value) -> Result<()> {
        let name = command_name(kind);
        let summary = kind.summary().trim();
        let [payload, success, failure] = ["payload", "success", "error"].map(|part| format!("{name}.{part}"));
        let text = format!("`{}`: executed.", kind.name());
        self.message(&payload, kind.name(), summary, &payload, Some(&example["payload"]))?;
        self.message(&success, &format!("{}:success", kind.name()), &text, &success, Some(&example["reply"]))?;
        let text = format!("`{}`: not executed.", kind.name());
        self.message(&failure, &format!("{}:error", kind.name()), &text, FAILURE, None)?;
        let operation = json!({
            "action": "send",
            "channel": { "$ref": CHANNEL },
            "title": kind.name(),
            "summary": summary,
            "description": needs(kind),
            "tags": [{ "name": kind.group().name() }],
            "messages": [message_reference(&payload)],
            "reply": { "channel": { "$ref": CHANNEL }, "messages": [message_reference(&success), message_reference(&failure)] },
        });
        self.operations.insert(name, operation);
        Ok(())
    }

    fn event(&mut self, kind: EventKind, example: &Value) -> Result<()> {
        let name = event_name(kind);
        let summary = kind.summary().trim();
        self.message(&name, kind.name(), summary, &name, Some(example))?;
        let (tag, description) = if kind.is_durable() {
            ("durable", "In the board's log, with a `seq`.")
        } else {
            ("ephemeral", "True at the moment when it is sent; not in the log.")
        };
        let operation = json!({
            "action": "receive",
            "channel": { "$ref": CHANNEL },
            "title": kind.name(),
            "summary": summary,
            "description": description,
            "tags": [{ "name": tag }],
            "messages": [message_reference(&name)],
        });
        self.operations.insert(name, operation);
        Ok(())
    }

    fn message(&mut self, id: &str, name: &str, summary: &str, schema: &str, example: Option<&Value>) -> Result<()> {
        let mut message = json!({
            "name": name,
            "title": name,
            "summary": summary,
            "payload": { "$ref": format!("#/components/schemas/{schema}") },
        });
        if let Some(example) = example {
            ensure!(example.is_object(), "an example of {name} is missing: run the tests, they write it");
            message["examples"] = json!([{ "payload": example }]);
        }
        self.messages.insert(id.to_owned(), message);
        Ok(())
    }

    fn write(self) -> String {
        let references =
            self.messages.keys().map(|id| (id.clone(), json!({ "$ref": format!("#/components/messages/{id}") })));
        let channel = json!({
            "address": "/",
            "title": "The namespace `/`",
            "description": NAMESPACE,
            "servers": [{ "$ref": "#/servers/local" }],
            "messages": references.collect::<Map<_, _>>(),
            "bindings": { "ws": { "method": "GET", "query": query(), "bindingVersion": "0.1.0" } },
        });
        let schemas = contract::definitions().into_iter().filter(|(name, _)| !is_only_in_schema_json(name));
        let mut schemas = Value::Object(schemas.collect());
        refer_to_components(&mut schemas);
        yaml::document(&[
            ("asyncapi", "3.0.0".into()),
            ("info", info()),
            ("defaultContentType", "application/json".into()),
            ("servers", json!({ "local": server() })),
            ("channels", json!({ "namespace": channel })),
            ("operations", self.operations.into()),
            (
                "components",
                json!({ "messages": self.messages, "schemas": schemas, "securitySchemes": security_schemes() }),
            ),
        ])
    }
}

fn message_reference(message: &str) -> Value {
    json!({ "$ref": format!("{CHANNEL}/messages/{message}") })
}

/// Returns whether only `schema.json` needs a schema: results and replies are not messages of AsyncAPI.
fn is_only_in_schema_json(name: &str) -> bool {
    name.starts_with("command.") && (name.ends_with(".result") || name.ends_with(".reply"))
}

/// Adapts a schema to AsyncAPI: definitions are under `components`, and a `$ref` has no other fields beside it.
fn refer_to_components(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            object.values_mut().for_each(refer_to_components);
            let Some(Value::String(target)) = object.get_mut("$ref") else { return };
            *target = target.replace("#/$defs/", "#/components/schemas/");
            if object.len() > 1
                && let Some(reference) = object.remove("$ref")
            {
                object.insert("allOf".to_owned(), json!([{ "$ref": reference }]));
            }
        }
        Value::Array(items) => items.iter_mut().for_each(refer_to_components),
        _ => {}
    }
}

fn info() -> Value {
    json!({
        "title": "Boardwire socket API",
        "version": format!("{PROTOCOL_VERSION}.0.0"),
        "description": ABOUT,
        "license": { "name": env!("CARGO_PKG_LICENSE") },
        "tags": [
            { "name": "change", "description": "Commands that change what is stored." },
            { "name": "durable", "description": "Events in a board's log." },
            { "name": "ephemeral", "description": "Events that are in no log." },
            { "name": "query", "description": "Commands that read what is stored." },
            { "name": "session", "description": "Commands that concern the connection that sends them." },
        ],
    })
}

fn server() -> Value {
    let security = security_schemes();
    let names = security.as_object().into_iter().flat_map(Map::keys);
    json!({
        "host": "127.0.0.1:3456",
        "protocol": "ws",
        "pathname": "/socket.io",
        "title": "A server on this machine",
        "description": SERVER,
        "security": names.map(|name| json!({ "$ref": format!("#/components/securitySchemes/{name}") })).collect::<Vec<_>>(),
    })
}

/// Returns the schema of the query parameters that Engine.IO requires.
fn query() -> Value {
    json!({
        "type": "object",
        "properties": {
            "EIO": { "type": "string", "const": "4", "description": "The protocol of Engine.IO." },
            "transport": { "type": "string", "enum": ["websocket", "polling"] },
        },
        "required": ["EIO", "transport"],
    })
}

fn security_schemes() -> Value {
    json!({
        "token": {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "A signed token, as `auth: {token}` of the Socket.IO handshake. Over HTTP it is a bearer token.",
        },
        "apiKey": { "type": "apiKey", "in": "user", "description": "An API key, as `auth: {apiKey}` of the handshake." },
        "session": { "type": "apiKey", "in": "user", "description": "A session's id, as `auth: {sessionId}` of the handshake." },
        "cookie": {
            "type": "httpApiKey",
            "name": "boardwire_session",
            "in": "cookie",
            "description": "The cookie of a session, from a page of an allowed origin, in a handshake without `auth`. Where cookies are sent over HTTPS alone, its name is `__Host-boardwire_session`.",
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_has_no_other_fields_beside_it() {
        let mut schema = json!({ "a": { "$ref": "#/$defs/A", "description": "d" }, "b": [{ "$ref": "#/$defs/B" }] });
        refer_to_components(&mut schema);
        let alone = json!([{ "$ref": "#/components/schemas/A" }]);
        assert_eq!(
            schema,
            json!({
                "a": { "allOf": alone, "description": "d" },
                "b": [{ "$ref": "#/components/schemas/B" }],
            })
        );
    }

    #[test]
    fn every_command_and_event_has_an_operation() {
        let text = make().unwrap();
        for kind in CommandKind::ALL {
            let operation = format!("\n  {}:\n    action: send\n", command_name(*kind));
            assert!(text.contains(&operation), "{}", kind.name());
        }
        for kind in EventKind::ALL {
            let operation = format!("\n  {}:\n    action: receive\n", event_name(*kind));
            assert!(text.contains(&operation), "{}", kind.name());
        }
    }
}
