//! Connections follow their credentials: changed permissions soon apply, and when the credentials end, so does the
//! connection.

use std::{sync::Arc, time::Duration};

use boardwire_metrics::TransportKind;
use boardwire_subscriptions::Socket;
use tokio::{sync::Notify, time::sleep};
use tokio_util::sync::CancellationToken;

use crate::{AuthenticationError, Gate, connections::Connection};

/// The reason given when the credentials have ended.
const EXPIRED: &str = "the credentials have expired; connect again";
const REVOKED: &str = "the credentials are not valid any more; sign in again";
/// The reason given when an operator has ended the connection.
const ENDED: &str = "an operator has ended this connection";

/// How long to wait before storage is asked again whether credentials are still valid.
const RETRY_DELAY: Duration = Duration::from_millis(500);

/// Guards a connection in the hub: it ends when its credentials end. Dropping the guard removes the connection from the
/// hub.
pub struct ConnectionGuard {
    pub(crate) gate: Arc<Gate>,
    socket: Arc<Socket>,
    recheck: Arc<Notify>,
    ended: CancellationToken,
}

impl Gate {
    /// Puts a connection into the hub and begins to watch its credentials. `recheck` asks for another check.
    #[must_use]
    pub fn watch(
        self: &Arc<Self>,
        socket: Arc<Socket>,
        recheck: Arc<Notify>,
        transport: TransportKind,
    ) -> ConnectionGuard {
        self.hub.connect(&socket);
        let ended = CancellationToken::new();
        let connection =
            Connection { transport, since: self.clock().now(), recheck: Arc::clone(&recheck), ended: ended.clone() };
        self.connections.add(&socket, connection);
        ConnectionGuard { gate: Arc::clone(self), socket, recheck, ended }
    }
}

impl ConnectionGuard {
    /// Returns the connection.
    #[must_use]
    pub fn socket(&self) -> &Arc<Socket> {
        &self.socket
    }

    /// Waits until the credentials end or an operator ends the connection, and returns why. Until then, the
    /// connection's permissions are kept up to date.
    pub async fn credentials_end(&self) -> &'static str {
        loop {
            tokio::select! {
                () = self.expiry() => {}
                () = self.recheck.notified() => {}
                () = self.ended.cancelled() => return ENDED,
            }
            let caller = self.socket.caller();
            let renewed = self.gate.renew(&caller).await;
            // If other credentials have replaced these meanwhile, the result is not about them: they are checked next.
            if !Arc::ptr_eq(self.socket.caller().principal(), caller.principal()) {
                self.recheck.notify_one();
                continue;
            }
            match renewed {
                Ok(caller) => self.gate.hub.renew(&self.socket, caller),
                Err(AuthenticationError::Undecided) if !caller.principal().expired_at(self.gate.clock().now().0) => {
                    self.recheck.notify_one();
                    sleep(RETRY_DELAY).await;
                }
                Err(AuthenticationError::Expired | AuthenticationError::Undecided) => return EXPIRED,
                Err(AuthenticationError::Refused | AuthenticationError::TooOften(_)) => return REVOKED,
            }
        }
    }

    /// Waits until the credentials expire, as far as is known.
    async fn expiry(&self) {
        // Checked again at least once an hour, because the clock may be set.
        loop {
            let expires_at = self.socket.caller().principal().expires_at;
            let Some(expires_at) = expires_at else { return std::future::pending().await };
            let left = expires_at - self.gate.clock().now().0;
            if left <= 0 {
                return;
            }
            sleep(Duration::from_millis(left.unsigned_abs().min(3_600_000))).await;
        }
    }
}

impl Drop for ConnectionGuard {
    fn drop(&mut self) {
        self.gate.connections.remove(&self.socket);
        self.gate.hub.disconnect(&self.socket);
    }
}
