//! A Postgres server for the tests: a new cluster in a temporary folder, on a free loopback port. Dropping the guard
//! stops and removes it.
//!
//! A shell script that runs between this process and the server reads from a pipe that this process keeps open. When
//! the pipe is closed, because the guard was dropped or this process has ended, the script stops the server and removes
//! the folder.

use std::env;
use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{self, Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::process::{find, output, signal, wait};

/// The folder in which Debian keeps the server's programs, with a folder for each major version.
const DEBIAN_FOLDER: &str = "/usr/lib/postgresql";
/// Time limit for a new server to be ready, on a busy machine.
const READY_LIMIT: Duration = Duration::from_secs(60);
/// Time limit for the script to stop the server and remove the folder.
const STOP_LIMIT: Duration = Duration::from_secs(15);

/// `$@` is the server's command line. The server is stopped without a last checkpoint, because its data is discarded.
const WATCH: &str = r#"
"$@" >postgres.log 2>&1 </dev/null &
server=$!
cat >/dev/null
kill -QUIT "$server" 2>/dev/null
wait "$server"
cd / && rm -rf "$FOLDER"
"#;

/// A running server. Dropping it stops the server and removes its data.
pub(crate) struct Postgres {
    folder: PathBuf,
    port: u16,
    watch: Child,
}

impl Postgres {
    /// Starts a server and returns once it accepts connections.
    pub(crate) fn start() -> Result<Self> {
        let programs = programs().context("no Postgres server programs (initdb, postgres) on this machine")?;
        let account = Account::for_the_server()?;
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let folder = new_folder(port, account)?;
        let started =
            initialise(&programs, &folder, account).and_then(|()| serve(&programs, folder.clone(), port, account));
        if started.is_err() {
            let _ = fs::remove_dir_all(&folder);
        }
        let server = started?;
        server.wait_until_ready()?;
        Ok(server)
    }

    /// Returns the URL of the server's first database, as its superuser.
    pub(crate) fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    /// Waits for `ready` in the server's pid file, as `pg_ctl` does. It is written once the server accepts connections.
    fn wait_until_ready(&self) -> Result<()> {
        let started = Instant::now();
        while started.elapsed() < READY_LIMIT {
            let status = fs::read_to_string(self.folder.join("data/postmaster.pid")).unwrap_or_default();
            if status.lines().last().is_some_and(|line| line.trim() == "ready") {
                return Ok(());
            }
            thread::sleep(Duration::from_millis(50));
        }
        let log = fs::read_to_string(self.folder.join("postgres.log")).unwrap_or_default();
        bail!("Postgres was not ready within {} s; it said:\n{log}", READY_LIMIT.as_secs())
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        drop(self.watch.stdin.take());
        if !matches!(wait(&mut self.watch, STOP_LIMIT), Ok(Some(_))) {
            let _ = signal("KILL", -i64::from(self.watch.id()));
            let _ = self.watch.wait();
        }
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Returns the folder with `initdb` and `postgres`: Debian's newest, otherwise the one on `PATH`.
pub(crate) fn programs() -> Option<PathBuf> {
    let major = |folder: &Path| folder.file_name()?.to_str()?.parse::<u32>().ok();
    let debian = fs::read_dir(DEBIAN_FOLDER)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|folder| folder.join("bin/initdb").is_file() && folder.join("bin/postgres").is_file())
        .max_by_key(|folder| major(folder))
        .map(|folder| folder.join("bin"));
    debian.or_else(|| {
        let folder = fs::canonicalize(find("initdb")?).ok()?.parent()?.to_owned();
        folder.join("postgres").is_file().then_some(folder)
    })
}

/// The user and group ids that the server runs as.
#[derive(Clone, Copy)]
struct Account {
    user: u32,
    group: u32,
}

impl Account {
    /// If this process is root, returns the account that Debian's package creates, because Postgres refuses to run as
    /// root. Otherwise returns `None`.
    fn for_the_server() -> Result<Option<Self>> {
        if id(&["-u"])? != 0 {
            return Ok(None);
        }
        let user = id(&["-u", "postgres"]).context("Postgres does not run as root, and there is no user postgres")?;
        Ok(Some(Self { user, group: id(&["-g", "postgres"])? }))
    }
}

fn id(arguments: &[&str]) -> Result<u32> {
    output(Command::new("id").args(arguments))?.trim().parse().context("id did not print a number")
}

fn new_folder(port: u16, account: Option<Account>) -> Result<PathBuf> {
    let folder = env::temp_dir().join(format!("boardwire-postgres-{}-{port}", process::id()));
    fs::create_dir(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    if let Some(Account { user, group }) = account {
        chown(&folder, Some(user), Some(group)).with_context(|| format!("cannot hand over {}", folder.display()))?;
    }
    Ok(folder)
}

/// Returns the command for one of the server's programs, run as the server's user and without `PG…` variables, which
/// may be meant for another server.
fn program(path: &Path, folder: &Path, account: Option<Account>) -> Command {
    let mut command = Command::new(path);
    command.current_dir(folder).env("FOLDER", folder);
    for (name, _) in env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("PG")) {
        command.env_remove(name);
    }
    if let Some(Account { user, group }) = account {
        command.uid(user).gid(group);
    }
    command
}

fn initialise(programs: &Path, folder: &Path, account: Option<Account>) -> Result<()> {
    let mut command = program(&programs.join("initdb"), folder, account);
    command.args(["--pgdata", "data", "--username", "postgres", "--auth", "trust"]);
    command.args(["--encoding", "UTF8", "--locale", "C", "--no-sync"]);
    output(&mut command).map(drop)
}

fn serve(programs: &Path, folder: PathBuf, port: u16, account: Option<Account>) -> Result<Postgres> {
    let mut command = program(Path::new("sh"), &folder, account);
    command.args(["-c", WATCH, "watch"]).arg(programs.join("postgres")).args(["-D", "data"]);
    command.args(["-p", &port.to_string(), "-c", "listen_addresses=127.0.0.1", "-c", "fsync=on"]);
    command.args(["-c", "max_connections=200", "-c"]);
    command.arg(format!("unix_socket_directories={}", folder.display()));
    // A group of its own, so that an interrupt from the keyboard reaches this process first and the shell can still
    // clean up.
    let watch = command.process_group(0).stdin(Stdio::piped()).spawn().context("cannot start Postgres")?;
    Ok(Postgres { folder, port, watch })
}

#[cfg(test)]
mod tests {
    use std::net::TcpStream;

    use super::*;

    #[test]
    fn a_server_answers_until_it_is_dropped() {
        let server = Postgres::start().unwrap();
        let (port, folder) = (server.port, server.folder.clone());
        TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
        drop(server);
        assert!(!folder.exists(), "{} is left", folder.display());
        TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap_err();
    }
}
