//! The environments of the Python tests, made from their requirements.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::Verbosity;
use crate::process::{output, run};
use crate::workspace::Workspace;

/// An environment of Python packages, and the tests that run in it.
pub(crate) struct Environment {
    /// The folder of the tests.
    pub(crate) folder: &'static str,
    /// Its requirements file, in that folder.
    requirements: &'static str,
    /// Its name: the environment's folder in the scratch folder.
    name: &'static str,
}

/// All environments. Each revision of MCP is tested with a release of its library, and no two can be in one
/// environment.
pub(crate) const ENVIRONMENTS: &[Environment] = &[
    Environment { folder: "tests/python", requirements: "requirements.txt", name: "venv" },
    Environment { folder: "tests/mcp/python", requirements: "requirements-1.txt", name: "venv-mcp-1" },
    Environment { folder: "tests/mcp/python", requirements: "requirements-2.txt", name: "venv-mcp-2" },
    Environment {
        folder: "tests/mcp/python",
        requirements: "requirements-2024-11-05.txt",
        name: "venv-mcp-2024-11-05",
    },
    Environment {
        folder: "tests/mcp/python",
        requirements: "requirements-2025-03-26.txt",
        name: "venv-mcp-2025-03-26",
    },
    Environment {
        folder: "tests/mcp/python",
        requirements: "requirements-2025-06-18.txt",
        name: "venv-mcp-2025-06-18",
    },
];

impl Environment {
    /// Returns the path of the environment's interpreter.
    pub(crate) fn interpreter(&self, workspace: &Workspace) -> PathBuf {
        self.path(workspace).join("bin/python")
    }

    fn path(&self, workspace: &Workspace) -> PathBuf {
        workspace.scratch().join(self.name)
    }

    /// Makes the environment anew when its requirements have changed or when it no longer works.
    fn ensure(&self, workspace: &Workspace) -> Result<()> {
        let source = workspace.root.join(self.folder).join(self.requirements);
        let requirements = fs::read(&source).with_context(|| format!("cannot read {}", source.display()))?;
        let stamp = self.path(workspace).join("requirements.txt");
        let works = || output(Command::new(self.interpreter(workspace)).args(["-c", "import pytest"])).is_ok();
        if fs::read(&stamp).is_ok_and(|last| last == requirements) && works() {
            return Ok(());
        }
        println!("  making the Python environment for {}/{}", self.folder, self.requirements);
        run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(self.path(workspace)))?;
        let install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"];
        run(Command::new(self.interpreter(workspace)).args(install).arg(&source))?;
        write(&stamp, &requirements)
    }
}

/// Makes the environments that are missing or stale.
pub(super) fn ensure(workspace: &Workspace, verbosity: Verbosity) -> Result<()> {
    for environment in ENVIRONMENTS {
        environment.ensure(workspace)?;
        verbosity.found(environment.folder, "Python packages in place");
    }
    Ok(())
}

fn write(path: &Path, contents: &[u8]) -> Result<()> {
    fs::write(path, contents).with_context(|| format!("cannot write {}", path.display()))
}
