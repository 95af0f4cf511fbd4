//! What an operator sees: who is connected and how, what is going on, and what went wrong lately.

use std::collections::BTreeMap;

use boardwire_protocol::{BoardId, Timestamp, UserId};
use serde::Serialize;

use crate::{Counts, Incident, Metrics, Sample, SlowConsumer, TransportKind, exposition::resident_memory};

/// Users and boards that are listed at most.
const USERS: usize = 100;
const BOARDS: usize = 10;

/// What an operator sees of one node.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Overview {
    /// When the server began.
    pub started_at: Timestamp,
    /// When this was looked at.
    pub at: Timestamp,
    /// Connections, by door.
    pub connections: BTreeMap<&'static str, usize>,
    /// What has been counted since the start.
    pub totals: Counts,
    /// The last minute, second by second, the latest last.
    pub history: Vec<Sample>,
    /// How many users are connected.
    pub users_connected: usize,
    /// Those who are connected or have called within the last minute: the busiest, at most 100.
    pub users: Vec<UserActivity>,
    /// The boards with most events within the last minute, at most 10.
    pub boards: Vec<BoardActivity>,
    /// Connections that were ended because they did not keep up, the latest first.
    pub slow: Vec<SlowConsumer>,
    /// Warnings and errors of the log, the latest first.
    pub incidents: Vec<Incident>,
    /// Memory of the process in bytes, where the system tells.
    pub memory: Option<u64>,
}

/// What one user does.
#[derive(Debug, Serialize)]
pub struct UserActivity {
    /// The user's id.
    pub id: UserId,
    /// The user's name, where a connection has told it.
    pub name: Option<String>,
    /// Connections, by door.
    pub connections: BTreeMap<&'static str, usize>,
    /// When the oldest of them began.
    pub since: Option<Timestamp>,
    /// Commands and requests within the last minute.
    pub calls: u64,
}

/// What happens on one board.
#[derive(Debug, Serialize)]
pub struct BoardActivity {
    /// The board's id.
    pub id: BoardId,
    /// The board's name, where it could be read.
    pub name: Option<String>,
    /// Events within the last minute.
    pub events: u64,
    /// Users who have it open.
    pub viewers: usize,
}

/// A user who is connected to this node.
#[derive(Debug)]
pub struct ConnectedUser {
    /// The user's id.
    pub id: UserId,
    /// How many connections of each kind.
    pub connections: BTreeMap<TransportKind, usize>,
    /// When the oldest of them began.
    pub since: Option<Timestamp>,
}

impl Metrics {
    /// Returns what an operator sees, given who is connected. The boards are without their names.
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
            boards: self.hub.busiest_boards(BOARDS).into_iter().map(|board| self.board(board)).collect(),
            slow,
            incidents: self.incidents.recent(),
            memory: resident_memory(),
        }
    }

    fn board(&self, (id, events): (BoardId, u64)) -> BoardActivity {
        let viewers = self.hub.viewers(&id, None).len();
        BoardActivity { id, name: None, events, viewers }
    }

    /// Returns the busiest of those who are connected or have called.
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
        users.truncate(USERS);
        for user in &mut users {
            let socket = self.hub.sockets_of(&user.id).into_iter().next();
            user.name = socket.map(|socket| socket.caller().principal().name.clone());
        }
        users
    }
}
