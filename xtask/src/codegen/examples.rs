//! One example of each command and event, `docs/api/examples.json`: real messages, from the snapshots of the test in
//! `tests/it/examples.rs`.

use anyhow::{Context, Result};
use serde_json::{Value, json};

const COMMANDS: &str = include_str!("../../../tests/it/snapshots/it__examples__commands.snap");
const EVENTS: &str = include_str!("../../../tests/it/snapshots/it__examples__events.snap");

/// Returns the examples by kind and name: the payload and reply of each of the `commands`, the envelope of each of the
/// `events`.
pub(super) fn recorded() -> Result<Value> {
    Ok(json!({ "commands": content(COMMANDS)?, "events": content(EVENTS)? }))
}

/// Returns the whole text of the file.
pub(crate) fn make() -> Result<String> {
    Ok(serde_json::to_string_pretty(&recorded()?)? + "\n")
}

/// Returns the value in a snapshot, which follows a header between two lines of `---`.
fn content(snapshot: &str) -> Result<Value> {
    let content = snapshot.splitn(3, "---\n").nth(2).context("a snapshot without a header")?;
    serde_json::from_str(content).context("a snapshot that is not JSON")
}
