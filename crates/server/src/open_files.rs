//! How many files and connections the system lets this process have open.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Files beside the connections: the database, its readers, attachments that are read or written.
const OTHERS: usize = 256;

/// Raises the limit as far as the system lets everybody, and says for how many connections there is room: `wanted`, or
/// fewer.
pub(crate) fn room_for(wanted: usize) -> usize {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    // What can't be raised stays as it is.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
    let Some(files) = getrlimit(Resource::Nofile).current else { return wanted };
    let files = usize::try_from(files).unwrap_or(usize::MAX);
    // With very few files connections get half of them, at least one.
    files.saturating_sub(OTHERS).max(files / 2).max(1).min(wanted)
}
