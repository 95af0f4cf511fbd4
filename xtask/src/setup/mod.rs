//! `cargo xtask setup`: makes a machine ready for the tests. Quick when all is there, which `cargo xtask test` relies on.
//!
//! [`programs`] are checked and, where possible, installed; [`node`] takes a newer Node.js where the machine's is too old;
//! [`javascript`] and [`python`] keep the packages that the clients' tests need, each with a stamp that says what was
//! installed last.

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

/// How much is printed. That something is installed is always printed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Voice {
    /// Prints also what was found in place.
    Full,
    /// Prints only what has to be done.
    Quiet,
}

impl Voice {
    /// Prints what was found in place.
    fn found(self, what: &str, version: &str) {
        if self == Self::Full {
            println!("  ✓ {what:14} {version}");
        }
    }
}

/// Makes the machine ready for these suites.
pub(crate) fn run(workspace: &Workspace, suites: &[Suite], voice: Voice) -> Result<()> {
    let for_javascript = suites.contains(&Suite::Js);
    let node_is_here = for_javascript && node::is_here(voice);
    programs::ensure(suites, for_javascript && !node_is_here, voice)?;
    if suites.contains(&Suite::Rust) {
        rust::ensure(voice)?;
    }
    if for_javascript {
        node::ensure(workspace, node_is_here, voice)?;
        javascript::ensure(workspace, voice)?;
    }
    if suites.contains(&Suite::Python) {
        python::ensure(workspace, voice)?;
    }
    Ok(())
}
