//! Queries databases by running programs such as psql, while others may have the databases open.

use std::process::Stdio;

use anyhow::{Context, Result, ensure};
use tokio::process::Command;

/// The separators of fields and rows in psql's output: control characters, which JSON text never contains.
const FIELD: char = '\u{1f}';
const ROW: char = '\u{1e}';

/// Returns the rows that psql prints for `sql`.
pub(crate) async fn psql(url: &str, sql: &str) -> Result<Vec<Vec<String>>> {
    let mut command = Command::new("psql");
    command.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-F", &FIELD.to_string(), "-R", &ROW.to_string()]);
    command.args(["-c", sql, url]);
    let text = output(&mut command, sql).await?;
    let text = text.strip_suffix('\n').unwrap_or(&text);
    if text.is_empty() {
        return Ok(Vec::new());
    }
    Ok(text.split(ROW).map(|row| row.split(FIELD).map(str::to_owned).collect()).collect())
}

/// Returns the output of a program that runs `sql`.
pub(crate) async fn output(command: &mut Command, sql: &str) -> Result<String> {
    let program = command.as_std().get_program().to_string_lossy().into_owned();
    let output = command.stdin(Stdio::null()).output().await.with_context(|| format!("running {program}"))?;
    let stderr = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{program} failed at {sql:?}: {stderr}");
    String::from_utf8(output.stdout).with_context(|| format!("what {program} printed"))
}
