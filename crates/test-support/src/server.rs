//! The real program as a child process: it is started on a free port, prints its address, and is killed or drained.

use std::collections::{BTreeMap, VecDeque};
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use crate::deadline::{PATIENCE, eventually, within};
use crate::token::JWT_SECRET;
use crate::{Database, binary};

/// How long the server may take to start listening.
const START: Duration = Duration::from_secs(60);

/// How long the server may take to drain.
const DRAIN: Duration = Duration::from_secs(60);

/// How many lines of its log are kept for error messages.
const LOG_LINES: usize = 200;

/// The settings that every test server is started with; a test may override each. Limits are set high here, and the
/// tests of limits set them back.
const SETTINGS: &[(&str, &str)] = &[
    ("BOARDWIRE_LISTEN", "127.0.0.1:0"),
    ("BOARDWIRE_JWT_SECRET", JWT_SECRET),
    ("BOARDWIRE_RATE_LIMIT_MAX_REQUESTS", "1000000"),
    ("BOARDWIRE_RATE_LIMIT_BURST", "1000000"),
    ("BOARDWIRE_ACTIVITY_LIMIT_MAX_REQUESTS", "1000000"),
    ("BOARDWIRE_HANDSHAKES_PER_MINUTE", "1000000"),
    ("BOARDWIRE_FAILED_HANDSHAKES_PER_MINUTE", "1000000"),
    ("BOARDWIRE_LOGINS_PER_MINUTE", "1000000"),
    // Within any machine's limit on open files, so that no warning is logged.
    ("BOARDWIRE_MAX_CONNECTIONS", "2000"),
];

/// The settings of the program.
#[derive(Default)]
struct Settings {
    variables: BTreeMap<String, Option<String>>,
    /// How many files it may have open: the soft and the hard limit.
    open_files: Option<(u32, u32)>,
}

/// A server to be started.
pub struct ServerBuilder {
    database: Arc<Database>,
    settings: Settings,
    log: Log,
}

impl ServerBuilder {
    /// Sets this environment variable.
    #[must_use]
    pub fn set(mut self, variable: &str, value: &str) -> Self {
        self.settings.variables.insert(variable.to_owned(), Some(value.to_owned()));
        self
    }

    /// Removes this environment variable, so that the server's own default applies.
    #[must_use]
    pub fn unset(mut self, variable: &str) -> Self {
        self.settings.variables.insert(variable.to_owned(), None);
        self
    }

    /// Limits its open files to `soft`, and to `hard` if it raises the limit.
    #[must_use]
    pub fn open_files(mut self, soft: u32, hard: u32) -> Self {
        self.settings.open_files = Some((soft, hard));
        self
    }

    /// Keeps its whole log, however long.
    #[must_use]
    pub fn keep_whole_log(mut self) -> Self {
        self.log.most = usize::MAX;
        self
    }

    /// Starts it, and waits until it is listening.
    ///
    /// # Errors
    /// It has not been built, ends at once, or does not listen in time.
    pub async fn start(self) -> Result<Server> {
        let running = Some(Running::start(&self.database, &self.settings, &self.log).await?);
        Ok(Server { database: self.database, settings: self.settings, log: self.log, running })
    }
}

/// A running server. Dropping it kills it.
pub struct Server {
    database: Arc<Database>,
    settings: Settings,
    log: Log,
    running: Option<Running>,
}

/// The last lines of a server's log.
#[derive(Clone)]
struct Log {
    lines: Arc<Mutex<VecDeque<String>>>,
    most: usize,
}

impl Default for Log {
    fn default() -> Self {
        Self { lines: Arc::default(), most: LOG_LINES }
    }
}

impl Log {
    fn text(&self) -> String {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.iter().fold(String::new(), |text, line| text + line + "\n")
    }

    /// Keeps the lines that are written; older ones are dropped.
    async fn keep(self, stderr: impl AsyncRead + Unpin) {
        let mut written = BufReader::new(stderr).lines();
        while let Ok(Some(line)) = written.next_line().await {
            let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
            if lines.len() == self.most {
                lines.pop_front();
            }
            lines.push_back(line);
        }
    }
}

