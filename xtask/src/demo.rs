//! Checks that the README's first command works: the demo starts, answers, and exits cleanly on SIGTERM.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::process::{end, signal, wait};
use crate::workspace::Workspace;

/// The address to listen on: a free port of the loopback interface.
pub(crate) const LISTEN_ANY_PORT: &str = "127.0.0.1:0";
/// Time limit for the demo to print its address.
const START_LIMIT: Duration = Duration::from_secs(30);
/// Time limit for one HTTP answer.
const ANSWER_LIMIT: Duration = Duration::from_secs(5);
/// Time limit for the server to end after SIGTERM.
const STOP_LIMIT: Duration = Duration::from_secs(10);

/// Runs the README's first command, on a free port.
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    fs::create_dir_all(workspace.scratch())?;
    let mut command = workspace.cargo(&["run", "--quiet", "--release", "--", "demo"]);
    command.env("BOARDWIRE_LISTEN", LISTEN_ANY_PORT);
    smoke_test(command, &workspace.scratch().join("demo.log"))
}

/// Starts a command that becomes the server process, checks that it answers, and stops it. Its standard error goes to
/// the file `log`, which is printed when a check fails.
pub(crate) fn smoke_test(command: Command, log: &Path) -> Result<()> {
    let result = start_check_stop(command, log);
    if result.is_err() {
        print!("{}", fs::read_to_string(log).unwrap_or_default());
    }
    result
}

fn start_check_stop(mut command: Command, log: &Path) -> Result<()> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(File::create(log)?);
    let mut demo = Demo(command.spawn().context("cannot start the demo")?);
    let stdout = demo.0.stdout.take().context("the demo has no standard output")?;
    let address = read_address(stdout)?;
    println!("  listening on {address}");
    let status = status_line(&address, "/healthz").with_context(|| format!("GET http://{address}/healthz"))?;
    println!("  GET /healthz: {status}");
    if !status.contains(" 200 ") {
        bail!("GET /healthz answered {status}");
    }
    signal("TERM", demo.0.id().into())?;
    let asked = Instant::now();
    let ended = wait(&mut demo.0, STOP_LIMIT)?
        .with_context(|| format!("still running {} s after SIGTERM", STOP_LIMIT.as_secs()))?;
    println!("  ended {:.1} s after SIGTERM", asked.elapsed().as_secs_f64());
    if ended.code() != Some(0) {
        bail!("ended with {ended} after SIGTERM");
    }
    Ok(())
}

/// The running demo, ended when dropped.
struct Demo(Child);

impl Drop for Demo {
    fn drop(&mut self) {
        if !matches!(self.0.try_wait(), Ok(Some(_))) {
            end(&mut self.0);
        }
    }
}

/// Waits for the line that says where the server listens, and returns the address. The rest of the output is read and
/// discarded, so that the server never blocks on a full pipe.
fn read_address(stdout: ChildStdout) -> Result<String> {
    let (sender, addresses) = channel();
    thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            if let Some(address) = listen_address(&line) {
                let _ = sender.send(address);
            }
        }
    });
    addresses.recv_timeout(START_LIMIT).map_err(|error| match error {
        RecvTimeoutError::Timeout => anyhow::anyhow!("printed no address within {} s", START_LIMIT.as_secs()),
        RecvTimeoutError::Disconnected => anyhow::anyhow!("ended before it printed an address"),
    })
}

fn listen_address(line: &str) -> Option<String> {
    let value: Value = serde_json::from_str(line).ok()?;
    value.get("listening")?.as_str().map(str::to_owned)
}

/// Sends a GET request and returns the answer's status line.
fn status_line(address: &str, path: &str) -> Result<String> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(ANSWER_LIMIT))?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer).lines().next().unwrap_or("nothing").to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_read_only_from_the_line_that_has_it() {
        assert_eq!(listen_address(r#"{"listening":"127.0.0.1:3456"}"#).as_deref(), Some("127.0.0.1:3456"));
        assert_eq!(listen_address("open http://127.0.0.1:3456/"), None);
        assert_eq!(listen_address(r#"{"board":"b1"}"#), None);
    }
}
