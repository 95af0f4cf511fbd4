//! A bound on one server-sent event, so that a broken server can't fill this process's memory.

/// Counts the bytes of the event being received. Lines end with LF or CR LF.
#[derive(Debug)]
pub(super) struct EventSize {
    limit: usize,
    /// Bytes of the event before the current line.
    before: usize,
    /// Bytes of the current line.
    line: usize,
}

impl EventSize {
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, before: 0, line: 0 }
    }

    /// Counts a piece of the stream; returns `false` once an event is too large.
    pub(super) fn admits(&mut self, piece: &[u8]) -> bool {
        for byte in piece {
            match byte {
                b'\n' if self.line == 0 => self.before = 0,
                b'\n' => self.before += std::mem::take(&mut self.line),
                b'\r' => {}
                _ => self.line += 1,
            }
            if self.before + self.line > self.limit {
                return false;
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_event_is_counted_separately() {
        let mut size = EventSize::new(10);
        assert!(size.admits(b"data: 1234\n\n") && size.admits(b"data: 1234\r\n\r\n: ping\n\ndata:"));
        assert!(!size.admits(b" 12345"));
    }

    #[test]
    fn an_event_of_many_lines_is_one_event() {
        let mut size = EventSize::new(10);
        assert!(size.admits(b"id: 1\n"));
        assert!(!size.admits(b"data: 1\n"));
    }
}
