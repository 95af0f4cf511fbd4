//! How this machine reaches package sources, for use in the folder: its mirror, its settings of apt, cargo, npm and
//! pip, its certificates. Nothing else of the machine gets into the folder.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::process::output;

/// The paths of settings and certificates that are copied.
const FILES: &[&str] =
    &["/etc/pip.conf", "/etc/apt/auth.conf", "/etc/apt/auth.conf.d", "/etc/ssl/certs/ca-certificates.crt"];
/// The paths of further ones, relative to the home folder.
const HOME_FILES: &[&str] =
    &[".npmrc", ".pip", ".config/pip", ".cargo/config.toml", ".cargo/credentials.toml", ".netrc"];
/// The environment variables that are passed on.
const VARIABLES: &[&str] = &[
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "all_proxy",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "ALL_PROXY",
    "SSL_CERT_FILE",
    "CURL_CA_BUNDLE",
    "REQUESTS_CA_BUNDLE",
    "NODE_EXTRA_CA_CERTS",
];
/// Prefixes of further ones. `CARGO_` alone would include what cargo sets for this program.
const PREFIXES: &[&str] = &[
    "CARGO_HTTP_",
    "CARGO_NET_",
    "CARGO_REGISTRIES_",
    "CARGO_REGISTRY_",
    "CARGO_SOURCE_",
    "PIP_",
    "npm_config_",
    "NPM_CONFIG_",
];

/// Returns the mirror from which this machine's apt gets the release; `None` if it has none, and debootstrap uses its
/// default.
pub(super) fn mirror(release: &str) -> Result<Option<String>> {
    let wanted = [format!("Codename: {release}"), "Identifier: Packages".to_owned(), "Component: main".to_owned()];
    let mut apt = Command::new("apt-get");
    let found = output(apt.args(["indextargets", "--format", "$(REPO_URI)"]).args(wanted))?;
    Ok(found.lines().next().map(str::to_owned))
}

/// Copies the files and apt's connection settings into the folder of a system.
pub(super) fn copy_files(system: &Path) -> Result<()> {
    let apt = output(Command::new("apt-config").args(["dump", "Acquire"]))?;
    fs::write(system.join("etc/apt/apt.conf.d/90outside"), apt)?;
    let home = PathBuf::from(env::var_os("HOME").context("HOME is not set")?);
    let certificates = variables().map(|(_, value)| PathBuf::from(value));
    let certificates = certificates.filter(|path| path.is_absolute() && path.is_file());
    let absolute = FILES.iter().map(PathBuf::from).chain(certificates).map(|path| (path.clone(), path));
    let in_home = HOME_FILES.iter().map(|name| (home.join(name), Path::new("/root").join(name)));
    for (from, to) in absolute.chain(in_home).filter(|(from, _)| from.exists()) {
        let to = system.join(to.strip_prefix("/").unwrap_or(&to));
        fs::create_dir_all(to.parent().unwrap_or(system))?;
        // Links are followed. The target path is that of the copy itself, for folders too.
        output(Command::new("cp").args(["--recursive", "--dereference", "--no-target-directory"]).args([from, to]))?;
    }
    Ok(())
}

/// Returns the variables that are passed on, with their values.
pub(super) fn variables() -> impl Iterator<Item = (String, String)> {
    let passed = |name: &str| VARIABLES.contains(&name) || PREFIXES.iter().any(|prefix| name.starts_with(prefix));
    env::vars_os().filter_map(move |(name, value)| {
        let (name, value) = (name.into_string().ok()?, value.into_string().ok()?);
        passed(&name).then_some((name, value))
    })
}
