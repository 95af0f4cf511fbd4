//! The doors of the server behind one interface, which takes a command and returns a reply in the socket's form.
//!
//! To add a door, add a variant and its lines in [`Door::send`]; the access matrix runs over everything that
//! `Caller::doors` in `access.rs` returns.

use std::io::Read as _;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use boardwire_mcp::tool_name;
use boardwire_protocol::CommandKind;
use boardwire_test_support::{Answer, Client, Http};
use flate2::read::GzDecoder;
use serde_json::{Map, Value, json};

use crate::mcp::client::Agent;

/// A door, with the credentials of one caller.
pub(crate) enum Door {
    /// Socket.IO.
    Socket(Client),
    /// HTTP, according to the server's OpenAPI document.
    Http {
        /// Where the server listens.
        url: String,
        /// The caller's token.
        token: String,
        /// The OpenAPI document.
        document: Arc<Value>,
    },
    /// MCP, using the tools.
    Mcp(Agent),
}

/// Returns the server's OpenAPI document.
pub(crate) async fn document(url: &str) -> Result<Arc<Value>> {
    let answer = Http::new(url, "GET", "/api/v1/openapi.json").send().await?;
    ensure!(answer.status == 200 && answer.header("cache-control") == Some("no-cache"), "{answer:?}");
    Ok(Arc::new(answer.json()?))
}

/// Returns the text of a compressed answer.
pub(crate) fn unpacked(answer: &Answer) -> Result<String> {
    let mut text = String::new();
    GzDecoder::new(&answer.body[..]).read_to_string(&mut text).context("no gzip")?;
    Ok(text)
}

impl Door {
    /// Returns its name, for error messages.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Socket(_) => "a socket",
            Self::Http { .. } => "HTTP",
            Self::Mcp(_) => "MCP",
        }
    }

    /// Returns the reply to a command, with `ok` or else `code`; `None` if this door has no such command.
    pub(crate) async fn send(&self, command: &str, payload: &Value) -> Result<Option<Value>> {
        match self {
            Self::Socket(client) => client.call(command, payload.clone()).await.map(Some),
            Self::Http { url, token, document } => match request(url, document, command, payload)? {
                Some(request) => reply(request.bearer(token)).await.map(Some),
                None => Ok(None),
            },
            Self::Mcp(agent) => {
                let kind = CommandKind::from_name(command).context("no such command")?;
                let Some(tool) = tool_name(kind) else { return Ok(None) };
                let result = agent.tool(tool, payload.clone()).await?;
                ensure!(result["isError"] != result["structuredContent"]["ok"], "{result}");
                Ok(Some(result["structuredContent"].clone()))
            }
        }
    }
}

/// `task:comment:add` → `taskCommentAdd`.
fn operation_id(command: &str) -> String {
    let mut parts = command.split(':');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |id, part| id + &part[..1].to_uppercase() + &part[1..])
}

/// Returns the request for a command, with each field where the document has it.
fn request(url: &str, document: &Value, command: &str, payload: &Value) -> Result<Option<Http>> {
    let wanted = operation_id(command);
    let paths = document["paths"].as_object().context("no paths")?;
    let operations = paths.iter().flat_map(|(path, methods)| {
        methods.as_object().into_iter().flatten().map(move |(method, operation)| (path, method, operation))
    });
    let mut operations = operations.filter(|(_, _, operation)| operation["operationId"] == wanted.as_str());
    let Some((path, method, operation)) = operations.next() else { return Ok(None) };
    let mut rest: Map<String, Value> = payload.as_object().cloned().unwrap_or_default();
    let (mut path, mut query) = (format!("/api/v1{path}"), Vec::new());
    for parameter in operation["parameters"].as_array().into_iter().flatten() {
        let name = parameter["name"].as_str().context("no name")?;
        let location = &parameter["in"];
        if location == "header" {
            continue;
        }
        let Some(value) = rest.remove(name) else { continue };
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        if location == "path" {
            path = path.replace(&format!("{{{name}}}"), &text);
        } else {
            query.push(format!("{name}={text}"));
        }
    }
    if !query.is_empty() {
        path = format!("{path}?{}", query.join("&"));
    }
    let request = Http::new(url, &method.to_uppercase(), &path);
    let updates = rest.remove("updates");
    Ok(Some(match updates {
        Some(updates) => request.json(&updates),
        None if rest.is_empty() => request,
        None => request.json(&Value::Object(rest)),
    }))
}

/// Returns the answer as a reply, after checking that its status goes with its code.
async fn reply(request: Http) -> Result<Value> {
    let answer = request.send().await?;
    let mut body = answer.json()?;
    if answer.status < 300 {
        ensure!(body["ok"] == true, "{answer:?}");
        return Ok(body);
    }
    let status = match body["code"].as_str().unwrap_or_default() {
        "UNAUTHENTICATED" => 401,
        "FORBIDDEN" => 403,
        "NOT_FOUND" => 404,
        "INVALID_MESSAGE" | "IDEMPOTENCY_MISMATCH" => 422,
        _ => 409,
    };
    ensure!(answer.status == status && answer.header("content-type") == Some("application/problem+json"), "{answer:?}");
    let fields = body.as_object_mut().context("no object")?;
    for name in ["type", "title", "status", "detail"] {
        fields.remove(name).with_context(|| format!("no {name}"))?;
    }
    fields.insert("ok".to_owned(), json!(false));
    Ok(body)
}
