//! `cargo xtask churn`: the server's memory while clients come and go, on both databases. The last two thirds of the
//! time show whether it grows without bound. Variables such as `MALLOC_ARENA_MAX` reach the server.

use std::process::Command;

use anyhow::Result;

use crate::postgres::Postgres;
use crate::process;
use crate::workspace::Workspace;

/// Makes a release build, and measures for this number of seconds on each database.
pub(crate) fn run(workspace: &Workspace, seconds: u32) -> Result<()> {
    let build = ["build", "--release", "--workspace", "--bin", "boardwire", "--example", "churn"];
    process::run(&mut workspace.cargo(&build))?;
    let folder = workspace.target.join("release");
    let postgres = Postgres::start()?;
    let mut churn = Command::new(folder.join("examples/churn"));
    churn.env("BOARDWIRE_BIN", folder.join("boardwire")).env("BOARDWIRE_TEST_POSTGRES", postgres.url());
    process::run(churn.arg(seconds.to_string()))
}