struct Running {
    child: Child,
    address: String,
    /// Kept open: a server that writes to a closed pipe would end.
    _stdout: Lines<BufReader<ChildStdout>>,
}

impl Server {
    /// Starts a server with the usual settings of a test.
    ///
    /// # Errors
    /// As [`ServerBuilder::start`].
    pub async fn start(database: &Arc<Database>) -> Result<Self> {
        Self::builder(database).start().await
    }

    /// Returns a builder for a server on this database, to change its settings.
    #[must_use]
    pub fn builder(database: &Arc<Database>) -> ServerBuilder {
        let variables = SETTINGS.iter().map(|(name, value)| ((*name).to_owned(), Some((*value).to_owned()))).collect();
        let settings = Settings { variables, open_files: None };
        ServerBuilder { database: Arc::clone(database), settings, log: Log::default() }
    }

    /// Returns its address: `http://127.0.0.1:PORT`. Each [`restart`](Self::restart) changes the port.
    #[must_use]
    pub fn url(&self) -> String {
        self.running.as_ref().map(|running| format!("http://{}", running.address)).unwrap_or_default()
    }

    /// Returns the end of its log, for error messages; the whole log after
    /// [`keep_whole_log`](ServerBuilder::keep_whole_log).
    #[must_use]
    pub fn log(&self) -> String {
        self.log.text()
    }

    /// Waits until its log contains this. Its lines come through a pipe, later than the answers that they concern.
    ///
    /// # Errors
    /// The deadline passed; the error contains the log.
    pub async fn wait_for_log(&self, text: &str) -> Result<()> {
        let logged = eventually(text, PATIENCE, async || Ok(self.log().contains(text).then_some(()))).await;
        logged.with_context(|| format!("in the log:\n{}", self.log()))
    }

    /// Kills it as a power cut would (SIGKILL), and waits until it is gone.
    ///
    /// # Errors
    /// It is not running.
    pub async fn kill9(&mut self) -> Result<()> {
        let mut running = self.running.take().context("the server is not running")?;
        running.child.kill().await.context("killing the server")
    }

    /// Asks it to drain (SIGTERM) and waits for its exit status.
    ///
    /// # Errors
    /// It is not running, or does not end in time.
    pub async fn terminate(&mut self) -> Result<ExitStatus> {
        self.ask_to_drain()?;
        let mut running = self.running.take().context("the server is not running")?;
        let ended = within("the server's end after SIGTERM", DRAIN, running.child.wait()).await;
        ended.with_context(|| format!("the server's log:\n{}", self.log()))?.context("waiting for the server")
    }

    /// Sends SIGTERM without waiting; [`terminate`](Self::terminate) may follow.
    ///
    /// # Errors
    /// It is not running.
    pub fn ask_to_drain(&self) -> Result<()> {
        let pid = i32::try_from(self.pid()?).ok().and_then(Pid::from_raw).context("a process id out of range")?;
        kill_process(pid, Signal::TERM).context("sending SIGTERM")
    }

    /// Starts it again on the same database, with the same settings.
    ///
    /// # Errors
    /// As [`ServerBuilder::start`], or it is still running.
    pub async fn restart(&mut self) -> Result<()> {
        ensure!(self.running.is_none(), "the server is still running");
        self.running = Some(Running::start(&self.database, &self.settings, &self.log).await?);
        Ok(())
    }

    /// Returns whether the process exists.
    ///
    /// # Errors
    /// The operating system can't say.
    pub fn alive(&mut self) -> Result<bool> {
        match &mut self.running {
            Some(running) => Ok(running.child.try_wait()?.is_none()),
            None => Ok(false),
        }
    }

