//! The tests with JavaScript clients, of the documents in docs/api and of the board in a browser, by Node's own runner.

use std::time::Duration;

use anyhow::{Result, bail};

use super::TestEnvironment;
use crate::process;
use crate::setup::node;
use crate::tally::{Runner, Tally};
use crate::workspace::Workspace;

/// Time limit for all folders together, before it is scaled.
const LIMIT: Duration = Duration::from_secs(15 * 60);

/// The folders with tests.
const FOLDERS: &[&str] = &["tests/js", "tests/mcp", "tests/documents", "tests/web"];

/// Builds the TypeScript client, which the tests use, runs all tests and counts the results.
pub(super) fn run(workspace: &Workspace, test_environment: &TestEnvironment, tally: &mut Tally) -> Result<()> {
    let client = workspace.root.join("crates/client-typescript");
    process::run(node::command(workspace, "npm", &client).args(["run", "--silent", "build"]))?;
    for name in FOLDERS {
        run_in(workspace, name, test_environment, tally)?;
    }
    Ok(())
}

fn run_in(workspace: &Workspace, name: &str, test_environment: &TestEnvironment, tally: &mut Tally) -> Result<()> {
    let folder = workspace.root.join(name);
    if !folder.join("package.json").is_file() {
        bail!("there is no {name}/package.json");
    }
    let mut command = node::command(workspace, "node", &folder);
    test_environment.apply(command.args(["--test", "--test-reporter=spec"]));
    let before = *tally;
    let status =
        process::stream(&mut command, Some(test_environment.scaled(LIMIT)), |line| *tally += Runner::Node.count(line))?;
    process::expect_success(&command, status)?;
    // Node succeeds even if it finds no tests.
    if *tally == before {
        bail!("no test was found in {name}");
    }
    Ok(())
}
