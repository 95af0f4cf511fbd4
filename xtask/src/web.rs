//! `cargo xtask web`: builds the board in the browser from `crates/web/ui` into `crates/web/dist`, which is in the
//! repository and embedded in the program, so that nobody needs Node to build the server.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use flate2::{Compression, write::GzEncoder};

use crate::process;
use crate::setup::{self, Verbosity, node};
use crate::suites::Suite;
use crate::workspace::Workspace;

const SOURCES: &str = "crates/web/ui";
const BUILT: &str = "crates/web/dist";
/// The largest size of the page's scripts in bytes, gzipped as the server sends them.
const SCRIPT_LIMIT: usize = 230_000;

/// The contents of a folder's files, by their paths in it.
type Files = BTreeMap<String, Vec<u8>>;

/// Checks types, lints and format, also of the client and of the JavaScript tests; then builds, and replaces `dist`
/// unless the scripts have become too large. With `check`, it is also an error if the result differs from `dist`.
pub(crate) fn run(workspace: &Workspace, check: bool) -> Result<()> {
    setup::run(workspace, &[Suite::Js], Verbosity::Quiet)?;
    let (sources, built) = (workspace.root.join(SOURCES), workspace.root.join(BUILT));
    let fresh = workspace.scratch().join("web");
    let npm =
        |task: &[&str]| process::run(node::command(workspace, "npm", &sources).args(["run", "--silent"]).args(task));
    npm(&["check"])?;
    npm(&["lint"])?;
    npm(&["build", "--", &fresh.to_string_lossy()])?;
    let (files, present) = (read(&fresh)?, read(&built).unwrap_or_default());
    let script = script_size(&files)?;
    ensure!(script <= SCRIPT_LIMIT, "the page's scripts are {script} bytes gzipped, more than {SCRIPT_LIMIT}");
    if files == present {
        println!("  {} files, as they were; the script is {script} bytes gzipped", files.len());
        return Ok(());
    }
    if built.exists() {
        fs::remove_dir_all(&built).with_context(|| format!("cannot empty {BUILT}"))?;
    }
    for (name, bytes) in &files {
        write(&built.join(name), bytes).with_context(|| format!("cannot write {BUILT}/{name}"))?;
    }
    println!("  {} files written to {BUILT}; the script is {script} bytes gzipped", files.len());
    if check {
        bail!("{BUILT} was not built from {SOURCES} as it is now; it has been rebuilt, commit it");
    }
    Ok(())
}

/// Returns the size of all scripts in bytes, compressed as the server sends them.
fn script_size(files: &Files) -> Result<usize> {
    let mut size = 0;
    for (_, bytes) in files.iter().filter(|(name, _)| name.ends_with(".js")) {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes)?;
        size += encoder.finish()?.len();
    }
    Ok(size)
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    Ok(fs::write(path, bytes)?)
}

fn read(folder: &Path) -> Result<Files> {
    let mut files = Files::new();
    collect(folder, "", &mut files)?;
    Ok(files)
}

fn collect(folder: &Path, prefix: &str, files: &mut Files) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let entry = entry?;
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            collect(&entry.path(), &format!("{name}/"), files)?;
        } else {
            files.insert(name, fs::read(entry.path())?);
        }
    }
    Ok(())
}
