//! The TypeScript types of everything on the wire: one file for each kind, and one that exports them all.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use anyhow::Result;
use boardwire_protocol::{
    BoardId, Code, ColumnId, PROTOCOL_VERSION, Task, TaskId, Timestamp, UserId,
    schema::{Schemas, schemas},
};
use serde_json::{Value, to_value};

use super::schema::{description, fields, type_of};

const HEAD: &str = "\
// Made by `cargo xtask codegen` from the crate `boardwire-protocol`. Do not edit.

";

const REPLIES: &str = "\
/** The reply to a command: to the callback, or as the event `<command>:success` or `<command>:error`. */
export type Reply<Result> = Success<Result> | Failure;

/** The command was executed. `seq` is the board's sequence number after it. */
export type Success<Result> = { ok: true; requestId?: string; seq?: number } & Result;

/** The command was not executed. After UNAVAILABLE or INTERNAL it may have been: repeat it with the same requestId. */
export type Failure = {
  ok: false;
  requestId?: string;
  /** A sentence for people. */
  error: string;
  code: ErrorCode;
  details?: unknown;
  /** How many seconds to wait, on RATE_LIMIT. */
  retryAfter?: number;
  limit?: number;
  remaining?: number;
  reset?: number;
};
";

const ENVELOPE: &str = "\
/** The envelope of every event but `error`. Durable events carry `boardId` and `seq`. */
export type Envelope<Type extends EventName = EventName> = {
  type: Type;
  data: Events[Type];
  timestamp: string;
  id: string;
  boardId?: string;
  seq?: number;
  userId?: string;
  requestId?: string;
};
";

/// Returns `protocol.ts`, which exports all other files.
pub(crate) fn index() -> Result<String> {
    let mut text = HEAD.to_owned();
    writeln!(text, "export const PROTOCOL_VERSION = {PROTOCOL_VERSION};\n")?;
    for module in ["commands", "entities", "eventData", "events", "replies"] {
        writeln!(text, "export * from \"./protocol/{module}.js\";")?;
    }
    Ok(text)
}

/// Returns `protocol/entities.ts`: what events and replies carry.
pub(crate) fn entities() -> Result<String> {
    let schemas = schemas();
    let mut text = HEAD.to_owned();
    write_definitions(&mut text, &schemas, &Names::of(&schemas).entities)?;
    write_blank_task(&mut text)?;
    Ok(text)
}

/// Writes the fields of a new task that are the same for all new tasks.
fn write_blank_task(text: &mut String) -> Result<()> {
    let individual = ["id", "board_id", "column_id", "created_by", "created_at", "updated_at"];
    let id = "id";
    let location = (BoardId::try_from(id)?, ColumnId::try_from(id)?);
    let task = to_value(Task::blank(TaskId::try_from(id)?, location, UserId::try_from(id)?, Timestamp(0)))?;
    let fields = task.as_object().into_iter().flatten().filter(|(name, _)| !individual.contains(&name.as_str()));
    let fields: Vec<_> = fields.map(|(name, value)| format!("  {name}: {value},")).collect();
    let names = individual.map(|name| format!("\"{name}\"")).join(" | ");
    writeln!(text, "\n/** The fields of a new task that are not set when it is created. */")?;
    writeln!(text, "export const BLANK_TASK: Readonly<Omit<Task, {names}>> = {{\n{}\n}};", fields.join("\n"))?;
    Ok(())
}

/// Returns `protocol/eventData.ts`: the data of each event.
pub(crate) fn event_data() -> Result<String> {
    let schemas = schemas();
    let names = Names::of(&schemas);
    let mut body = String::new();
    write_definitions(&mut body, &schemas, &names.event_data)?;
    Ok(with_imports("entities", &names.entities, &body))
}

