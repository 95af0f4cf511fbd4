//! The reference of the socket API, `docs/api/WEBSOCKET.md`.

use std::fmt::Write as _;

use anyhow::{Result, ensure};
use boardwire_protocol::{
    Code, CommandGroup, CommandKind, PROTOCOL_VERSION,
    schema::{Schemas, schemas},
};
use serde_json::Value;

use super::examples::recorded;
use super::schema::{bounds, constants, description, fields, resolve, type_of};

const HEAD: &str = include_str!("reference_head.md");

/// Returns the whole text of the file.
pub(crate) fn make() -> Result<String> {
    let schemas = schemas();
    let examples = recorded()?;
    let mut text = HEAD.replace("{version}", &PROTOCOL_VERSION.to_string());
    writeln!(text, "## Commands\n")?;
    for group in [CommandGroup::Change, CommandGroup::Query, CommandGroup::Connection] {
        writeln!(text, "{}\n", introduction(group))?;
        for (kind, payload, result) in schemas.commands.iter().filter(|(kind, ..)| kind.group() == group) {
            command(&mut text, *kind, payload.as_value(), result.as_value())?;
            let example = &examples["commands"][kind.name()];
            let title = format!("Example: {}", kind.name());
            folded(&mut text, &title, &[("payload", &example["payload"]), ("reply", &example["reply"])])?;
        }
    }
    events(&mut text, &schemas, &examples["events"])?;
    writeln!(text, "## Types\n")?;
    for (name, schema) in &schemas.definitions {
        let is_event = schemas.events.iter().any(|(_, event)| super::schema::reference(event.as_value()) == Some(name));
        if !is_event {
            definition(&mut text, name, schema)?;
        }
    }
    writeln!(text, "## Error codes\n\n| code | meaning |\n|---|---|")?;
    for code in Code::ALL {
        writeln!(text, "| `{}` | {} |", code.as_str(), code.meaning().trim())?;
    }
    Ok(text)
}

fn introduction(group: CommandGroup) -> &'static str {
    match group {
        CommandGroup::Change => {
            "### Changes\n\nEach is one transaction. The reply's `seq` is the board's sequence number after it. A command that \
             finds everything as wanted already succeeds, changes nothing and causes no event."
        }
        CommandGroup::Query => "### Queries\n\nEach shows one consistent moment.",
        CommandGroup::Connection => "### The socket's own\n\nThese concern the connection that sends them.",
    }
}

fn command(text: &mut String, kind: CommandKind, payload: &Value, result: &Value) -> Result<()> {
    writeln!(text, "#### `{}`\n\n{}", kind.name(), kind.summary().trim())?;
    writeln!(text, "{}", needs(kind))?;
    writeln!(text)?;
    table(text, "payload", payload)?;
    table(text, "result", result)
}

/// Describes in sentences what a command needs and in which forms it may be sent.
pub(super) fn needs(kind: CommandKind) -> String {
    let form = kind.bare_field().map(|field| format!("\nAlso takes the bare `{field}` as a string."));
    kind.needs() + &form.unwrap_or_default()
}

fn events(text: &mut String, schemas: &Schemas, examples: &Value) -> Result<()> {
    writeln!(text, "## Events\n")?;
    for durable in [true, false] {
        writeln!(text, "{}\n", if durable { DURABLE } else { EPHEMERAL })?;
        for (kind, schema) in schemas.events.iter().filter(|(kind, _)| kind.is_durable() == durable) {
            writeln!(text, "#### `{}`\n\n{}\n", kind.name(), kind.summary().trim())?;
            table(text, "data", resolve(schema.as_value(), &schemas.definitions))?;
            folded(text, &format!("Example: {}", kind.name()), &[("event", &examples[kind.name()])])?;
        }
    }
    Ok(())
}

/// Writes examples that are hidden until a reader opens them.
fn folded(text: &mut String, title: &str, examples: &[(&str, &Value)]) -> Result<()> {
    ensure!(
        examples.iter().all(|(_, example)| example.is_object()),
        "{title} is missing: the test in tests/it/examples.rs records it"
    );
    writeln!(text, "<details><summary>{}</summary>\n", title)?;
    for (name, example) in examples {
        writeln!(text, "{name}\n\n```json\n{}\n```\n", serde_json::to_string_pretty(example)?)?;
    }
    writeln!(text, "</details>\n")?;
    Ok(())
}

const DURABLE: &str = "### Durable\n\nIn the board's log, with a `seq`.";
const EPHEMERAL: &str = "### Ephemeral\n\nTrue at the moment when they are sent; not in the log.";

fn definition(text: &mut String, name: &str, schema: &Value) -> Result<()> {
    writeln!(text, "### {name}\n\n{}\n", description(schema))?;
    if let Some(values) = constants(schema) {
        let values: Vec<_> = values.iter().map(|value| format!("`{value}`")).collect();
        writeln!(text, "One of {}.\n", values.join(", "))?;
        return Ok(());
    }
    table(text, "field", schema)
}

fn table(text: &mut String, title: &str, schema: &Value) -> Result<()> {
    let fields = fields(schema);
    if fields.is_empty() {
        writeln!(text, "No {title}.\n")?;
        return Ok(());
    }
    writeln!(text, "| {title} | type | |\n|---|---|---|")?;
    rows(text, "", schema)?;
    writeln!(text)?;
    Ok(())
}

fn rows(text: &mut String, parent: &str, schema: &Value) -> Result<()> {
    for field in fields(schema) {
        let nested = field.schema["properties"].is_object();
        let name = format!("{parent}{}", field.name);
        let mark = if field.required { "" } else { "?" };
        let kind = if nested { "object".to_owned() } else { type_of(field.schema).replace('|', "\\|") };
        let bounds = bounds(field.schema);
        let bounds = if bounds.is_empty() { bounds } else { format!(" ({})", bounds.replace('|', "\\|")) };
        writeln!(text, "| `{name}{mark}` | `{kind}` | {}{bounds} |", description(field.schema))?;
        if nested {
            rows(text, &format!("{name}."), field.schema)?;
        }
    }
    Ok(())
}
