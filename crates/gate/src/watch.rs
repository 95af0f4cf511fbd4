//! A connection that follows its credentials: narrower ones count at once, and when they end, so does the connection.

use std::{sync::Arc, time::Duration};

use boardwire_metrics::TransportKind;
use boardwire_subscriptions::Socket;
use tokio::{sync::Notify, time::sleep};
use tokio_util::sync::CancellationToken;

use crate::{Denied, Gate, connections::Connection};

/// Why a connection ends whose credentials have ended.
const EXPIRED: &str = "the credentials have expired; connect again";
const REVOKED: &str = "the credentials are not valid any more; sign in again";
/// Why one ends whose credentials have not.
const ENDED: &str = "an operator has ended this connection";

/// How long to wait when storage can't say whether credentials are still valid.
const UNDECIDED: Duration = Duration::from_millis(500);

/// A connection in the hub, watched; forgotten when dropped, whatever ends its task.
pub struct Watched {
    pub(crate) gate: Arc<Gate>,
    socket: Arc<Socket>,
    recheck: Arc<Notify>,
    ended: CancellationToken,
}

impl Gate {
    /// Takes a connection into the hub and begins to watch its credentials. `recheck` asks for another look at them.
    #[must_use]
    pub fn watch(self: &Arc<Self>, socket: Arc<Socket>, recheck: Arc<Notify>, transport: TransportKind) -> Watched {
        self.hub.connect(&socket);
        let ended = CancellationToken::new();
        let connection =
            Connection { transport, since: self.clock().now(), recheck: Arc::clone(&recheck), ended: ended.clone() };
        self.connections.add(&socket, connection);
        Watched { gate: Arc::clone(self), socket, recheck, ended }
    }
}

impl Watched {
    /// The connection.
    #[must_use]
    pub fn socket(&self) -> &Arc<Socket> {
        &self.socket
    }

    /// Ends when the credentials do, or when an operator ends it, and says why. On the way there, what they allow is kept up to date.
    pub async fn credentials_end(&self) -> &'static str {
        loop {
            tokio::select! {
                () = self.expiry() => {}
                () = self.recheck.notified() => {}
                () = self.ended.cancelled() => return ENDED,
            }
            let caller = self.socket.caller();
            let renewed = self.gate.renew(&caller).await;
            // Others may have taken their place meanwhile, of which this says nothing: they are looked at next.
            if !Arc::ptr_eq(self.socket.caller().principal(), caller.principal()) {
                self.recheck.notify_one();
                continue;
            }
            match renewed {
                Ok(caller) => self.gate.hub.renew(&self.socket, caller),
                Err(Denied::Undecided) if !caller.principal().expired_at(self.gate.clock().now().0) => {
                    self.recheck.notify_one();
                    sleep(UNDECIDED).await;
                }
                Err(Denied::Expired | Denied::Undecided) => return EXPIRED,
                Err(Denied::Refused | Denied::TooOften(_)) => return REVOKED,
            }
        }
    }

    /// Ends when the credentials expire, as far as is known.
    async fn expiry(&self) {
        // Looked at again at least once an hour, because the time of day may be set anew.
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

impl Drop for Watched {
    fn drop(&mut self) {
        self.gate.connections.remove(&self.socket);
        self.gate.hub.disconnect(&self.socket);
    }
}
