//! The tests with JavaScript clients, of the documents in docs/api and of the board in a browser, by Node's own runner.

use std::time::Duration;

use anyhow::{Result, bail};

use super::Surroundings;
use crate::process;
use crate::setup::node;
use crate::tally::{Runner, Tally};
use crate::workspace::Workspace;

/// Time limit for all folders together, before it is scaled.
const LIMIT: Duration = Duration::from_secs(15 * 60);

/// The folders with tests.
const FOLDERS: &[&str] = &["tests/js", "tests/mcp", "tests/documents", "tests/web"];

/// Builds the TypeScript client, which the tests use, runs all tests and counts the results.
pub(super) fn run(workspace: &Workspace, surroundings: &Surroundings, tally: &mut Tally) -> Result<()> {
    let client = workspace.root.join("crates/client-typescript");
    process::run(node::command(workspace, "npm", &client).args(["run", "--silent", "build"]))?;
    for name in FOLDERS {
        run_in(workspace, name, surroundings, tally)?;
    }
    Ok(())
}

fn run_in(workspace: &Workspace, name: &str, surroundings: &Surroundings, tally: &mut Tally) -> Result<()> {
    let folder = workspace.root.join(name);
    if !folder.join("package.json").is_file() {
        bail!("there is no {name}/package.json");
    }
    let mut command = node::command(workspace, "node", &folder);
    surroundings.apply(command.args(["--test", "--test-reporter=spec"]));
    let before = *tally;
    let status =
        process::stream(&mut command, Some(surroundings.patient(LIMIT)), |line| *tally += Runner::Node.count(line))?;
    process::succeed(&command, status)?;
    // Node finds nothing to run and is content.
    if *tally == before {
        bail!("no test was found in {name}");
    }
    Ok(())
}
