//! `cargo xtask bare`: the README's commands on a Debian 12 that has nothing but Rust and a C compiler, so that gaps in
//! the set-up are found here first.

mod folder;
mod package_sources;

use std::fs;

use anyhow::{Context, Result, bail};

use self::folder::Folder;
use crate::demo;
use crate::workspace::Workspace;

/// Makes the folder, runs the README's commands there, or `line` instead, and removes the folder.
pub(crate) fn run(workspace: &Workspace, line: Option<&str>) -> Result<()> {
    let folder = Folder::make(workspace)?;
    if let Some(line) = line {
        return folder.run(line);
    }
    let readme = fs::read_to_string(workspace.root.join("README.md")).context("README.md")?;
    let lines = commands(&readme);
    if lines.is_empty() {
        bail!("README.md has no cargo command in an `sh` block");
    }
    for line in lines {
        let Some(build) = line.strip_suffix(" -- demo").and_then(|line| line.strip_prefix("cargo run ")) else {
            folder.run(&line)?;
            continue;
        };
        // Built first, because the demo has a time limit to answer.
        folder.run(&format!("cargo build {build}"))?;
        println!("\n▸ {line}");
        let demo = folder.command(&format!("exec env BOARDWIRE_LISTEN={} {line}", demo::LISTEN_ANY_PORT));
        demo::smoke_test(demo, &workspace.scratch().join("bare-demo.log"))?;
    }
    Ok(())
}

/// Returns the cargo commands in the README's `sh` blocks, without their comments.
fn commands(readme: &str) -> Vec<String> {
    let mut in_shell = false;
    let mut commands = Vec::new();
    for line in readme.lines() {
        if let Some(language) = line.strip_prefix("```") {
            in_shell = language == "sh";
        } else if in_shell && line.starts_with("cargo ") {
            commands.push(line.split(" #").next().unwrap_or(line).trim_end().to_owned());
        }
    }
    commands
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargo_commands_are_read_from_sh_blocks() {
        let readme = "cargo no\n```sh\ncargo run --release -- demo\n```\n```js\ncargo no\n```\n```sh\ncargo build   # to\nls\n```";
        assert_eq!(commands(readme), ["cargo run --release -- demo", "cargo build"]);
    }
}
