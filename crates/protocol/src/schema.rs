//! The JSON Schemas of all commands and events, for code generators.

use schemars::{Schema, SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value};

use crate::{BoardRole, CommandKind, EventKind, Permission};

/// The schemas of all commands and events, and the definitions that they refer to.
#[derive(Debug)]
pub struct Schemas {
    /// Each command with the schema of its payload and of its result.
    pub commands: Vec<(CommandKind, Schema, Schema)>,
    /// Each event with the schema of its data.
    pub events: Vec<(EventKind, Schema)>,
    /// Named types, referred to as `#/$defs/Name`.
    pub definitions: Map<String, Value>,
}

/// Returns the schemas: of payloads as the server reads them, of results and events as it writes them.
#[must_use]
pub fn schemas() -> Schemas {
    let mut reading = SchemaGenerator::new(SchemaSettings::draft2020_12().for_deserialize());
    let mut writing = SchemaGenerator::new(SchemaSettings::draft2020_12().for_serialize());
    let commands = CommandKind::ALL
        .iter()
        .map(|kind| {
            let (payload, result) = kind.schemas(&mut reading, &mut writing);
            (*kind, payload, result)
        })
        .collect();
    let events = EventKind::ALL.iter().map(|kind| (*kind, kind.schema(&mut writing))).collect();
    let mut definitions = reading.take_definitions(true);
    definitions.extend(writing.take_definitions(true));
    Schemas { commands, events, definitions }
}

impl CommandKind {
    /// Returns a sentence that says which permission and role the command needs.
    #[must_use]
    pub fn needs(self) -> String {
        let permission = match self.permission() {
            Permission::Read => "read",
            Permission::Write => "write",
        };
        let role = match self.role() {
            BoardRole::None => "",
            BoardRole::Viewer => ", and on the board the role `viewer` or more",
            BoardRole::Member => ", and on the board the role `member` or more",
            BoardRole::Owner => ", and on the board the role `owner`",
        };
        format!("Needs the permission `{permission}`{role}.")
    }
}
