//! The Rust tests: the server's build, nextest, and the documentation's examples.

use anyhow::{Result, bail};

use super::{Build, Selection, Surroundings};
use crate::process;
use crate::report::Report;
use crate::tally::{Runner, Tally};
use crate::workspace::Workspace;

/// nextest's exit code when the tests do not compile.
const BROKEN: i32 = 101;

/// Builds the program that the tests start. Builds it as part of the whole workspace, so that its crates get the same features as in
/// the tests' build and are compiled once.
pub(super) fn build(workspace: &Workspace) -> Result<()> {
    process::run(&mut workspace.cargo(&["build", "--workspace", "--bin", "boardwire"]))
}

/// Adds the steps of this suite to a report.
pub(super) fn steps(
    workspace: &Workspace,
    surroundings: &Surroundings,
    selection: &Selection,
    report: &mut Report,
) -> Build {
    let mut build = Build::Sound;
    report.step("rust tests", |tally| {
        let mut command = workspace.cargo(&["nextest", "run", "--workspace"]);
        surroundings.apply(command.args(&selection.nextest));
        if let Some(rounds) = selection.kill_rounds {
            command.env("BOARDWIRE_KILL_ROUNDS", rounds.to_string());
        }
        let status = process::stream(&mut command, None, |line| *tally += Runner::Nextest.count(line))?;
        if status.code() == Some(BROKEN) {
            build = Build::Broken;
        }
        process::succeed(&command, status)
    });
    if build == Build::Sound && selection.documentation {
        report.step("documentation tests", |tally| documentation(workspace, surroundings, tally));
    }
    build
}

fn documentation(workspace: &Workspace, surroundings: &Surroundings, tally: &mut Tally) -> Result<()> {
    let mut command = workspace.cargo(&["test", "--doc", "--workspace"]);
    let status = process::stream(surroundings.apply(&mut command), None, |line| *tally += Runner::Libtest.count(line))?;
    if !status.success() && tally.failed == 0 {
        bail!("the examples do not compile, or the runner failed: {status}");
    }
    process::succeed(&command, status)
}
