//! The socket door as a whole: its parts, and how it is closed.

use std::{sync::Arc, time::Duration};

use boardwire_gate::Gate;
use boardwire_protocol::Limits;
use boardwire_rate_limit::AddressLimiter;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{link::TransportSessions, outbox::Flusher};

/// The settings of the socket door.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How often the server pings a client.
    pub ping_interval: Duration,
    /// How long the server waits for the pong.
    pub ping_timeout: Duration,
    /// How long a connection may take to authenticate.
    pub connect_timeout: Duration,
    /// The largest message, in bytes, on both transports. Over polling, one request may carry 16.
    pub max_payload: u64,
    /// The most subscriptions of one socket.
    pub max_subscriptions: u32,
}

/// The parts that the socket door is made of.
pub struct GatewayParts {
    /// The gate that all doors share.
    pub gate: Arc<Gate>,
    /// Limits the handshakes of one address.
    pub handshakes: AddressLimiter,
    /// The settings of the door.
    pub settings: Settings,
    /// The version of the server, which clients are told.
    pub server_version: &'static str,
}

/// The socket door.
pub struct Gateway {
    pub(crate) gate: Arc<Gate>,
    pub(crate) handshakes: AddressLimiter,
    pub(crate) settings: Settings,
    pub(crate) server_version: &'static str,
    pub(crate) flusher: Arc<Flusher>,
    pub(crate) sessions: Arc<TransportSessions>,
    pub(crate) sockets: TaskTracker,
    pub(crate) background: TaskTracker,
    pub(crate) stop: CancellationToken,
}

impl Gateway {
    /// Returns the largest message that is read, in bytes. A message that is slightly too large is answered with an
    /// error; beyond this size the connection ends.
    pub(crate) fn max_message(&self) -> usize {
        usize::try_from(self.settings.max_payload.saturating_mul(2)).unwrap_or(usize::MAX)
    }

    /// Returns the limits that clients are told.
    pub(crate) fn limits(&self) -> Limits {
        let Settings { max_payload, max_subscriptions, .. } = &self.settings;
        let commands = self.gate.quota();
        Limits {
            max_requests: commands.max_requests,
            window_ms: commands.window.as_millis().try_into().unwrap_or(u64::MAX),
            burst: commands.burst,
            max_payload: *max_payload,
            max_subscriptions: *max_subscriptions,
        }
    }

    /// Closes the door after the gate has begun to close: lets the commands received so far finish, and waits for the
    /// sockets' tasks, for at most `patience`. Stop accepting connections first, and cut the remaining ones afterwards:
    /// a client that loses its transport reconnects by itself, but one that is told to leave does not.
    pub async fn close(&self, patience: Duration) {
        self.sockets.close();
        if tokio::time::timeout(patience, self.sockets.wait()).await.is_err() {
            tracing::warn!(sockets = self.gate.hub().socket_count(), "some connections did not close in time");
        }
        self.stop.cancel();
        self.background.wait().await;
    }
}
