//! The TypeScript types of everything on the wire.

use std::fmt::Write as _;

use anyhow::Result;
use boardwire_protocol::{Code, PROTOCOL_VERSION, schema::schemas};
use serde_json::Value;

use super::schema::{description, fields, type_of};

const HEAD: &str = "\
// Made by `cargo xtask codegen` from the crate `boardwire-protocol`. Do not edit.

";

const TAIL: &str = "\
/** The reply to a command: to the callback, or as the event `<command>:success` or `<command>:error`. */
export type Reply<Result> = Success<Result> | Failure;

/** The command was executed. `seq` is the board's sequence number after it. */
export type Success<Result> = { ok: true; requestId?: string; seq?: number } & Result;

/** The command was not executed. Only UNAVAILABLE and INTERNAL leave open whether it was: the same requestId finds out. */
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

/** What every event but `error` travels in. Durable events carry `boardId` and `seq`. */
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

pub(crate) fn make() -> Result<String> {
    let schemas = schemas();
    let mut text = HEAD.to_owned();
    writeln!(text, "export const PROTOCOL_VERSION = {PROTOCOL_VERSION};\n")?;
    for (name, schema) in &schemas.definitions {
        write_definition(&mut text, name, schema)?;
    }
    writeln!(text, "/** Each command: what it takes, and what it results in. */\nexport interface Commands {{")?;
    for (kind, payload, result) in &schemas.commands {
        writeln!(text, "  /** {} */", kind.summary().trim())?;
        let request_id = "{ requestId?: string }";
        writeln!(text, "  \"{}\": {{", kind.name())?;
        writeln!(text, "    payload: {} & {request_id};", type_of(payload.as_value()))?;
        writeln!(text, "    result: {};\n  }};", type_of(result.as_value()))?;
    }
    writeln!(text, "}}\n\nexport type CommandName = keyof Commands;\n")?;
    writeln!(text, "/** Each event and its data. */\nexport interface Events {{")?;
    for (kind, schema) in &schemas.events {
        writeln!(text, "  /** {} */\n  \"{}\": {};", kind.summary().trim(), kind.name(), type_of(schema.as_value()))?;
    }
    writeln!(text, "}}\n\nexport type EventName = keyof Events;\n")?;
    let durable = schemas.events.iter().filter(|(kind, _)| kind.is_durable());
    let durable: Vec<_> = durable.map(|(kind, _)| format!("  \"{}\",", kind.name())).collect();
    writeln!(text, "/** The events that are in a board's log. */\nexport const DURABLE_EVENTS = [")?;
    writeln!(text, "{}\n] as const satisfies readonly EventName[];\n", durable.join("\n"))?;
    let codes: Vec<_> = Code::ALL.iter().map(|code| format!("  | \"{}\"", code.as_str())).collect();
    writeln!(text, "export type ErrorCode =\n{};\n", codes.join("\n"))?;
    text.push_str(TAIL);
    Ok(text)
}

fn write_definition(text: &mut String, name: &str, schema: &Value) -> Result<()> {
    writeln!(text, "/** {} */", description(schema))?;
    let fields = fields(schema);
    if fields.is_empty() {
        writeln!(text, "export type {name} = {};\n", type_of(schema))?;
        return Ok(());
    }
    writeln!(text, "export interface {name} {{")?;
    for field in fields {
        let mark = if field.required { "" } else { "?" };
        writeln!(text, "  /** {} */", description(field.schema))?;
        writeln!(text, "  {}{mark}: {};", field.name, type_of(field.schema))?;
    }
    writeln!(text, "}}\n")?;
    Ok(())
}
