//! Running other programs: forwarding their output line by line, capturing it, ending them.

use std::env;
use std::io::{BufRead, BufReader, IsTerminal, Read, stdout};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// Interval at which a running program's state is checked.
const POLL_INTERVAL: Duration = Duration::from_millis(50);
/// Time limit for remaining output after a program has ended: a child that it left behind may hold the pipe open.
const OUTPUT_GRACE: Duration = Duration::from_secs(2);
/// Time limit for a program to end after SIGTERM.
const TERM_GRACE: Duration = Duration::from_secs(10);

/// Runs a program to its end. It inherits the output streams, and its standard input is empty.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    println!("  $ {}", typed(command));
    let status = command.stdin(Stdio::null()).status().with_context(|| format!("cannot start {}", typed(command)))?;
    expect_success(command, status)
}

/// Runs a program to its end. Copies both its output streams to standard output, and calls `each` with each line,
/// without colours. A program that takes longer than `limit` is ended, and an error is returned.
pub(crate) fn stream(command: &mut Command, limit: Option<Duration>, mut each: impl FnMut(&str)) -> Result<ExitStatus> {
    println!("  $ {}", typed(command));
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start {}", typed(command)))?;
    let lines = merged_lines(&mut child);
    let started = Instant::now();
    let mut ended: Option<(ExitStatus, Instant)> = None;
    loop {
        match lines.recv_timeout(POLL_INTERVAL) {
            Ok(line) => {
                println!("{line}");
                each(&without_escapes(&line));
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return child.wait().context("waiting for a program"),
        }
        if let Some((status, at)) = ended {
            if at.elapsed() > OUTPUT_GRACE {
                return Ok(status);
            }
        } else if let Some(status) = child.try_wait()? {
            ended = Some((status, Instant::now()));
        } else if limit.is_some_and(|limit| started.elapsed() > limit) {
            end(&mut child);
            bail!("{} took more than {} s and was ended", typed(command), started.elapsed().as_secs());
        }
    }
}

/// Runs a program to its end and returns its standard output. If it fails, the error contains its standard error.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let output = command.stdin(Stdio::null()).output().with_context(|| format!("cannot start {}", typed(command)))?;
    if !output.status.success() {
        let stderr = String::from_utf8_lossy(&output.stderr);
        bail!("{} ended with {}: {}", typed(command), output.status, stderr.trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Returns the first line that a program prints for `--version`.
pub(crate) fn version(program: &str) -> Result<String> {
    let text = output(Command::new(program).arg("--version"))?;
    Ok(text.lines().next().unwrap_or_default().trim().to_owned())
}

/// Returns an error unless a program ended with status 0.
pub(crate) fn expect_success(command: &Command, status: ExitStatus) -> Result<()> {
    if !status.success() {
        bail!("{} ended with {status}", typed(command));
    }
    Ok(())
}

/// Searches `PATH` for a program.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    env::split_paths(&env::var_os("PATH")?).map(|folder| folder.join(program)).find(|path| path.is_file())
}

/// Sends a signal with the shell's built-in `kill` to a process, or to a process group when `target` is negative.
pub(crate) fn signal(name: &str, target: i64) -> Result<()> {
    output(Command::new("sh").args(["-c", "kill -s \"$0\" -- \"$1\"", name, &target.to_string()])).map(drop)
}

/// Waits for a program to end by itself. Returns `None` when it is still running after `limit`.
pub(crate) fn wait(child: &mut Child, limit: Duration) -> Result<Option<ExitStatus>> {
    let started = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if started.elapsed() > limit {
            return Ok(None);
        }
        thread::sleep(POLL_INTERVAL);
    }
}

/// Ends a program with SIGTERM, and with SIGKILL if it does not end in time. Errors are ignored: the caller is done
/// with it.
pub(crate) fn end(child: &mut Child) {
    let asked = signal("TERM", child.id().into()).and_then(|()| wait(child, TERM_GRACE));
    if !matches!(asked, Ok(Some(_))) {
        let _ = child.kill();
        let _ = child.wait();
    }
}

/// Returns whether programs may print colours: standard output is a terminal, and `NO_COLOR` is not set.
pub(crate) fn allows_colours() -> bool {
    stdout().is_terminal() && env::var_os("NO_COLOR").is_none()
}

/// Returns the lines of both output streams of a program, in the order in which they arrive.
fn merged_lines(child: &mut Child) -> Receiver<String> {
    let (sender, lines) = channel();
    if let Some(stream) = child.stdout.take() {
        forward(stream, sender.clone());
    }
    if let Some(stream) = child.stderr.take() {
        forward(stream, sender);
    }
    lines
}

fn forward(stream: impl Read + Send + 'static, lines: Sender<String>) {
    thread::spawn(move || {
        let mut reader = BufReader::new(stream);
        let mut line = Vec::new();
        while matches!(reader.read_until(b'\n', &mut line), Ok(length) if length > 0) {
            let text = String::from_utf8_lossy(&line);
            if lines.send(text.trim_end_matches(['\n', '\r']).to_owned()).is_err() {
                return;
            }
            line.clear();
        }
    });
}

/// Returns a command as it would be typed.
fn typed(command: &Command) -> String {
    let program = PathBuf::from(command.get_program());
    let name = program.file_name().unwrap_or(command.get_program()).to_string_lossy().into_owned();
    let words = command.get_args().map(|argument| argument.to_string_lossy().into_owned());
    std::iter::once(name).chain(words).collect::<Vec<_>>().join(" ")
}

/// Returns a line without terminal escapes (`ESC [ … letter`).
fn without_escapes(line: &str) -> String {
    let mut text = String::with_capacity(line.len());
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        if character == '\u{1b}' {
            let _ = characters.find(char::is_ascii_alphabetic);
        } else {
            text.push(character);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn lines_of_both_streams_are_passed_on_without_colours() {
        let mut lines = Vec::new();
        let script = r"printf '\033[32mgreen\033[0m\n'; echo plain >&2; exit 3";
        let status = stream(&mut shell(script), None, |line| lines.push(line.to_owned())).unwrap();
        lines.sort();
        assert_eq!(lines, ["green", "plain"]);
        assert_eq!(status.code(), Some(3));
    }

    #[test]
    fn a_program_that_exceeds_its_limit_is_ended() {
        let error = stream(&mut shell("exec sleep 60"), Some(Duration::from_millis(100)), |_| {}).unwrap_err();
        assert!(error.to_string().contains("was ended"), "{error}");
    }

    #[test]
    fn a_child_left_behind_does_not_block() {
        let started = Instant::now();
        stream(&mut shell("sleep 20 & echo done"), None, |_| {}).unwrap();
        assert!(started.elapsed() < Duration::from_secs(10));
    }

    #[test]
    fn an_error_contains_what_the_program_printed() {
        let error = output(&mut shell("echo no such board >&2; exit 1")).unwrap_err();
        assert!(error.to_string().contains("no such board"), "{error}");
    }
}
