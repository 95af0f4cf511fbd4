//! The npm packages of the TypeScript client and of the JavaScript tests, exactly as their lock files say.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use super::{Verbosity, node};
use crate::process::run;
use crate::workspace::Workspace;

/// Each folder with a `package.json`, and the name of its stamp.
const FOLDERS: &[(&str, &str)] = &[
    ("crates/client-typescript", "npm-client-typescript.lock"),
    ("crates/web/ui", "npm-web.lock"),
    ("tests/web", "npm-tests-web.lock"),
    ("tests/js", "npm-tests-js.lock"),
    ("tests/mcp", "npm-tests-mcp.lock"),
    ("tests/documents", "npm-tests-documents.lock"),
];

/// Installs the packages of each folder whose lock file has changed since the last time.
pub(super) fn ensure(workspace: &Workspace, verbosity: Verbosity) -> Result<()> {
    for (name, stamp) in FOLDERS {
        let folder = workspace.root.join(name);
        if !folder.join("package.json").is_file() {
            verbosity.found(name, "not there: nothing to install");
            continue;
        }
        install(workspace, &folder, &workspace.scratch().join(stamp), verbosity).with_context(|| (*name).to_owned())?;
        verbosity.found(name, "npm packages in place");
    }
    Ok(())
}

fn install(workspace: &Workspace, folder: &Path, stamp: &Path, verbosity: Verbosity) -> Result<()> {
    let Ok(lock) = fs::read(folder.join("package-lock.json")) else {
        bail!("there is no package-lock.json: run `npm install` there and commit it");
    };
    let installed = folder.join("node_modules/.package-lock.json").is_file();
    if installed && fs::read(stamp).is_ok_and(|last| last == lock) {
        return Ok(());
    }
    if verbosity == Verbosity::Quiet {
        println!("  installing the npm packages in {}", folder.display());
    }
    run(node::command(workspace, "npm", folder).args(["ci", "--no-audit", "--no-fund"]))?;
    if let Some(scratch) = stamp.parent() {
        fs::create_dir_all(scratch)?;
    }
    fs::write(stamp, lock).with_context(|| format!("cannot write {}", stamp.display()))
}
