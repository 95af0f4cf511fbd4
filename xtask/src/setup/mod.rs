//! `cargo xtask setup`: makes a machine ready for the tests. It is quick when nothing is missing, because every
//! `cargo xtask test` runs it first.
//!
//! [`programs`] are checked and, where possible, installed; [`node`] installs a newer Node.js if the machine's is too
//! old; [`javascript`] and [`python`] install the packages that the clients' tests need, each with a stamp that says
//! what was installed last.

pub(crate) mod debian;
mod javascript;
pub(crate) mod node;
mod programs;
mod python;
mod rust;

use anyhow::Result;

pub(crate) use self::python::{ENVIRONMENTS, Environment};
use crate::suites::Suite;
use crate::workspace::Workspace;

/// How much is printed. Installations are always printed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verbosity {
    /// Prints also what is already installed.
    Full,
    /// Prints only what has to be installed.
    Quiet,
}

impl Verbosity {
    /// Prints what is already installed.
    fn found(self, what: &str, version: &str) {
        if self == Self::Full {
            println!("  ✓ {what:14} {version}");
        }
    }
}

/// Makes the machine ready for these suites.
pub(crate) fn run(workspace: &Workspace, suites: &[Suite], verbosity: Verbosity) -> Result<()> {
    let for_javascript = suites.contains(&Suite::Js);
    let node_is_accepted = for_javascript && node::is_accepted_here(verbosity);
    programs::ensure(suites, for_javascript && !node_is_accepted, verbosity)?;
    if suites.contains(&Suite::Rust) {
        rust::ensure(verbosity)?;
    }
    if for_javascript {
        node::ensure(workspace, node_is_accepted, verbosity)?;
        javascript::ensure(workspace, verbosity)?;
    }
    if suites.contains(&Suite::Python) {
        python::ensure(workspace, verbosity)?;
    }
    Ok(())
}
