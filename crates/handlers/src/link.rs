//! The transport of a session: a WebSocket, from its start or after an upgrade, or requests over long-polling.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use boardwire_gate::TcpConnection;

/// The sessions that have a WebSocket or a socket, by their ids.
#[derive(Default)]
pub(crate) struct TransportSessions {
    by_id: Mutex<HashMap<String, TransportSession>>,
}

#[derive(Default)]
struct TransportSession {
    /// The WebSocket that the session was upgraded to.
    connection: Option<TcpConnection>,
    /// How many sockets are being served.
    sockets: usize,
    /// Bytes that the client fetched over polling.
    polled: u64,
}

impl TransportSessions {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, TransportSession>> {
        self.by_id.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that a session continues over a WebSocket.
    pub(crate) fn note_upgrade(&self, id: &str, connection: TcpConnection) {
        let mut by_id = self.lock();
        // Sweeping only when the map would grow keeps the cost low; sessions with sockets or open connections stay.
        if by_id.len() == by_id.capacity() {
            let is_over = |session: &TransportSession| session.connection.as_ref().is_none_or(TcpConnection::is_closed);
            by_id.retain(|_, session| session.sockets > 0 || !is_over(session));
        }
        by_id.entry(id.to_owned()).or_default().connection = Some(connection);
    }

    /// Notes that a request of a session came over a connection, which is then authenticated if the session is.
    pub(crate) fn note_request(&self, id: &str, connection: &TcpConnection) {
        if !connection.is_authenticated() && self.lock().get(id).is_some_and(|session| session.sockets > 0) {
            connection.note_authenticated();
        }
    }

    /// Notes that the client of a session fetched this many bytes over polling.
    pub(crate) fn note_polled(&self, id: &str, bytes: u64) {
        if let Some(session) = self.lock().get_mut(id) {
            session.polled += bytes;
        }
    }

    pub(crate) fn add_socket(&self, id: &str) {
        let mut by_id = self.lock();
        let session = by_id.entry(id.to_owned()).or_default();
        session.sockets += 1;
        if let Some(connection) = &session.connection {
            connection.note_authenticated();
        }
    }

    /// Removes a socket, and returns whether the session has none left.
    pub(crate) fn remove_socket(&self, id: &str) -> bool {
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

/// The transport of one session.
#[derive(Clone)]
pub(crate) struct Link {
    /// The id of the session, known only to its client.
    pub(crate) id: String,
    /// The WebSocket, if the session began over one.
    pub(crate) direct: Option<TcpConnection>,
    pub(crate) sessions: Arc<TransportSessions>,
}

impl Link {
    /// Returns the WebSocket, if there is one by now.
    pub(crate) fn connection(&self) -> Option<TcpConnection> {
        self.direct.clone().or_else(|| self.sessions.lock().get(&self.id)?.connection.clone())
    }

    /// Returns how many bytes have been sent to the client, including those of the protocols below.
    pub(crate) fn bytes_sent(&self) -> u64 {
        if let Some(connection) = &self.direct {
            return connection.written();
        }
        let by_id = self.sessions.lock();
        by_id
            .get(&self.id)
            .map_or(0, |session| session.polled + session.connection.as_ref().map_or(0, TcpConnection::written))
    }
}

#[cfg(test)]
mod tests {
    use tokio_util::sync::CancellationToken;

    use super::*;

    #[test]
    fn the_connections_of_a_session_with_a_socket_are_authenticated() {
        let (sessions, connection) = (TransportSessions::default(), || TcpConnection::new(CancellationToken::new()));
        let (early, upgraded, late) = (connection(), connection(), connection());
        sessions.note_request("a", &early);
        sessions.note_upgrade("a", upgraded.clone());
        assert!(!upgraded.is_authenticated());
        sessions.add_socket("a");
        sessions.note_request("a", &late);
        assert_eq!([&early, &upgraded, &late].map(TcpConnection::is_authenticated), [false, true, true]);
        let stranger = connection();
        sessions.note_request("b", &stranger);
        assert!(!stranger.is_authenticated());
    }
}
