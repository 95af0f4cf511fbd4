//! `cargo xtask package`: packs the crates that may be published, and runs their examples from the packed archives in a
//! project outside the workspace, as a user of the crates would.
//!
//! A crate is packed unless its manifest says `publish = false`. An example is run if it needs no feature; it must
//! end by itself.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use std::{env, fs};

use anyhow::{Context, Result};
use cargo_metadata::{Dependency, DependencyKind, Package, TargetKind};
use serde_json::json;

use crate::process;
use crate::workspace::Workspace;

/// How long an example may run.
const EXAMPLE_LIMIT: Duration = Duration::from_secs(30);

/// Packs the crates and runs their examples.
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    let packages: Vec<&Package> = workspace.packages.iter().filter(|package| package.publish.is_none()).collect();
    let folder = Folder::make()?;
    pack(workspace, &packages, &folder)?;
    let examples = write_project(workspace, &packages, &folder)?;
    let target = workspace.scratch().join("package");
    for example in examples {
        // Built one by one: together, one could use the features that another one asks for.
        let mut build = workspace.cargo(&["build", "--quiet", "--package", &example]);
        process::run(build.current_dir(&folder.0).env("CARGO_TARGET_DIR", &target))?;
        let mut command = Command::new(target.join("debug").join(&example));
        let status = process::stream(&mut command, Some(EXAMPLE_LIMIT), |_| {})?;
        process::expect_success(&command, status)?;
    }
    Ok(())
}

/// Packs the crates, and unpacks them in the folder.
fn pack(workspace: &Workspace, packages: &[&Package], folder: &Folder) -> Result<()> {
    let mut command = workspace.cargo(&["package", "--no-verify", "--allow-dirty"]);
    for package in packages {
        command.args(["--package", &package.name]);
    }
    process::run(&mut command)?;
    for package in packages {
        let archive = workspace.target.join("package").join(format!("{}.crate", archive_name(package)));
        let mut unpack = Command::new("tar");
        unpack.arg("--extract").arg("--gzip").arg("--file").arg(archive).arg("--directory").arg(&folder.0);
        process::output(&mut unpack)?;
    }
    Ok(())
}

/// Writes a workspace with a package for each example. Returns the packages' names.
fn write_project(workspace: &Workspace, packages: &[&Package], folder: &Folder) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for package in packages {
        let examples = package.targets.iter().filter(|target| target.kind.contains(&TargetKind::Example));
        for example in examples.filter(|example| example.required_features.is_empty()) {
            let name = format!("{}-{}", package.name, example.name);
            let source = folder.0.join(archive_name(package)).join("examples").join(format!("{}.rs", example.name));
            let source = fs::read_to_string(&source).with_context(|| format!("cannot read {}", source.display()))?;
            folder.write(&format!("{name}/Cargo.toml"), &manifest(&name, package, &source))?;
            folder.write(&format!("{name}/src/main.rs"), &source)?;
            names.push(name);
        }
    }
    folder.write("Cargo.toml", &root_manifest(packages, &names))?;
    // The same versions of other crates as in this workspace.
    fs::copy(workspace.root.join("Cargo.lock"), folder.0.join("Cargo.lock")).context("cannot copy Cargo.lock")?;
    Ok(names)
}

/// Returns the manifest of the workspace: its crates come from the archives.
fn root_manifest(packages: &[&Package], members: &[String]) -> String {
    let mut text = format!("[workspace]\nresolver = \"3\"\nmembers = {}\n\n", json!(members));
    text += "[profile.dev]\ndebug = false\n\n[patch.crates-io]\n";
    for package in packages {
        text += &format!("{} = {{ path = {} }}\n", package.name, json!(archive_name(package)));
    }
    text
}

/// Returns the manifest of an example, which depends on its crate and on the other crates that its source names.
fn manifest(name: &str, package: &Package, source: &str) -> String {
    let mut dependencies = BTreeMap::from([(package.name.to_string(), json!(package.version.to_string()).to_string())]);
    let others = package.dependencies.iter().filter(|dependency| dependency.kind != DependencyKind::Build);
    for dependency in others.filter(|dependency| dependency.name != *package.name) {
        if source.contains(&format!("{}::", dependency.name.replace('-', "_"))) {
            dependencies.entry(dependency.name.clone()).or_insert_with(|| requirement(dependency));
        }
    }
    let mut text = format!("[package]\nname = \"{name}\"\nedition = \"2024\"\n\n[dependencies]\n");
    for (name, requirement) in dependencies {
        text += &format!("{name} = {requirement}\n");
    }
    text
}

fn requirement(dependency: &Dependency) -> String {
    format!(
        "{{ version = {}, default-features = {}, features = {} }}",
        json!(dependency.req.to_string()),
        dependency.uses_default_features,
        json!(dependency.features),
    )
}

/// Returns the name of a crate's archive, and of the folder in it.
fn archive_name(package: &Package) -> String {
    format!("{}-{}", package.name, package.version)
}

/// A folder outside the workspace. Dropping it removes it.
struct Folder(PathBuf);

impl Folder {
    fn make() -> Result<Self> {
        let path = env::temp_dir().join(format!("boardwire-package-{}", std::process::id()));
        fs::create_dir(&path).with_context(|| format!("cannot make {}", path.display()))?;
        Ok(Self(path))
    }

    fn write(&self, path: &str, text: &str) -> Result<()> {
        let path = self.0.join(path);
        fs::create_dir_all(path.parent().unwrap_or(Path::new("")))?;
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
