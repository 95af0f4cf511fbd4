//! The parts of the Rust toolchain that a minimal installation lacks.

use std::process::Command;

use anyhow::{Context, Result};

use super::Verbosity;
use crate::process::{output, run};

/// The cargo subcommands, each with the command that installs it.
const TOOLS: &[(&str, &[&str])] = &[
    ("nextest", &["cargo", "install", "cargo-nextest", "--locked"]),
    ("fmt", &["rustup", "component", "add", "rustfmt"]),
    ("clippy", &["rustup", "component", "add", "clippy"]),
];

/// Installs the subcommands that are missing.
pub(super) fn ensure(verbosity: Verbosity) -> Result<()> {
    for (subcommand, install) in TOOLS {
        let name = format!("cargo {subcommand}");
        let Ok(version) = output(Command::new("cargo").args([subcommand, "--version"])) else {
            println!("  ✗ {name}: not here");
            run(Command::new(install[0]).args(&install[1..]))
                .with_context(|| format!("please install {name}: {}", install.join(" ")))?;
            continue;
        };
        verbosity.found(&name, version.lines().next().unwrap_or_default().trim());
    }
    Ok(())
}
