//! The programs that the tests run besides the server: how to detect them, and the packages that contain them.

use std::process::Command;

use anyhow::{Context, Result, bail};

use super::{Verbosity, debian};
use crate::postgres;
use crate::process::{output, version};
use crate::suites::Suite;

/// A program and how to install it.
struct Program {
    name: &'static str,
    needed_by: &'static [Suite],
    /// Returns its version, or an error if it is missing or too old.
    probe: fn() -> Result<String>,
    /// The Debian packages that contain it.
    packages: &'static [&'static str],
}

/// Python, which is also used to install a newer Node.js.
const PYTHON: &str = "python3";

const PROGRAMS: &[Program] = &[
    Program { name: "postgres", needed_by: &[Suite::Rust], probe: postgres_server, packages: &["postgresql"] },
    Program { name: "redis-server", needed_by: &[Suite::Rust], probe: redis, packages: &["redis-server"] },
    Program { name: "strace", needed_by: &[Suite::Rust], probe: strace, packages: &["strace"] },
    Program { name: "chromium", needed_by: &[Suite::Js], probe: chromium, packages: &["chromium", "fonts-liberation"] },
    Program {
        name: PYTHON,
        needed_by: &[Suite::Rust, Suite::Python],
        probe: python,
        packages: &["python3", "python3-venv"],
    },
    Program { name: "curl", needed_by: &[Suite::Python], probe: curl, packages: &["curl"] },
    Program { name: "jq", needed_by: &[Suite::Python], probe: jq, packages: &["jq"] },
];

/// Installs what these suites need and the machine lacks, or fails with a message that says what to install.
/// `needs_python`: whether Python is needed even if the suites do not need it.
pub(super) fn ensure(suites: &[Suite], needs_python: bool, verbosity: Verbosity) -> Result<()> {
    let wanted = |program: &Program| {
        program.needed_by.iter().any(|suite| suites.contains(suite)) || needs_python && program.name == PYTHON
    };
    let missing = missing(wanted, verbosity);
    if missing.is_empty() {
        return Ok(());
    }
    for (program, reason) in &missing {
        println!("  ✗ {}: {reason:#}", program.name);
    }
    let packages: Vec<&str> = missing.iter().flat_map(|(program, _)| program.packages).copied().collect();
    debian::install(&packages)?;
    let still_missing: Vec<String> = self::missing(wanted, Verbosity::Quiet)
        .iter()
        .map(|(program, reason)| format!("{}: {reason:#}", program.name))
        .collect();
    if !still_missing.is_empty() {
        bail!("still missing after installing Debian's packages; install by hand: {}", still_missing.join("; "));
    }
    Ok(())
}

fn missing(wanted: impl Fn(&Program) -> bool, verbosity: Verbosity) -> Vec<(&'static Program, anyhow::Error)> {
    let mut missing = Vec::new();
    for program in PROGRAMS.iter().filter(|program| wanted(program)) {
        match (program.probe)() {
            Ok(version) => verbosity.found(program.name, &version),
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

fn chromium() -> Result<String> {
    version("chromium")
}

fn curl() -> Result<String> {
    version("curl")
}

fn jq() -> Result<String> {
    version("jq")
}

/// Also checks that environments can be made: Debian has that part of Python in a separate package.
fn python() -> Result<String> {
    output(Command::new("python3").args(["-c", "import ensurepip, venv"])).context("cannot make environments")?;
    version("python3")
}
