//! Standard output: the results of commands. Logs and warnings go to standard error.

use std::io::{self, Write};

use anyhow::{Context as _, Result};

/// Prints one or more lines. Fails if standard output is closed or full.
pub(crate) fn line(text: &str) -> Result<()> {
    write_line(&mut io::stdout().lock(), text).context("can't write to standard output")
}

/// Prints a warning on standard error.
pub(crate) fn warning(text: &str) {
    // If standard error can't be written, the result still counts.
    let _ = writeln!(io::stderr(), "boardwire: warning: {text}");
}

fn write_line(output: &mut impl Write, text: &str) -> io::Result<()> {
    writeln!(output, "{text}")?;
    output.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_written_whole() {
        let mut output = Vec::new();
        write_line(&mut output, "one\ntwo").unwrap();
        assert_eq!(output, b"one\ntwo\n");
    }

    #[test]
    fn a_full_output_is_an_error() {
        let mut full: &mut [u8] = &mut [0; 2];
        assert!(write_line(&mut full, "text").is_err());
    }
}