/// Returns `protocol/events.ts`: the events by name, which of them are durable, and their envelope.
pub(crate) fn events() -> Result<String> {
    let schemas = schemas();
    let mut body = String::new();
    writeln!(body, "/** Each event and its data. */\nexport interface Events {{")?;
    for (kind, schema) in &schemas.events {
        writeln!(body, "  /** {} */\n  \"{}\": {};", kind.summary().trim(), kind.name(), type_of(schema.as_value()))?;
    }
    writeln!(body, "}}\n\nexport type EventName = keyof Events;\n")?;
    let durable = schemas.events.iter().filter(|(kind, _)| kind.is_durable());
    let durable: Vec<_> = durable.map(|(kind, _)| format!("  \"{}\",", kind.name())).collect();
    writeln!(body, "/** The events that are in a board's log. */\nexport const DURABLE_EVENTS = [")?;
    writeln!(body, "{}\n] as const satisfies readonly EventName[];\n", durable.join("\n"))?;
    body.push_str(ENVELOPE);
    Ok(with_imports("eventData", &Names::of(&schemas).event_data, &body))
}

/// Returns `protocol/commands.ts`: the commands by name.
pub(crate) fn commands() -> Result<String> {
    let schemas = schemas();
    let mut body = "/** Each command, with its payload and its result. */\nexport interface Commands {\n".to_owned();
    for (kind, payload, result) in &schemas.commands {
        writeln!(body, "  /** {} */", kind.summary().trim())?;
        let request_id = "{ requestId?: string }";
        writeln!(body, "  \"{}\": {{", kind.name())?;
        writeln!(body, "    payload: {} & {request_id};", type_of(payload.as_value()))?;
        writeln!(body, "    result: {};\n  }};", type_of(result.as_value()))?;
    }
    writeln!(body, "}}\n\nexport type CommandName = keyof Commands;")?;
    Ok(with_imports("entities", &Names::of(&schemas).entities, &body))
}

/// Returns `protocol/replies.ts`: the replies to commands, and the codes of errors.
pub(crate) fn replies() -> Result<String> {
    let codes: Vec<_> = Code::ALL.iter().map(|code| format!("  | \"{}\"", code.as_str())).collect();
    Ok(format!("{HEAD}export type ErrorCode =\n{};\n\n{REPLIES}", codes.join("\n")))
}

/// The names of the definitions in each file.
struct Names {
    entities: BTreeSet<String>,
    event_data: BTreeSet<String>,
}

impl Names {
    fn of(schemas: &Schemas) -> Self {
        let event_data: BTreeSet<_> = schemas.events.iter().map(|(_, schema)| type_of(schema.as_value())).collect();
        let all = schemas.definitions.iter().map(|(name, _)| name.to_string());
        Self { entities: all.filter(|name| !event_data.contains(name)).collect(), event_data }
    }
}

/// Returns the text of a file that imports the names of another file that its body uses.
fn with_imports(other: &str, exported: &BTreeSet<String>, body: &str) -> String {
    let code: Vec<_> = body.lines().filter(|line| !line.trim_start().starts_with("/**")).collect();
    let code = code.join("\n");
    let used: BTreeSet<_> = code.split(|letter: char| !letter.is_alphanumeric()).collect();
    let imported: Vec<_> = exported.iter().filter(|name| used.contains(name.as_str())).cloned().collect();
    format!("{HEAD}import type {{\n  {},\n}} from \"./{other}.js\";\n\n{body}", imported.join(",\n  "))
}

fn write_definitions(text: &mut String, schemas: &Schemas, names: &BTreeSet<String>) -> Result<()> {
    let definitions = schemas.definitions.iter().filter(|(name, _)| names.contains(name.as_str()));
    for (at, (name, schema)) in definitions.enumerate() {
        if at > 0 {
            text.push('\n');
        }
        write_definition(text, name, schema)?;
    }
    Ok(())
}

fn write_definition(text: &mut String, name: &str, schema: &Value) -> Result<()> {
    writeln!(text, "/** {} */", description(schema))?;
    let fields = fields(schema);
    if fields.is_empty() {
        writeln!(text, "export type {name} = {};", type_of(schema))?;
        return Ok(());
    }
    writeln!(text, "export interface {name} {{")?;
    for field in fields {
        let mark = if field.required { "" } else { "?" };
        writeln!(text, "  /** {} */", description(field.schema))?;
        writeln!(text, "  {}{mark}: {};", field.name, type_of(field.schema))?;
    }
    writeln!(text, "}}")?;
    Ok(())
}
