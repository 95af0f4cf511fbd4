//! Files that are generated from the code: written by `cargo xtask codegen`, checked by `cargo xtask codegen --check`.
//!
//! To add one, write a function that returns its whole text and give it a row in [`GENERATED`]. The text must depend
//! on the code alone, so that every run returns the same.

mod asyncapi;
mod contract;
mod examples;
mod json_schema;
mod mcp;
mod openapi;
mod reference;
mod schema;
mod typescript;
mod yaml;

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::workspace::Workspace;

/// Returns the whole text of a file.
type Make = fn() -> Result<String>;

/// Each generated file, by its path from the repository's root.
const GENERATED: &[(&str, Make)] = &[
    ("docs/api/WEBSOCKET.md", reference::make),
    ("docs/api/MCP.md", mcp::make),
    ("docs/api/asyncapi.yaml", asyncapi::make),
    ("docs/api/examples.json", examples::make),
    ("docs/api/schema.json", json_schema::make),
    ("docs/api/openapi.json", openapi::make),
    ("crates/client-typescript/src/protocol.ts", typescript::index),
    ("crates/client-typescript/src/protocol/commands.ts", typescript::commands),
    ("crates/client-typescript/src/protocol/entities.ts", typescript::entities),
    ("crates/client-typescript/src/protocol/eventData.ts", typescript::event_data),
    ("crates/client-typescript/src/protocol/events.ts", typescript::events),
    ("crates/client-typescript/src/protocol/replies.ts", typescript::replies),
];

/// Rewrites every generated file that is stale. With `check`, a stale file is an error as well.
pub(crate) fn run(workspace: &Workspace, check: bool) -> Result<()> {
    let stale = refresh(&workspace.root, GENERATED)?;
    for path in &stale {
        println!("  wrote {path}");
    }
    if check && !stale.is_empty() {
        bail!("stale, now rewritten and to be committed: {}", stale.join(", "));
    }
    println!("  {} generated files, {} rewritten", GENERATED.len(), stale.len());
    Ok(())
}

/// Makes every file's text, rewrites the stale files and returns their paths.
fn refresh(root: &Path, files: &[(&'static str, Make)]) -> Result<Vec<&'static str>> {
    let mut stale = Vec::new();
    for (path, make) in files {
        let text = make().with_context(|| format!("cannot make {path}"))?;
        if ensure_file_contents(&root.join(path), &text)? {
            stale.push(*path);
        }
    }
    Ok(stale)
}

/// Writes a file unless it has this text already. Returns whether it was written.
fn ensure_file_contents(path: &Path, text: &str) -> Result<bool> {
    if fs::read_to_string(path).is_ok_and(|present| present == text) {
        return Ok(false);
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    }
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use std::env;
    use std::process;

    use super::*;

    #[test]
    fn a_stale_file_is_rewritten_once() {
        let files: &[(&str, Make)] = &[("docs/events.md", || Ok("# Events\n".to_owned()))];
        let root = env::temp_dir().join(format!("boardwire-codegen-{}", process::id()));
        let first = refresh(&root, files).unwrap();
        let second = refresh(&root, files).unwrap();
        let text = fs::read_to_string(root.join("docs/events.md")).unwrap();
        fs::remove_dir_all(&root).unwrap();
        assert_eq!((first, second), (vec!["docs/events.md"], vec![]));
        assert_eq!(text, "# Events\n");
    }
}
