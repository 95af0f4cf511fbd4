//! The Postgres instance that the tests use: the one that `BOARDWIRE_TEST_POSTGRES` names, or a temporary one on a free
//! port, which all tests of the process share and which ends with the last of them.

use std::ffi::OsString;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Weak};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use rustix::process::{Pid, Signal, geteuid, kill_process};
use tempfile::TempDir;
use tokio::sync::Mutex;

use crate::eventually;
use crate::psql::psql;

/// The variable that names an instance, as the URL of a database whose user may create others.
const VARIABLE: &str = "BOARDWIRE_TEST_POSTGRES";

/// How long the instance may take to start.
const START: Duration = Duration::from_secs(60);

/// Where Debian puts the programs that are not in the path.
const DEBIAN: &str = "/usr/lib/postgresql";

/// The account that the programs run as when the tests run as root, because Postgres refuses to run as root.
const ACCOUNT: &str = "postgres";

/// A running Postgres server.
pub(crate) struct Instance {
    /// The URL before the name of a database, and what follows the name.
    base: String,
    options: String,
    admin: String,
    own: Option<Own>,
}

/// A temporary instance: its process and its folder.
struct Own {
    postmaster: Child,
    _folder: TempDir,
}

impl Instance {
    /// Returns the instance of this process, which is started if there is none.
    pub(crate) async fn shared() -> Result<Arc<Self>> {
        static CURRENT: Mutex<Weak<Instance>> = Mutex::const_new(Weak::new());
        let mut current = CURRENT.lock().await;
        if let Some(instance) = current.upgrade() {
            return Ok(instance);
        }
        let instance = Arc::new(match std::env::var(VARIABLE) {
            Ok(url) => Self::from_url(&url)?,
            Err(_) => Self::start_temporary().await.context("starting Postgres for the tests")?,
        });
        *current = Arc::downgrade(&instance);
        Ok(instance)
    }

    fn from_url(url: &str) -> Result<Self> {
        let (before, options) = match url.split_once('?') {
            Some((before, options)) => (before, format!("?{options}")),
            None => (url, String::new()),
        };
        let (base, name) = before.rsplit_once('/').with_context(|| format!("{VARIABLE} is no URL"))?;
        ensure!(!base.ends_with('/') && !name.is_empty(), "{VARIABLE} names no database");
        Ok(Self { base: base.to_owned(), options, admin: url.to_owned(), own: None })
    }

    async fn start_temporary() -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("boardwire-postgres-").tempdir()?;
        if geteuid().is_root() {
            run(Command::new("chown").arg(ACCOUNT).arg(folder.path()))?;
        }
        let data = folder.path().join("data");
        let mut initdb = as_account(&tool("initdb")?);
        initdb.arg("-D").arg(&data).args(["-U", ACCOUNT, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]);
        initdb.current_dir(folder.path());
        run(&mut initdb)?;

        let port = free_port()?;
        let log = folder.path().join("log");
        let mut postmaster = as_account(&tool("postgres")?);
        postmaster.arg("-D").arg(&data).args(["-p", &port.to_string()]).current_dir(folder.path());
        for setting in [
            "listen_addresses=127.0.0.1",
            "unix_socket_directories=",
            "max_connections=200",
            // The data need not survive a crash of the machine; the tests kill the server, never Postgres.
            "fsync=off",
        ] {
            postmaster.args(["-c", setting]);
        }
        postmaster.stdin(Stdio::null()).stdout(Stdio::null()).stderr(std::fs::File::create(&log)?);
        let postmaster = postmaster.spawn().context("starting postgres")?;

        let base = format!("postgres://{ACCOUNT}@127.0.0.1:{port}");
        let admin = format!("{base}/postgres");
        let mut instance = Self { base, options: String::new(), admin, own: Some(Own { postmaster, _folder: folder }) };
        instance.wait_until_ready(&log).await?;
        Ok(instance)
    }

    async fn wait_until_ready(&mut self, log: &Path) -> Result<()> {
        let Self { admin, own, .. } = self;
        eventually("Postgres answers", START, async || {
            if let Some(own) = own.as_mut()
                && let Some(status) = own.postmaster.try_wait()?
            {
                bail!("postgres ended with {status}: {}", std::fs::read_to_string(log).unwrap_or_default());
            }
            Ok(psql(admin, "SELECT 1").await.ok())
        })
        .await
        .map(drop)
    }

    /// Returns the URL of one of its databases.
    pub(crate) fn url(&self, name: &str) -> String {
        format!("{}/{name}{}", self.base, self.options)
    }

    /// Creates a database. If the instance supports it, the collation does not sort text as bytes: the server must not
    /// rely on the collation that an operator happens to have.
    pub(crate) async fn create_database(&self, name: &str) -> Result<()> {
        let able = "SELECT count(*) FROM pg_collation WHERE collprovider = 'i' \
                    AND current_setting('server_version_num')::int >= 150000";
        let icu = psql(&self.admin, able).await?.first().is_some_and(|row| row != &["0"]);
        let collation = if icu { "LOCALE_PROVIDER icu ICU_LOCALE 'en-US'" } else { "" };
        let create = format!("CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' {collation}");
        psql(&self.admin, &create).await.map(drop)
    }

    /// Removes a database, unless the whole instance is removed.
    pub(crate) fn drop_database(&self, name: &str) {
        if self.own.is_none() {
            let drop = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
            // An error can't be reported from `drop`; the database's name shows which process left it.
            let _ = Command::new("psql").args(["-X", "-q", "-c", &drop, &self.admin]).stdin(Stdio::null()).output();
        }
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        // SIGQUIT ends Postgres at once, and its children with it.
        let pid = i32::try_from(self.postmaster.id()).ok().and_then(Pid::from_raw);
        if pid.is_none_or(|pid| kill_process(pid, Signal::QUIT).is_err()) {
            let _ = self.postmaster.kill();
        }
        let _ = self.postmaster.wait();
    }
}

/// Returns a program of Postgres: from the path, or else the newest from where Debian puts it.
fn tool(name: &str) -> Result<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    if let Some(found) = std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file()) {
        return Ok(found);
    }
    let mut versions: Vec<(u32, PathBuf)> = std::fs::read_dir(DEBIAN)
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let folder = entry.ok()?.path();
            let version = folder.file_name()?.to_str()?.parse().ok()?;
            Some((version, folder.join("bin").join(name))).filter(|(_, file)| file.is_file())
        })
        .collect();
    versions.sort();
    versions.pop().map(|(_, file)| file).with_context(|| {
        format!("no {name} in the path or below {DEBIAN}: install PostgreSQL, or set {VARIABLE} to an instance")
    })
}

/// Returns a command that does not run as root.
fn as_account(program: &Path) -> Command {
    if !geteuid().is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    let ids: [OsString; 3] =
        [format!("--reuid={ACCOUNT}").into(), format!("--regid={ACCOUNT}").into(), "--clear-groups".into()];
    command.args(ids).arg("--").arg(program);
    command
}

fn run(command: &mut Command) -> Result<()> {
    let output = command.stdin(Stdio::null()).output().with_context(|| format!("running {command:?}"))?;
    let stderr = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{command:?} failed: {stderr}");
    Ok(())
}

/// Returns a port that was free a moment ago.
fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}
