//! A server that is being measured.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::process;

const SECRET: &str = "a-secret-for-the-benchmark-alone-0123456789";
/// Settings that keep the load below the server's limits.
const NO_LIMITS: [(&str, &str); 7] = [
    ("BOARDWIRE_JWT_SECRET", SECRET),
    ("BOARDWIRE_RATE_LIMIT_MAX_REQUESTS", "10000000"),
    ("BOARDWIRE_RATE_LIMIT_BURST", "1000000"),
    ("BOARDWIRE_ACTIVITY_LIMIT_MAX_REQUESTS", "1000000"),
    ("BOARDWIRE_MAX_CONNECTIONS_PER_USER", "100000"),
    ("BOARDWIRE_HANDSHAKES_PER_MINUTE", "1000000"),
    ("BOARDWIRE_LOG", "warn"),
];

/// A running server. Dropping it ends it.
pub(crate) struct Target {
    kind: &'static str,
    server: Child,
    url: String,
    token: String,
    folder: Option<PathBuf>,
}

impl Target {
    /// Starts Boardwire on a database of its own.
    pub(crate) fn boardwire(binary: &Path, folder: &Path) -> Result<Self> {
        let _ = fs::remove_dir_all(folder);
        fs::create_dir_all(folder)?;
        let database = format!("sqlite://{}", folder.join("bench.db").display());
        let command = |arguments: &[&str]| {
            let mut command = Command::new(binary);
            command.args(arguments).args(["--database-url", &database]).envs(NO_LIMITS).current_dir(folder);
            command
        };
        process::output(&mut command(&["user", "create", "--id", "writer", "--name", "Writer"]))?;
        let token = process::output(&mut command(&["token", "issue", "--user", "writer"]))?.trim().to_owned();
        let (server, url) = start(&mut command(&["serve", "--listen", "127.0.0.1:0"]))?;
        Ok(Self { kind: "boardwire", server, url, token, folder: Some(folder.to_owned()) })
    }

    /// Starts the bare broadcast server.
    pub(crate) fn bare(binary: &Path) -> Result<Self> {
        let (server, url) = start(&mut Command::new(binary))?;
        Ok(Self { kind: "bare", server, url, token: String::new(), folder: None })
    }

    /// Runs the load generator against the server and returns its figures.
    pub(crate) fn measure(self, load: &Path, size: &str) -> Result<Value> {
        let pid = self.server.id().to_string();
        let text = process::output(Command::new(load).args([&self.url, &pid, &self.token, self.kind, size]))?;
        serde_json::from_str(&text).context("the load's result can't be read")
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        process::end(&mut self.server);
        if let Some(folder) = &self.folder {
            let _ = fs::remove_dir_all(folder);
        }
    }
}

fn start(command: &mut Command) -> Result<(Child, String)> {
    let mut server = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().context("can't start the server")?;
    let stdout = server.stdout.take().context("the server has no standard output")?;
    let mut line = String::new();
    BufReader::new(stdout).read_line(&mut line)?;
    let listening: Value = serde_json::from_str(&line).context("the server did not say where it listens")?;
    let address = listening["listening"].as_str().context("the server did not say where it listens")?;
    Ok((server, format!("http://{address}")))
}
