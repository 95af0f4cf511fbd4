//! What carries a session: a WebSocket, from its start or after an upgrade, or requests over long-polling.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use boardwire_gate::Line;

/// The sessions that a WebSocket carries or that have a socket, by their ids.
#[derive(Default)]
pub(crate) struct Sessions {
    by_id: Mutex<HashMap<String, Session>>,
}

#[derive(Default)]
struct Session {
    /// The WebSocket that the session was upgraded to.
    line: Option<Line>,
    /// Sockets that are being served.
    sockets: usize,
    /// Bytes that were taken over polling.
    polled: u64,
}

impl Sessions {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Session>> {
        self.by_id.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A session goes on over a WebSocket.
    pub(crate) fn upgraded(&self, id: &str, line: Line) {
        let mut by_id = self.lock();
        // Growing pays for the sweep; sockets and open connections are what is left.
        if by_id.len() == by_id.capacity() {
            let over = |session: &Session| session.line.as_ref().is_none_or(Line::is_over);
            by_id.retain(|_, session| session.sockets > 0 || !over(session));
        }
        by_id.entry(id.to_owned()).or_default().line = Some(line);
    }

    /// A request of a session came over a connection, where its user is as known as in the session.
    pub(crate) fn came_over(&self, id: &str, line: &Line) {
        if !line.is_known() && self.lock().get(id).is_some_and(|session| session.sockets > 0) {
            line.note_known();
        }
    }

    /// So many bytes of a session were taken over polling.
    pub(crate) fn polled(&self, id: &str, bytes: u64) {
        if let Some(session) = self.lock().get_mut(id) {
            session.polled += bytes;
        }
    }

    pub(crate) fn socket_began(&self, id: &str) {
        let mut by_id = self.lock();
        let session = by_id.entry(id.to_owned()).or_default();
        session.sockets += 1;
        if let Some(line) = &session.line {
            line.note_known();
        }
    }

    /// Whether the session has no socket any more.
    pub(crate) fn socket_ended(&self, id: &str) -> bool {
        let mut by_id = self.lock();
        let Some(session) = by_id.get_mut(id) else { return true };
        session.sockets = session.sockets.saturating_sub(1);
        if session.sockets > 0 {
            return false;
        }
        by_id.remove(id);
        true
    }
}

/// What carries one session.
#[derive(Clone)]
pub(crate) struct Link {
    /// The id of the session, which only its own client may know.
    pub(crate) id: String,
    /// The WebSocket, where the session began over one.
    pub(crate) direct: Option<Line>,
    pub(crate) sessions: Arc<Sessions>,
}

impl Link {
    /// The WebSocket, if there is one by now.
    pub(crate) fn line(&self) -> Option<Line> {
        self.direct.clone().or_else(|| self.sessions.lock().get(&self.id)?.line.clone())
    }

    /// How many bytes have left for the client, those of protocols below ours included.
    pub(crate) fn taken(&self) -> u64 {
        if let Some(line) = &self.direct {
            return line.written();
        }
        let by_id = self.sessions.lock();
        by_id.get(&self.id).map_or(0, |session| session.polled + session.line.as_ref().map_or(0, Line::written))
    }
}

#[cfg(test)]
mod tests {
    use tokio_util::sync::CancellationToken;

    use super::*;

    #[test]
    fn what_carries_a_session_with_a_socket_is_known() {
        let (sessions, line) = (Sessions::default(), || Line::new(CancellationToken::new()));
        let (early, upgraded, late) = (line(), line(), line());
        sessions.came_over("a", &early);
        sessions.upgraded("a", upgraded.clone());
        assert!(!upgraded.is_known());
        sessions.socket_began("a");
        sessions.came_over("a", &late);
        assert_eq!([&early, &upgraded, &late].map(Line::is_known), [false, true, true]);
        let stranger = line();
        sessions.came_over("b", &stranger);
        assert!(!stranger.is_known());
    }
}
