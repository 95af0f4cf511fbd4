//! `cargo xtask bench`: measures the server.

use anyhow::{Result, bail};

/// Runs the benchmark; `quick` shows only that it works.
pub(crate) fn run(quick: bool) -> Result<()> {
    bail!("the benchmark is not written yet (quick: {quick})")
}
