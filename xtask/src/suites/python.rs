//! The tests with Python clients, by pytest.

use std::process::Command;
use std::time::Duration;

use anyhow::Result;

use super::TestEnvironment;
use crate::process::{self, allows_colours};
use crate::setup::{ENVIRONMENTS, Environment};
use crate::tally::{Runner, Tally};
use crate::workspace::Workspace;

/// Time limit for one run of pytest, before it is scaled.
const LIMIT: Duration = Duration::from_secs(15 * 60);

/// Runs pytest in each environment and counts the results. pytest fails by itself when it finds no tests.
pub(super) fn run(workspace: &Workspace, test_environment: &TestEnvironment, tally: &mut Tally) -> Result<()> {
    ENVIRONMENTS.iter().try_for_each(|environment| run_in(workspace, environment, test_environment, tally))
}

fn run_in(
    workspace: &Workspace,
    environment: &Environment,
    test_environment: &TestEnvironment,
    tally: &mut Tally,
) -> Result<()> {
    let mut command = Command::new(environment.interpreter(workspace));
    command.current_dir(workspace.root.join(environment.folder)).args(["-m", "pytest", "-ra"]);
    command.args(["--color", if allows_colours() { "yes" } else { "no" }]);
    command.arg("-o").arg(format!("cache_dir={}", workspace.scratch().join("pytest").display()));
    command.env("PYTHONDONTWRITEBYTECODE", "1").env("PYTHONUNBUFFERED", "1");
    let status = process::stream(test_environment.apply(&mut command), Some(test_environment.scaled(LIMIT)), |line| {
        *tally += Runner::Pytest.count(line);
    })?;
    process::expect_success(&command, status)
}
