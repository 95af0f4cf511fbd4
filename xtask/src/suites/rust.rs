//! The Rust tests: the server's build, nextest, and the documentation's examples.

use anyhow::{Result, bail};

use super::{Build, Selection, TestEnvironment};
use crate::process;
use crate::report::Report;
use crate::tally::{Runner, Tally};
use crate::workspace::Workspace;

/// nextest's exit code when the tests do not compile.
const BUILD_FAILED: i32 = 101;

/// Builds the program that the tests start, as part of the whole workspace: so its crates get the same features as in
/// the tests' build and are compiled only once.
pub(super) fn build(workspace: &Workspace) -> Result<()> {
    process::run(&mut workspace.cargo(&["build", "--workspace", "--bin", "boardwire"]))
}

/// Adds the steps of this suite to a report.
pub(super) fn steps(
    workspace: &Workspace,
    test_environment: &TestEnvironment,
    selection: &Selection,
    report: &mut Report,
) -> Build {
    let mut build = Build::Sound;
    report.step("rust tests", |tally| {
        let mut command = workspace.cargo(&["nextest", "run", "--workspace"]);
        test_environment.apply(command.args(&selection.nextest));
        if let Some(rounds) = selection.kill_rounds {
            command.env("BOARDWIRE_KILL_ROUNDS", rounds.to_string());
        }
        let status = process::stream(&mut command, None, |line| *tally += Runner::Nextest.count(line))?;
        if status.code() == Some(BUILD_FAILED) {
            build = Build::Broken;
        }
        process::expect_success(&command, status)
    });
    if build == Build::Sound && selection.documentation {
        report.step("documentation tests", |tally| documentation(workspace, test_environment, tally));
    }
    build
}

fn documentation(workspace: &Workspace, test_environment: &TestEnvironment, tally: &mut Tally) -> Result<()> {
    let mut command = workspace.cargo(&["test", "--doc", "--workspace"]);
    let status =
        process::stream(test_environment.apply(&mut command), None, |line| *tally += Runner::Libtest.count(line))?;
    if !status.success() && tally.failed == 0 {
        bail!("the examples do not compile, or the runner failed: {status}");
    }
    process::expect_success(&command, status)
}
