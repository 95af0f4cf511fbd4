//! How many files and connections the operating system lets this process have open.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// How many files are needed besides the connections: the database, its readers, attachments being read or written.
const RESERVED: usize = 256;

/// Raises the limit of open files as far as the operating system allows. Returns how many connections that leaves room
/// for: `wanted`, or fewer.
pub(crate) fn raise_limit(wanted: usize) -> usize {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    // If the limit can't be raised, it stays as it is.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
    let Some(files) = getrlimit(Resource::Nofile).current else { return wanted };
    let files = usize::try_from(files).unwrap_or(usize::MAX);
    // With very few files, connections get half of them, but at least one.
    files.saturating_sub(RESERVED).max(files / 2).max(1).min(wanted)
}
