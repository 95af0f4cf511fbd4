//! Batches on standard input, which revision 2025-03-26 allows: a line with a list of messages becomes one line for
//! each. The answers are sent back one by one, which every client accepts.

use serde_json::value::RawValue;
use tokio::io::{
    AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWriteExt as _, BufReader, DuplexStream, duplex,
};
use tokio_util::task::AbortOnDropHandle;

/// The longest line that is parsed, in bytes. A longer one is passed on as it is.
const MAX_BATCH_BYTES: u64 = 1 << 20;
/// The most bytes that are buffered until they are read.
const BUFFER_BYTES: usize = 64 << 10;

/// Returns the input with each batch split into its messages, and the task that reads it.
pub(super) fn split(input: impl AsyncRead + Send + Unpin + 'static) -> (DuplexStream, AbortOnDropHandle<()>) {
    let (mut writer, reader) = duplex(BUFFER_BYTES);
    let reading = tokio::spawn(async move {
        let mut input = BufReader::new(input);
        let mut line = Vec::new();
        let mut starts_line = true;
        while (&mut input).take(MAX_BATCH_BYTES).read_until(b'\n', &mut line).await.is_ok_and(|read| read > 0) {
            let ends_line = line.ends_with(b"\n");
            let messages = if starts_line && ends_line { messages(&line) } else { None };
            // If nobody reads any more, there is nothing left to do.
            if writer.write_all(messages.as_deref().unwrap_or(&line)).await.is_err() {
                return;
            }
            starts_line = ends_line;
            line.clear();
        }
    });
    (reader, AbortOnDropHandle::new(reading))
}

/// Returns the messages of a batch, one per line, or `None` if it is not a batch.
fn messages(line: &[u8]) -> Option<Vec<u8>> {
    if line.trim_ascii_start().first() != Some(&b'[') {
        return None;
    }
    let messages: Vec<&RawValue> =
        serde_json::from_slice(line).ok().filter(|messages: &Vec<_>| !messages.is_empty())?;
    Some(messages.iter().flat_map(|message| message.get().bytes().chain([b'\n'])).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn check(input: &[u8], expected: &[u8]) {
        let (mut output, _reading) = split(std::io::Cursor::new(input.to_vec()));
        let mut read = Vec::new();
        output.read_to_end(&mut read).await.unwrap();
        assert_eq!(read, expected, "{:?}", String::from_utf8_lossy(input));
    }

    #[tokio::test]
    async fn batches_become_lines_and_other_input_is_unchanged() {
        check(
            b"{\"id\":1}\n [{\"id\":2}, {\"id\":3}]\n{\"id\":4}\n",
            b"{\"id\":1}\n{\"id\":2}\n{\"id\":3}\n{\"id\":4}\n",
        )
        .await;
        check(b"[]\n[broken\nlast", b"[]\n[broken\nlast").await;
        let long = [vec![b' '; 3 << 20], b"[1]\n[2]\n".to_vec()].concat();
        check(&long, &[&long[..long.len() - 4], b"2\n"].concat()).await;
    }
}