    /// Returns its resident memory in KiB.
    ///
    /// # Errors
    /// It is not running.
    pub fn rss_kib(&self) -> Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid()?))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
        Ok(line.trim().trim_end_matches(" kB").parse()?)
    }

    /// Returns how many files and sockets it has open.
    ///
    /// # Errors
    /// It is not running.
    pub fn fd_count(&self) -> Result<usize> {
        Ok(std::fs::read_dir(format!("/proc/{}/fd", self.pid()?))?.count())
    }

    /// Returns how many sockets it has open.
    ///
    /// # Errors
    /// It is not running.
    pub fn socket_count(&self) -> Result<usize> {
        let entries = std::fs::read_dir(format!("/proc/{}/fd", self.pid()?))?;
        // A descriptor that was closed since the listing has no target any more.
        let targets = entries.filter_map(|entry| std::fs::read_link(entry.ok()?.path()).ok());
        Ok(targets.filter(|target| target.to_string_lossy().starts_with("socket:")).count())
    }

    /// Runs one of the program's own commands on this server's database, as an operator does, with this standard input.
    /// Returns its output, which is JSON.
    ///
    /// # Errors
    /// The command fails; the error contains its standard error.
    pub async fn run(&self, arguments: &[&str], stdin: &str) -> Result<Value> {
        let mut command = program(&self.database, &self.settings)?;
        command.args(arguments).arg("--json").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().context("starting boardwire")?;
        // A command that reads nothing may already be gone.
        let _ = child.stdin.take().context("no standard input")?.write_all(stdin.as_bytes()).await;
        let output = child.wait_with_output().await.context("running boardwire")?;
        let stderr = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "`boardwire {}` failed: {stderr}", arguments.join(" "));
        serde_json::from_slice(&output.stdout).context("reading what boardwire printed")
    }

    /// Creates a user.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub async fn create_user(&self, id: &str, name: &str, permissions: &str) -> Result<Value> {
        self.run(&["user", "create", "--id", id, "--name", name, "--permissions", permissions], "").await
    }

    /// Returns its process id.
    ///
    /// # Errors
    /// It is not running.
    pub fn pid(&self) -> Result<u32> {
        self.running.as_ref().and_then(|running| running.child.id()).context("the server is not running")
    }
}

impl Running {
    async fn start(database: &Database, settings: &Settings, log: &Log) -> Result<Self> {
        let mut command = program(database, settings)?;
        command.args(["serve", "--database-url", database.url()]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).stdin(Stdio::null()).kill_on_drop(true);
        let mut child = command.spawn().context("starting boardwire")?;
        let stderr = child.stderr.take().context("no standard error")?;
        let keeping = tokio::spawn(log.clone().keep(stderr));
        let mut stdout = BufReader::new(child.stdout.take().context("no standard output")?).lines();
        let line = within("the address that it prints", START, stdout.next_line()).await;
        let line = line.and_then(|line| line?.context("it ended without printing an address"));
        let address = line.and_then(|line| {
            let value: Value = serde_json::from_str(&line).with_context(|| format!("it printed {line:?}"))?;
            value["listening"].as_str().map(str::to_owned).with_context(|| format!("no `listening` in {line:?}"))
        });
        match address {
            // A server that listens on all addresses is reached at this machine's.
            Ok(address) => Ok(Self { child, address: address.replace("0.0.0.0", "127.0.0.1"), _stdout: stdout }),
            Err(error) => {
                // The log's last lines say why.
                let _ = child.kill().await;
                keeping.await.context("reading the log of boardwire")?;
                Err(error.context(format!("starting boardwire; its log:\n{}", log.text())))
            }
        }
    }
}

/// Returns the program with its settings in the environment, and without the caller's own `BOARDWIRE_*`.
fn program(database: &Database, settings: &Settings) -> Result<Command> {
    let mut command = match settings.open_files {
        Some((soft, hard)) => {
            let mut shell = Command::new("sh");
            shell.args(["-c", &format!("ulimit -Sn {soft} && ulimit -Hn {hard} && exec \"$0\" \"$@\"")]);
            shell.arg(binary::boardwire()?);
            shell
        }
        None => Command::new(binary::boardwire()?),
    };
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("BOARDWIRE_") {
            command.env_remove(name);
        }
    }
    command.env("BOARDWIRE_DATABASE_URL", database.url());
    // A folder without a boardwire.toml.
    command.current_dir(database.folder());
    for (name, value) in &settings.variables {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    Ok(command)
}
