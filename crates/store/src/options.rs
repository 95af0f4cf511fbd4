//! The settings of a store, with defaults for a single node.

use std::time::Duration;

/// How much a store may use, and how long calls wait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Whether to create a SQLite file that does not exist, readable by its owner alone. Default true.
    pub create: bool,
    /// Whether this is a server; a database has one at a time. See `Opened::lost`. Default false.
    pub server: bool,
    /// The number of connections for reading. Default 4.
    pub readers: u32,
    /// The number of connections for writing on Postgres. Default 16. SQLite always has one.
    pub postgres_writers: u32,
    /// How many units of work may be queued for SQLite's writer. Default 1,024. Further callers wait, in order, for at
    /// most [`wait`](Self::wait).
    pub queue: usize,
    /// The most units of work that share a commit on SQLite. Default 128.
    pub group_units: usize,
    /// For how long a commit on SQLite takes in further units after the first one began. Default 10 ms.
    pub group_time: Duration,
    /// How long a caller waits for a connection or for room in the queue, a unit of work for a lock, and a server for
    /// another one to end. Default 5 s.
    pub wait: Duration,
    /// How long a unit of work may run. Default 15 s. If this interrupts a statement on SQLite, the other units that
    /// share the commit may fail too.
    pub unit_time: Duration,
    /// How long a search may run. Default 2 s.
    pub search_time: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            create: true,
            server: false,
            readers: 4,
            postgres_writers: 16,
            queue: 1024,
            group_units: 128,
            group_time: Duration::from_millis(10),
            wait: Duration::from_secs(5),
            unit_time: Duration::from_secs(15),
            search_time: Duration::from_secs(2),
        }
    }
}
