//! A Debian system in a folder. Each command runs in a mount namespace of its own, so that nothing of this machine is
//! mounted in the folder when the folder is removed.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use super::package_sources;
use crate::process::{find, output, run, signal};
use crate::setup::debian;
use crate::workspace::Workspace;

/// The code name of Debian's release.
const RELEASE: &str = "bookworm";
/// The packages besides the minimal system: those that the README asks for, and certificates.
const PACKAGES: &str = "--include=gcc,libc6-dev,ca-certificates";
/// Where the toolchain is mounted, relative to the folder.
const RUST: &str = "usr/local/rust";
/// Where the checkout is copied to, relative to the folder.
const CHECKOUT: &str = "root/boardwire";
/// A policy that keeps Debian's packages from starting services, which would run on this machine.
const NO_SERVICES: &str = "#!/bin/sh\nexit 101\n";

/// `$1` is the folder, `$2` this machine's Rust, the rest the command to run in the folder. Each program replaces the
/// one before it, so that a signal reaches the command.
const ENTER: &str = r#"
root=$1 rust=$2
shift 2
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount --bind "$rust" "$root/usr/local/rust"
mount -o remount,bind,ro "$root/usr/local/rust"
exec chroot "$root" "$@"
"#;

/// Copies the files of the checkout as they are now into the folder `$0`.
const COPY: &str = "git ls-files -z --cached --others --exclude-standard |
    tar --create --null --files-from=- --ignore-failed-read | tar --extract --directory \"$0\"";

/// The folder. Dropping it ends what still runs there, and removes it.
pub(super) struct Folder {
    path: PathBuf,
    /// This machine's toolchain.
    rust: PathBuf,
}

impl Folder {
    /// Makes the folder: the system, the toolchain's mount point, the checkout, and this machine's settings for package
    /// sources.
    pub(super) fn make(workspace: &Workspace) -> Result<Self> {
        if output(Command::new("id").arg("-u"))?.trim() != "0" {
            bail!("only root can make a system in a folder: run this as root");
        }
        if find("debootstrap").is_none() {
            debian::install(&["debootstrap"])?;
        }
        let rust = output(Command::new("rustc").args(["--print", "sysroot"]))?;
        let folder = Self { path: workspace.scratch().join("bare"), rust: rust.trim().into() };
        // A run that was killed may have left something.
        folder.remove();
        fs::create_dir_all(&folder.path).with_context(|| format!("cannot make {}", folder.path.display()))?;
        println!("  making a Debian in {}", folder.path.display());
        let mut make = unshare();
        make.args(["debootstrap", "--variant=minbase", PACKAGES, RELEASE]).arg(&folder.path);
        run(make.args(package_sources::mirror(RELEASE)?))?;
        let policy = folder.path.join("usr/sbin/policy-rc.d");
        fs::write(&policy, NO_SERVICES)?;
        fs::set_permissions(&policy, fs::Permissions::from_mode(0o755))?;
        package_sources::copy_files(&folder.path)?;
        for name in [RUST, CHECKOUT] {
            fs::create_dir_all(folder.path.join(name))?;
        }
        let checkout = folder.path.join(CHECKOUT);
        output(Command::new("sh").current_dir(&workspace.root).args(["-c", COPY]).arg(checkout))?;
        Ok(folder)
    }

    /// Runs a shell command to its end.
    pub(super) fn run(&self, line: &str) -> Result<()> {
        println!("\n▸ {line}");
        let status = self.command(line).stdin(Stdio::null()).status().context("cannot start unshare")?;
        if !status.success() {
            bail!("on a bare Debian `{line}` ended with {status}");
        }
        Ok(())
    }

    /// Returns the command that runs a shell command in the checkout.
    pub(super) fn command(&self, line: &str) -> Command {
        let mut command = unshare();
        command.args(["sh", "-euc", ENTER, "enter"]).args([&self.path, &self.rust]).env_clear();
        command.env("PATH", format!("/{RUST}/bin:/root/.cargo/bin:/usr/sbin:/usr/bin:/sbin:/bin"));
        command.envs([("HOME", "/root"), ("USER", "root"), ("LANG", "C.UTF-8")]).envs(package_sources::variables());
        command.args(["sh", "-c", &format!("cd /{CHECKOUT} && {line}")]);
        command
    }

    fn remove(&self) {
        for process in processes_in(&self.path) {
            let _ = signal("KILL", process);
        }
        if self.path.exists()
            && let Err(error) = fs::remove_dir_all(&self.path)
        {
            println!("  {} is left: {error}", self.path.display());
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        self.remove();
    }
}

/// Returns a command that runs its arguments in a mount namespace of their own.
fn unshare() -> Command {
    let mut command = Command::new("unshare");
    command.args(["--mount", "--propagation", "private"]);
    command
}

/// Returns the ids of the processes whose root is the folder.
fn processes_in(folder: &Path) -> Vec<i64> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let numbers = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    numbers
        .filter(|number: &i64| fs::read_link(format!("/proc/{number}/root")).is_ok_and(|root| root == folder))
        .collect()
}
