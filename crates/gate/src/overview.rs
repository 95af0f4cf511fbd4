//! What an operator sees: who is connected and how, what is going on, and what went wrong lately.

use std::collections::{BTreeMap, HashMap};

use boardwire_auth::Permission;
use boardwire_protocol::{BoardId, ErrorBody, Timestamp, UserId};
use boardwire_services::Caller;
use serde::Serialize;

use crate::{
    Gate, Via,
    figures::{Counts, Second, Slow, resident_memory},
    incidents::Incident,
};

/// Users and boards that are listed.
const USERS: usize = 100;
const BOARDS: usize = 10;

/// All that an operator sees.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Overview {
    /// When the server began.
    pub started_at: Timestamp,
    /// When this was looked at.
    pub at: Timestamp,
    /// Connections, by door.
    pub connections: BTreeMap<&'static str, usize>,
    /// Since the start.
    pub totals: Counts,
    /// The last minute, second by second, the latest last.
    pub history: Vec<Second>,
    /// How many users are connected.
    pub users_connected: usize,
    /// Those who are connected or have called within the last minute: the busiest, at most 100.
    pub users: Vec<UserActivity>,
    /// Those with most events within the last minute, at most 10.
    pub boards: Vec<BoardActivity>,
    /// Connections that were ended because they did not keep up, the latest first.
    pub slow: Vec<Slow>,
    /// Warnings and errors of the log, the latest first.
    pub incidents: Vec<Incident>,
    /// Memory of the process in bytes, where the system tells.
    pub memory: Option<u64>,
}

/// What one user does.
#[derive(Debug, Serialize)]
pub struct UserActivity {
    /// Who.
    pub id: UserId,
    /// The user's name, where a connection has told it.
    pub name: Option<String>,
    /// Connections, by door.
    pub connections: BTreeMap<&'static str, usize>,
    /// Since when the oldest of them.
    pub since: Option<Timestamp>,
    /// Commands and requests within the last minute.
    pub calls: u64,
}

/// What goes on on one board.
#[derive(Debug, Serialize)]
pub struct BoardActivity {
    /// Which.
    pub id: BoardId,
    /// What it is called, where that could be read.
    pub name: Option<String>,
    /// Events within the last minute.
    pub events: u64,
    /// Users who have it open.
    pub viewers: usize,
}

impl Gate {
    /// How many connections there are, by door.
    pub(crate) fn doors(&self) -> BTreeMap<Via, usize> {
        let mut doors: BTreeMap<_, _> = Via::ALL.into_iter().map(|via| (via, 0)).collect();
        for connection in self.connections.lock().values().flat_map(HashMap::values) {
            *doors.entry(connection.via).or_default() += 1;
        }
        doors
    }

    /// What goes on at this node. For admins.
    ///
    /// # Errors
    /// `FORBIDDEN`.
    pub async fn overview(&self, caller: &Caller) -> Result<Overview, ErrorBody> {
        self.require_operator(caller)?;
        let mut boards: Vec<_> = self.hub.busiest_boards(BOARDS).into_iter().map(|board| self.board(board)).collect();
        for board in &mut boards {
            // An operator has most need of the rest when storage does not answer.
            let found = self.services.store().board(&board.id).await.ok().flatten();
            board.name = found.map(|board| board.name);
        }
        let (users_connected, users) = self.users();
        let (history, slow) = self.figures.recent();
        Ok(Overview {
            started_at: self.figures.started_at,
            at: self.clock().now(),
            connections: self.doors().into_iter().map(|(via, count)| (via.name(), count)).collect(),
            totals: self.counts(),
            history,
            users_connected,
            users,
            boards,
            slow,
            incidents: self.incidents.recent(),
            memory: resident_memory(),
        })
    }

    /// Ends all connections of a user to this node, and says how many there were. The user may connect again. For admins.
    ///
    /// # Errors
    /// `FORBIDDEN`.
    pub fn disconnect(&self, caller: &Caller, user: &UserId) -> Result<usize, ErrorBody> {
        self.require_operator(caller)?;
        let ended = self.connections.end(user);
        tracing::info!(operator = %caller.user(), %user, ended, "an operator has ended a user's connections");
        Ok(ended)
    }

    fn require_operator(&self, caller: &Caller) -> Result<(), ErrorBody> {
        caller.require_permission(Permission::Admin, "an operator").map_err(|fault| self.fault(&fault))
    }

    fn board(&self, (id, events): (BoardId, u64)) -> BoardActivity {
        let viewers = self.hub.viewers(&id, None).len();
        BoardActivity { id, name: None, events, viewers }
    }

    fn users(&self) -> (usize, Vec<UserActivity>) {
        let mut counts = self.figures.calls(self.clock().monotonic());
        let mut users: Vec<_> = self
            .connections
            .lock()
            .iter()
            .map(|(id, theirs)| {
                let mut connections = BTreeMap::new();
                theirs.values().for_each(|one| *connections.entry(one.via.name()).or_default() += 1);
                let since = theirs.values().map(|one| one.since).min();
                let calls = counts.remove(id).unwrap_or_default();
                UserActivity { id: id.clone(), name: None, connections, since, calls }
            })
            .collect();
        let connected = users.len();
        users.extend(counts.into_iter().map(|(id, calls)| UserActivity {
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
        (connected, users)
    }
}
