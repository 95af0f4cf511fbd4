//! The workspace: its folders, its packages, and how cargo is run in it.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use cargo_metadata::{MetadataCommand, Package};

/// The workspace that this tool was built in.
pub(crate) struct Workspace {
    /// The repository's root.
    pub(crate) root: PathBuf,
    /// Cargo's target folder, wherever its settings put it.
    pub(crate) target: PathBuf,
    /// The workspace's own packages.
    pub(crate) packages: Vec<Package>,
}

impl Workspace {
    /// Runs `cargo metadata`, without network access.
    pub(crate) fn locate() -> Result<Self> {
        let metadata = MetadataCommand::new()
            .manifest_path(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml"))
            .no_deps()
            .exec()
            .context("cargo metadata")?;
        Ok(Self {
            root: metadata.workspace_root.into(),
            target: metadata.target_directory.into(),
            packages: metadata.packages,
        })
    }

    /// Returns the root file of each target of each package, by its path from the root with `/`.
    pub(crate) fn source_roots(&self) -> Vec<String> {
        let targets = self.packages.iter().flat_map(|package| &package.targets);
        let inside = targets.filter_map(|target| target.src_path.as_std_path().strip_prefix(&self.root).ok());
        inside.map(|path| path.to_string_lossy().replace('\\', "/")).collect()
    }

    /// Returns xtask's own folder in the target folder, for stamps, Python environments and logs.
    pub(crate) fn scratch(&self) -> PathBuf {
        self.target.join("xtask")
    }

    /// Returns the path of the `boardwire` program of a debug build.
    pub(crate) fn binary(&self) -> PathBuf {
        self.target.join("debug").join("boardwire")
    }

    /// Returns the command `cargo ARGUMENTS` in the root, with the environment of a shell.
    pub(crate) fn cargo(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(cargo());
        command.args(arguments);
        self.prepare(&mut command);
        command
    }

    /// Returns the same command with the lowest priority.
    pub(crate) fn cargo_in_background(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("nice");
        command.args(["-n", "19"]).arg(cargo()).args(arguments);
        self.prepare(&mut command);
        command
    }

    /// Runs a command in the root, without the variables that `cargo run` set for this package: build scripts watch
    /// some of them, and their crates would be rebuilt each time.
    fn prepare(&self, command: &mut Command) {
        command.current_dir(&self.root);
        for (name, _) in env::vars_os() {
            let text = name.to_string_lossy();
            if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
                command.env_remove(&name);
            }
        }
    }
}

fn cargo() -> OsString {
    env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}
