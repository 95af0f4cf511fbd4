//! The reference of this door, generated from the tools, resources and prompts that clients can list.

use std::fmt::Write as _;

use serde_json::Value;

use crate::{prompts, resources, tools};

const HEAD: &str = include_str!("reference_head.txt");

/// Returns the text of `docs/api/MCP.md`.
#[must_use]
pub fn reference() -> String {
    let mut text = HEAD.to_owned();
    let _ = writeln!(text, "## Tools\n");
    for tool in tools::tools() {
        let description = tool.description.as_deref().unwrap_or_default();
        let _ = writeln!(text, "### `{}`\n\n{description}\n\n| argument | type | |\n|---|---|---|", tool.name);
        let required = tool.input_schema.get("required").and_then(Value::as_array);
        for (name, schema) in tool.input_schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
            if ["fields", "maxBytes", "requestId"].contains(&name.as_str()) {
                continue;
            }
            let required = required.is_some_and(|names| names.iter().any(|required| required == name));
            let mark = if required { "" } else { "?" };
            let description = schema["description"].as_str().unwrap_or_default().replace('\n', " ");
            let _ = writeln!(text, "| `{name}{mark}` | {} | {description} |", kind(schema).replace('|', "\\|"));
        }
        let _ = writeln!(text);
    }
    let _ = writeln!(text, "## Resources\n\n| template | |\n|---|---|");
    for template in resources::templates() {
        let _ = writeln!(text, "| `{}` | {} |", template.uri_template, template.description.unwrap_or_default());
    }
    let _ = writeln!(text, "\n## Prompts\n");
    for prompt in prompts::prompts() {
        let description = prompt.description.unwrap_or_default();
        let _ = writeln!(text, "### `{}`\n\n{description}\n\n| argument | |\n|---|---|", prompt.name);
        for argument in prompt.arguments.into_iter().flatten() {
            let mark = if argument.required == Some(true) { "" } else { "?" };
            let _ = writeln!(text, "| `{}{mark}` | {} |", argument.name, argument.description.unwrap_or_default());
        }
        let _ = writeln!(text);
    }
    text.truncate(text.trim_end().len());
    text + "\n"
}

/// Returns the name of a schema's type.
fn kind(schema: &Value) -> String {
    if let Some(name) = schema["$ref"].as_str() {
        return name.trim_start_matches("#/$defs/").to_owned();
    }
    if let Some(any) = schema["anyOf"].as_array() {
        return any.iter().map(kind).collect::<Vec<_>>().join(" | ");
    }
    match &schema["type"] {
        Value::String(kind) if kind == "array" => format!("list of {}", self::kind(&schema["items"])),
        Value::String(kind) => kind.clone(),
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" | "),
        _ => "value".to_owned(),
    }
}
