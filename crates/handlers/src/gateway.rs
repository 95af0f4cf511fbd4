//! The socket door as a whole: what it is made of, and how it is started and stopped.

use std::{sync::Arc, time::Duration};

use boardwire_auth::Authenticators;
use boardwire_protocol::{Ephemeral, Limits, data};
use boardwire_rate_limit::{AddressLimiter, Quota, RateLimiter};
use boardwire_services::Services;
use boardwire_subscriptions::{Hub, Room};
use socketioxide::layer::SocketIoLayer;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    connect::Census,
    guard::{AllowedOrigins, Sessions},
    outbox::{Flusher, frame},
    transport,
};

/// What the socket door accepts.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How often the server asks a client for a sign of life.
    pub ping_interval: Duration,
    /// How long it waits for one.
    pub ping_timeout: Duration,
    /// How long a connection may take to authenticate.
    pub connect_timeout: Duration,
    /// The largest message, in bytes, on both transports.
    pub max_payload: u64,
    /// Subscriptions of one socket.
    pub max_subscriptions: u32,
    /// Commands of one user.
    pub commands: Quota,
    /// Views of one user.
    pub activity: Quota,
    /// Connections of this node, of one user, and of one address.
    pub max_connections: usize,
    /// Connections of one user.
    pub max_connections_per_user: usize,
    /// Connections of one address.
    pub max_connections_per_address: usize,
    /// Which origins a browser may connect from.
    pub origins: AllowedOrigins,
}

/// What the socket door is made of.
pub struct GatewayParts {
    /// What may happen.
    pub services: Services,
    /// Who hears it.
    pub hub: Arc<Hub>,
    /// Who is calling.
    pub authenticators: Authenticators,
    /// Handshakes of one address.
    pub handshakes: AddressLimiter,
    /// Failed handshakes of one address.
    pub failures: AddressLimiter,
    /// What is accepted.
    pub settings: Settings,
    /// The version of the server, as clients are told.
    pub server_version: &'static str,
}

/// The socket door.
pub struct Gateway {
    pub(crate) services: Services,
    pub(crate) hub: Arc<Hub>,
    pub(crate) authenticators: Authenticators,
    pub(crate) handshakes: AddressLimiter,
    pub(crate) failures: AddressLimiter,
    pub(crate) commands: RateLimiter<String>,
    pub(crate) activity: RateLimiter<String>,
    pub(crate) settings: Settings,
    pub(crate) server_version: &'static str,
    pub(crate) census: Arc<Census>,
    pub(crate) flusher: Arc<Flusher>,
    pub(crate) sessions: Arc<Sessions>,
    pub(crate) sockets: TaskTracker,
    pub(crate) closing: CancellationToken,
    background: TaskTracker,
    stop: CancellationToken,
}

impl Gateway {
    /// Opens the door: a layer for the HTTP server, and the handle to close it with. Must be called in a runtime.
    #[must_use]
    pub fn open(parts: GatewayParts) -> (SocketIoLayer, Arc<Self>) {
        let GatewayParts { services, hub, authenticators, handshakes, failures, settings, server_version } = parts;
        let gateway = Arc::new(Self {
            services,
            hub,
            authenticators,
            handshakes,
            failures,
            commands: RateLimiter::new(settings.commands),
            activity: RateLimiter::new(settings.activity),
            census: Arc::new(Census::default()),
            settings,
            server_version,
            flusher: Arc::default(),
            sessions: Arc::default(),
            sockets: TaskTracker::new(),
            closing: CancellationToken::new(),
            background: TaskTracker::new(),
            stop: CancellationToken::new(),
        });
        gateway.background.spawn(Arc::clone(&gateway.hub).run(gateway.stop.clone()));
        gateway.background.spawn(Arc::clone(&gateway.flusher).run(gateway.stop.clone()));
        gateway.background.close();
        (transport::layer(&gateway), gateway)
    }

    /// What clients are told about limits.
    pub(crate) fn limits(&self) -> Limits {
        let Settings { commands, max_payload, max_subscriptions, .. } = &self.settings;
        Limits {
            max_requests: commands.max_requests,
            window_ms: commands.window.as_millis().try_into().unwrap_or(u64::MAX),
            burst: commands.burst,
            max_payload: *max_payload,
            max_subscriptions: *max_subscriptions,
        }
    }

    /// Closes the door: tells every client, lets commands that have been received finish, and waits for the sockets'
    /// tasks, at most `patience`. Stop accepting connections first, and cut those that are left afterwards: a client
    /// that loses its transport comes back by itself, one that is told to leave does not.
    pub async fn close(&self, reconnect_after: Duration, patience: Duration) {
        let reconnect_after_ms = reconnect_after.as_millis().try_into().unwrap_or(u64::MAX);
        let closing = Ephemeral::ServerClosing(data::ServerClosing { reconnect_after_ms });
        self.hub.broadcast(&Room::Global, &frame(&**self.services.clock(), &closing));
        self.closing.cancel();
        self.sockets.close();
        if tokio::time::timeout(patience, self.sockets.wait()).await.is_err() {
            tracing::warn!(sockets = self.hub.socket_count(), "some connections did not close in time");
        }
        self.services.drain().await;
        self.stop.cancel();
        self.background.wait().await;
    }
}
