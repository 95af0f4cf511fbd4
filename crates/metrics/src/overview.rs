//! The overview for operators: the connections, the activity, and the latest errors.

use std::collections::BTreeMap;

use boardwire_protocol::{BoardId, Timestamp, UserId};
use serde::Serialize;

use crate::{Counts, Incident, Metrics, Sample, SlowConsumer, TransportKind, exposition::resident_memory};

/// The most users and the most boards that the overview lists.
const MAX_USERS: usize = 100;
const MAX_BOARDS: usize = 10;

/// The overview of one node.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Overview {
    /// When the server started.
    pub started_at: Timestamp,
    /// When this overview was taken.
    pub at: Timestamp,
    /// Connections, by door.
    pub connections: BTreeMap<&'static str, usize>,
    /// The counts since the start.
    pub totals: Counts,
    /// The last minute, second by second, the newest last.
    pub history: Vec<Sample>,
    /// How many users are connected.
    pub users_connected: usize,
    /// The users who are connected or have called within the last minute: the busiest, at most 100.
    pub users: Vec<UserActivity>,
    /// The boards with the most events within the last minute, at most 10.
    pub boards: Vec<BoardActivity>,
    /// Connections that were ended because they did not keep up, the newest first.
    pub slow: Vec<SlowConsumer>,
    /// Warnings and errors of the log, the newest first.
    pub incidents: Vec<Incident>,
    /// The memory of the process in bytes, where the system reports it.
    pub memory: Option<u64>,
}

/// The activity of one user.
#[derive(Debug, Serialize)]
pub struct UserActivity {
    /// The user's id.
    pub id: UserId,
    /// The user's name; `None` if the hub has no socket of the user.
    pub name: Option<String>,
    /// Connections, by door.
    pub connections: BTreeMap<&'static str, usize>,
    /// When the oldest connection began.
    pub since: Option<Timestamp>,
    /// Commands and requests within the last minute.
    pub calls: u64,
}

/// The activity on one board.
#[derive(Debug, Serialize)]
pub struct BoardActivity {
    /// The board's id.
    pub id: BoardId,
    /// The board's name, if it could be read.
    pub name: Option<String>,
    /// Events within the last minute.
    pub events: u64,
    /// How many users have the board open.
    pub viewers: usize,
}

/// A user who is connected to this node.
#[derive(Debug)]
pub struct ConnectedUser {
    /// The user's id.
    pub id: UserId,
    /// How many connections there are of each kind.
    pub connections: BTreeMap<TransportKind, usize>,
    /// When the oldest connection began.
    pub since: Option<Timestamp>,
}

impl Metrics {
    /// Returns the overview, given the connected users. The boards have no names yet.
    #[must_use]
    pub fn overview(&self, connected: Vec<ConnectedUser>) -> Overview {
        let mut connections: BTreeMap<_, _> = TransportKind::ALL.into_iter().map(|door| (door.name(), 0)).collect();
        for (door, count) in connected.iter().flat_map(|user| &user.connections) {
            *connections.entry(door.name()).or_default() += count;
        }
        let (history, slow) = self.recent().history();
        Overview {
            started_at: self.started_at,
            at: self.clock.now(),
            connections,
            totals: self.counts(),
            history,
            users_connected: connected.len(),
            users: self.users(connected),
            boards: self.hub.busiest_boards(MAX_BOARDS).into_iter().map(|board| self.board(board)).collect(),
            slow,
            incidents: self.incidents.recent(),
            memory: resident_memory(),
        }
    }

    fn board(&self, (id, events): (BoardId, u64)) -> BoardActivity {
        let viewers = self.hub.viewers(&id, None).len();
        BoardActivity { id, name: None, events, viewers }
    }

    /// Returns the busiest of the users who are connected or have called.
    fn users(&self, connected: Vec<ConnectedUser>) -> Vec<UserActivity> {
        let mut calls = self.recent().calls(self.clock.monotonic());
        let mut users: Vec<_> = connected
            .into_iter()
            .map(|ConnectedUser { id, connections, since }| {
                let connections = connections.into_iter().map(|(door, count)| (door.name(), count)).collect();
                let calls = calls.remove(&id).unwrap_or_default();
                UserActivity { id, name: None, connections, since, calls }
            })
            .collect();
        users.extend(calls.into_iter().map(|(id, calls)| UserActivity {
            id,
            name: None,
            connections: BTreeMap::new(),
            since: None,
            calls,
        }));
        users.sort_by(|one, other| other.calls.cmp(&one.calls).then_with(|| one.id.cmp(&other.id)));
        users.truncate(MAX_USERS);
        for user in &mut users {
            let socket = self.hub.sockets_of(&user.id).into_iter().next();
            user.name = socket.map(|socket| socket.caller().principal().name.clone());
        }
        users
    }
}
