//! The tests with the official JavaScript client, by Node's own runner.

use std::process::Command;
use std::time::Duration;

use anyhow::{Result, bail};

use super::Surroundings;
use crate::process;
use crate::tally::{Runner, Tally};
use crate::workspace::Workspace;

/// How long all of them may take.
const LIMIT: Duration = Duration::from_secs(10 * 60);

/// Runs them all, and counts.
pub(super) fn run(workspace: &Workspace, surroundings: &Surroundings, tally: &mut Tally) -> Result<()> {
    let folder = workspace.root.join("tests/js");
    if !folder.join("package.json").is_file() {
        bail!("there is no tests/js/package.json");
    }
    let mut command = Command::new("node");
    surroundings.apply(command.current_dir(folder).args(["--test", "--test-reporter=spec"]));
    let status = process::stream(&mut command, Some(LIMIT), |line| *tally += Runner::Node.count(line))?;
    process::succeed(&command, status)?;
    // Node finds nothing to run and is content.
    if *tally == Tally::default() {
        bail!("no test was found in tests/js");
    }
    Ok(())
}
