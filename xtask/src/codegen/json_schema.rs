//! Everything on the wire as one JSON Schema, `docs/api/schema.json`.

use anyhow::Result;
use boardwire_protocol::PROTOCOL_VERSION;
use serde_json::json;

use super::contract;

/// Returns the whole text of the file.
pub(super) fn make() -> Result<String> {
    let mut document = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": format!("urn:boardwire:wire:{PROTOCOL_VERSION}"),
        "$comment": "Made by `cargo xtask codegen` from the crate `boardwire-protocol`. Do not edit.",
        "title": format!("Boardwire socket API, version {PROTOCOL_VERSION}"),
        "description": "Use one definition: `command.*.payload` and `command.*.reply` for each command, `event.*` for each event \
                        in its envelope, entities by their names.",
        "$defs": contract::definitions(),
    });
    // The order of keys must not depend on the features of `serde_json` that other crates enable.
    document.sort_all_objects();
    Ok(format!("{}\n", serde_json::to_string_pretty(&document)?))
}
