//! The environment of the Python tests, made from their requirements.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::Voice;
use crate::process::{output, run};
use crate::workspace::Workspace;

/// What the environment is made from.
const REQUIREMENTS: &str = "tests/python/requirements.txt";

/// The interpreter that has the tests' packages.
pub(crate) fn interpreter(workspace: &Workspace) -> PathBuf {
    environment(workspace).join("bin/python")
}

/// Makes the environment anew when the requirements are not those it was made from, or when it no longer works.
pub(super) fn ensure(workspace: &Workspace, voice: Voice) -> Result<()> {
    let Ok(requirements) = fs::read(workspace.root.join(REQUIREMENTS)) else {
        voice.found("tests/python", "not there: nothing to install");
        return Ok(());
    };
    let stamp = environment(workspace).join("requirements.txt");
    let works = || output(Command::new(interpreter(workspace)).args(["-c", "import pytest"])).is_ok();
    if !(fs::read(&stamp).is_ok_and(|last| last == requirements) && works()) {
        println!("  making the Python environment for {REQUIREMENTS}");
        make(workspace)?;
        write(&stamp, &requirements)?;
    }
    voice.found("tests/python", "Python packages in place");
    Ok(())
}

fn environment(workspace: &Workspace) -> PathBuf {
    workspace.scratch().join("venv")
}

fn make(workspace: &Workspace) -> Result<()> {
    run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(environment(workspace)))?;
    run(Command::new(interpreter(workspace)).current_dir(&workspace.root).args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--requirement",
        REQUIREMENTS,
    ]))
}

fn write(path: &Path, contents: &[u8]) -> Result<()> {
    fs::write(path, contents).with_context(|| format!("cannot write {}", path.display()))
}
