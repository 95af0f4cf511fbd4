//! Finds the `boardwire` program that the tests start.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};

/// The variable that names the program, for instance one from the release profile.
const VARIABLE: &str = "BOARDWIRE_BIN";

/// Returns the path of the program: `BOARDWIRE_BIN`, or the one in the target folder that this test was built into.
pub(crate) fn boardwire() -> Result<PathBuf> {
    if let Some(path) = std::env::var_os(VARIABLE) {
        let path = PathBuf::from(path);
        if !path.is_file() {
            bail!("{VARIABLE} names {}, which is no file", path.display());
        }
        return Ok(path);
    }
    // A test runs as <target>/<profile>/deps/<name>; the program is two folders up.
    let own = std::env::current_exe().context("finding the path of the test itself")?;
    let path = own
        .ancestors()
        .nth(2)
        .map(|profile| profile.join("boardwire"))
        .with_context(|| format!("{} lies in no target folder", own.display()))?;
    if !path.is_file() {
        bail!(
            "there is no {}: build it with `cargo build -p boardwire-server`, or set {VARIABLE} to the program",
            path.display()
        );
    }
    Ok(path)
}
