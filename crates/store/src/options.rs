//! The settings of a store. Each has a default that suits one node.

use std::time::Duration;

/// How much a store may use, and how long anyone waits for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Whether a SQLite file that does not exist is made, readable by its owner alone. Default true.
    pub create: bool,
    /// Whether this is a server, of which a database has one at a time; see [`Opened::lost`](crate::Opened::lost).
    /// Default false.
    pub server: bool,
    /// Connections for reading. Default 4.
    pub readers: u32,
    /// Connections for writing on Postgres. Default 16. SQLite always has one.
    pub postgres_writers: u32,
    /// How many units of work may wait for SQLite's writer. Default 1,024; further callers wait for a place, in order,
    /// and no longer than [`wait`](Self::wait).
    pub queue: usize,
    /// How many units of work share one commit on SQLite at most. Default 128.
    pub group_units: usize,
    /// After how much time a commit on SQLite takes no further units in. Default 10 ms.
    pub group_time: Duration,
    /// How long a caller waits for a connection or a place in the queue, a unit of work for a lock, and a server for
    /// another one to end. Default 5 s.
    pub wait: Duration,
    /// How long one unit of work may run. Default 15 s. On SQLite a single statement that is interrupted may take the others
    /// of its group along.
    pub unit_time: Duration,
    /// How long one search may run. Default 2 s.
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
