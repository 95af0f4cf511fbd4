//! The programs that the tests run beside the server: which they are, whether they are here, what package has them.

use std::process::Command;

use anyhow::{Context, Result, bail};

use super::{Voice, debian};
use crate::postgres;
use crate::process::output;
use crate::suites::Suite;

/// The oldest Node.js whose test runner the tests are written for.
const NODE: u32 = 20;

/// A program, and how it is come by.
struct Program {
    name: &'static str,
    needed_by: Suite,
    /// Its version, or why it will not do.
    probe: fn() -> Result<String>,
    /// Debian's packages that bring it.
    packages: &'static [&'static str],
}

const PROGRAMS: &[Program] = &[
    Program { name: "postgres", needed_by: Suite::Rust, probe: postgres_server, packages: &["postgresql"] },
    Program { name: "redis-server", needed_by: Suite::Rust, probe: redis, packages: &["redis-server"] },
    Program { name: "strace", needed_by: Suite::Rust, probe: strace, packages: &["strace"] },
    Program { name: "node", needed_by: Suite::Js, probe: node, packages: &["nodejs"] },
    Program { name: "npm", needed_by: Suite::Js, probe: npm, packages: &["npm"] },
    Program { name: "chromium", needed_by: Suite::Js, probe: chromium, packages: &["chromium", "fonts-liberation"] },
    Program { name: "python3", needed_by: Suite::Python, probe: python, packages: &["python3", "python3-venv"] },
    Program { name: "curl", needed_by: Suite::Python, probe: curl, packages: &["curl"] },
    Program { name: "jq", needed_by: Suite::Python, probe: jq, packages: &["jq"] },
];

/// Installs what these suites need and the machine lacks, or says exactly what to install.
pub(super) fn ensure(suites: &[Suite], voice: Voice) -> Result<()> {
    let missing = missing(suites, voice);
    if missing.is_empty() {
        return Ok(());
    }
    for (program, reason) in &missing {
        println!("  ✗ {}: {reason:#}", program.name);
    }
    let packages: Vec<&str> = missing.iter().flat_map(|(program, _)| program.packages).copied().collect();
    debian::install(&packages)?;
    let still: Vec<String> = self::missing(suites, Voice::Quiet)
        .iter()
        .map(|(program, reason)| format!("{}: {reason:#}", program.name))
        .collect();
    if !still.is_empty() {
        bail!("Debian's packages do not bring what is needed; install by hand: {}", still.join("; "));
    }
    Ok(())
}

fn missing(suites: &[Suite], voice: Voice) -> Vec<(&'static Program, anyhow::Error)> {
    let mut missing = Vec::new();
    for program in PROGRAMS.iter().filter(|program| suites.contains(&program.needed_by)) {
        match (program.probe)() {
            Ok(version) => voice.found(program.name, &version),
            Err(reason) => missing.push((program, reason)),
        }
    }
    missing
}

fn postgres_server() -> Result<String> {
    let folder = postgres::programs().context("initdb and postgres are not here")?;
    version(&folder.join("postgres").to_string_lossy())
}

fn redis() -> Result<String> {
    version("redis-server")
}

fn strace() -> Result<String> {
    version("strace")
}

fn npm() -> Result<String> {
    version("npm")
}

fn node() -> Result<String> {
    let version = version("node")?;
    let major = major(&version).with_context(|| format!("unknown version {version}"))?;
    if major < NODE {
        bail!("{version} is too old, {NODE} or newer is needed");
    }
    Ok(version)
}

fn chromium() -> Result<String> {
    version("chromium")
}

fn curl() -> Result<String> {
    version("curl")
}

fn jq() -> Result<String> {
    version("jq")
}

/// The interpreter alone is not enough: Debian keeps the parts for environments in a package of their own.
fn python() -> Result<String> {
    output(Command::new("python3").args(["-c", "import ensurepip, venv"])).context("cannot make environments")?;
    version("python3")
}

/// The first line of what `--version` prints.
fn version(program: &str) -> Result<String> {
    let text = output(Command::new(program).arg("--version"))?;
    Ok(text.lines().next().unwrap_or_default().trim().to_owned())
}

/// The first number of a version such as `v20.20.2`.
fn major(version: &str) -> Option<u32> {
    version.trim_start_matches('v').split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn major_versions() {
        assert_eq!(major("v20.20.2"), Some(20));
        assert_eq!(major("18"), Some(18));
        assert_eq!(major("unknown"), None);
    }
}
