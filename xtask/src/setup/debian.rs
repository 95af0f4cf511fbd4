//! Debian packages: installed if this process may install them, otherwise named.

use std::process::Command;

use anyhow::{Result, bail};

use crate::process::{find, output, run};

/// Installs packages, or fails with the command that would install them.
pub(crate) fn install(packages: &[&str]) -> Result<()> {
    let Some(apt) = Apt::find() else {
        bail!("please install, under whatever names your system has them: {}", packages.join(" "));
    };
    let Some(prefix) = apt.prefix else {
        bail!("please run: sudo apt-get update && sudo apt-get install {}", packages.join(" "));
    };
    run(&mut command(prefix, &["update", "--quiet"]))?;
    let install = ["install", "--yes", "--quiet", "--no-install-recommends"];
    run(command(prefix, &install).args(packages))
}

/// How packages are installed on a Debian-like system.
struct Apt {
    /// The words before `apt-get`, such as `sudo`; `None` without the right to install.
    prefix: Option<&'static [&'static str]>,
}

impl Apt {
    fn find() -> Option<Self> {
        find("apt-get")?;
        let is_root = output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0");
        let may_sudo = || output(Command::new("sudo").args(["-n", "true"])).is_ok();
        let prefix: Option<&[&str]> = if is_root {
            Some(&["env"])
        } else if may_sudo() {
            Some(&["sudo", "-n", "env"])
        } else {
            None
        };
        Some(Self { prefix })
    }
}

/// Returns an `apt-get` command that asks no questions.
fn command(prefix: &[&str], arguments: &[&str]) -> Command {
    let mut command = Command::new(prefix[0]);
    command.args(&prefix[1..]).args(["DEBIAN_FRONTEND=noninteractive", "apt-get"]).args(arguments);
    command
}
