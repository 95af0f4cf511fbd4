//! The gate as a whole: its parts, and how it is closed.

use std::{sync::Arc, time::Duration};

use boardwire_auth::{Authenticators, SessionAuthenticator};
use boardwire_metrics::Metrics;
use boardwire_protocol::{Ephemeral, data};
use boardwire_rate_limit::{AddressLimiter, Quota, RateLimiter, Weights};
use boardwire_services::{Services, clock::Clock};
use boardwire_subscriptions::{About, Frame, Hub, Room, SocketKey};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    connection_limits::{ConnectionLimiter, ConnectionLimits},
    connections::Connections,
    supervise::Need,
    team_boards::TeamBoards,
};

/// The parts that the gate is made of.
pub struct GateParts {
    /// The services that execute commands.
    pub services: Services,
    /// The hub that delivers events.
    pub hub: Arc<Hub>,
    /// The authenticators of all kinds of credentials.
    pub authenticators: Authenticators,
    /// The authenticator of sessions, which records the use of a session.
    pub session_use: Arc<SessionAuthenticator>,
    /// The rate limit for the commands of a user.
    pub commands: Quota,
    /// The cost of a command under that limit, by its group: `change`, `query`, `session`.
    pub weights: Weights,
    /// The rate limit for the views, presence and typing commands of a user.
    pub activity: Quota,
    /// The rate limit for failed authentications from an address.
    pub failures: AddressLimiter,
    /// How many connections there may be at the same time.
    pub connection_limits: ConnectionLimits,
    /// The metrics of the node.
    pub metrics: Arc<Metrics>,
}

/// The gate that all doors share.
pub struct Gate {
    pub(crate) services: Services,
    pub(crate) hub: Arc<Hub>,
    pub(crate) authenticators: Authenticators,
    pub(crate) session_use: Arc<SessionAuthenticator>,
    pub(crate) commands: RateLimiter<String>,
    pub(crate) weights: Weights,
    pub(crate) activity: RateLimiter<String>,
    pub(crate) failures: AddressLimiter,
    pub(crate) connection_limits: ConnectionLimits,
    pub(crate) connection_limiter: Arc<ConnectionLimiter>,
    pub(crate) connections: Connections,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) team_boards: TeamBoards,
    pub(crate) closing: CancellationToken,
    pub(crate) failed: CancellationToken,
    pub(crate) background: TaskTracker,
    pub(crate) stop: CancellationToken,
}

impl Gate {
    /// Returns the need of a task that the open gate can't do without, for [`supervise`](crate::supervise).
    #[must_use]
    pub fn vital(&self) -> Need {
        Need::Vital(self.failed.clone())
    }

    /// Returns the token that is cancelled when a vital task keeps failing: the server must close.
    #[must_use]
    pub fn failed(&self) -> &CancellationToken {
        &self.failed
    }

    /// Returns the services that execute commands.
    #[must_use]
    pub fn services(&self) -> &Services {
        &self.services
    }

    /// Returns the hub that delivers events.
    #[must_use]
    pub fn hub(&self) -> &Arc<Hub> {
        &self.hub
    }

    /// Returns the metrics of the node.
    #[must_use]
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Returns the clock.
    #[must_use]
    pub fn clock(&self) -> &dyn Clock {
        &**self.services.clock()
    }

    /// Returns the rate limit for the commands of a user.
    #[must_use]
    pub fn quota(&self) -> Quota {
        self.commands.quota()
    }

    /// Returns the token that is cancelled when the gate begins to close: no caller is admitted any more, and listeners
    /// end.
    #[must_use]
    pub fn closing(&self) -> &CancellationToken {
        &self.closing
    }

    /// Returns a key for a new connection, made from the last digits of a new id.
    #[must_use]
    pub fn new_key(&self) -> SocketKey {
        let id: String = self.clock().new_id();
        let random = id.bytes().rev().filter_map(|digit| char::from(digit).to_digit(16)).take(15);
        SocketKey(random.fold(0, |key, digit| key << 4 | i64::from(digit)))
    }

    /// Begins to close: tells every connection when to come back, and admits no more callers.
    pub fn close(&self, reconnect_after: Duration) {
        let reconnect_after_ms = reconnect_after.as_millis().try_into().unwrap_or(u64::MAX);
        let closing = Ephemeral::ServerClosing(data::ServerClosing { reconnect_after_ms });
        self.hub.flush_notifications();
        let closing = Frame::ephemeral(self.clock(), &closing, About::default());
        self.hub.broadcast(&Room::Global, &closing);
        self.closing.cancel();
    }

    /// Waits for the changes that have begun, and stops the background tasks of the gate and the hub. Close the doors
    /// first.
    pub async fn finish(&self) {
        self.services.drain().await;
        self.stop.cancel();
        self.background.wait().await;
    }
}
