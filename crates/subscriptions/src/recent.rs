//! The last events of a channel: for sockets that resume soon, and for replays, which have to catch up while more
//! events are committed.

use std::{collections::VecDeque, sync::Arc};

use boardwire_protocol::Seq;
use boardwire_services::storage::LogEntry;

/// How many events are kept. Older ones are read from the log.
const KEPT: usize = 256;
/// How many events are kept during a replay. Those committed while a page of the log is read must still be here
/// afterwards, or the replay might never catch up. Fewer than a connection's queue holds.
const KEPT_FOR_REPLAY: usize = 4096;
/// The most bytes of all events kept, if they are more than [`KEPT`].
const KEPT_FOR_REPLAY_BYTES: usize = 16 * 1024 * 1024;

#[derive(Default)]
pub(crate) struct Recent {
    entries: VecDeque<Arc<LogEntry>>,
    bytes: usize,
    /// How many replays are in progress.
    replays: usize,
}

impl Recent {
    pub(crate) fn push(&mut self, entry: Arc<LogEntry>) {
        self.bytes += size(&entry);
        self.entries.push_back(entry);
        self.trim();
    }

    /// Returns the events after `cursor`, if all of them are here. `delivered` is the last event of the channel.
    pub(crate) fn after(&self, cursor: Seq, delivered: Seq) -> Option<impl Iterator<Item = &Arc<LogEntry>>> {
        let oldest = self.entries.front().map_or(delivered.next(), |entry| entry.seq);
        (cursor.next() >= oldest).then(|| self.entries.iter().filter(move |entry| entry.seq > cursor))
    }

    /// Forgets all events, because the next one does not follow them without a gap.
    pub(crate) fn clear(&mut self) {
        self.entries.clear();
        self.bytes = 0;
    }

    /// Keeps more events until [`end_replay`](Self::end_replay).
    pub(crate) fn begin_replay(&mut self) {
        self.replays += 1;
    }

    pub(crate) fn end_replay(&mut self) {
        self.replays -= 1;
        self.trim();
    }

    fn trim(&mut self) {
        let too_many = |recent: &Self| match recent.entries.len() {
            ..=KEPT => false,
            count => recent.replays == 0 || count > KEPT_FOR_REPLAY || recent.bytes > KEPT_FOR_REPLAY_BYTES,
        };
        while too_many(self) {
            self.bytes -= self.entries.pop_front().map_or(0, |entry| size(&entry));
        }
    }
}

fn size(entry: &LogEntry) -> usize {
    entry.envelope.get().len()
}
