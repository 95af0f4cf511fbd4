//! Assembles all crates into a server, in one function.

use std::{net::SocketAddr, num::NonZeroU32, sync::Arc, time::Duration};

use anyhow::{Context as _, Result, bail};
use axum::Router;
use boardwire_auth::{ApiKeyAuthenticator, Authenticators, SessionAuthenticator, TokenAuthenticator};
use boardwire_browser::protect;
use boardwire_gate::{Gate, GateParts, Need, supervise};
use boardwire_handlers::{Gateway, GatewayParts};
use boardwire_http::{DoorParts, Logins};
use boardwire_mcp::McpParts;
use boardwire_metrics::{Incidents, Metrics};
use boardwire_rate_limit::AddressLimiter;
use boardwire_services::{
    Services,
    clock::{Clock, SystemClock},
};
use boardwire_store::Opened;
use boardwire_subscriptions::Hub;
use serde_json::json;
use tokio::{net::TcpListener, signal::unix::SignalKind};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    connection_slots::SlotLimits,
    database,
    directory::StoredUsers,
    files,
    listener::RunningListener,
    maintenance::{self, Maintenance},
    open_files, output, secret,
    settings::ServeSettings,
};

/// How long clients are asked to wait before they reconnect.
const RECONNECT_AFTER: Duration = Duration::from_millis(1000);
/// How long WebSockets stay open after the sockets' tasks have ended, so that queued data is still sent.
const WEBSOCKET_GRACE: Duration = Duration::from_millis(300);
/// How many HTTP connections are allowed besides the sockets, in all and from one address.
const SPARE_CONNECTIONS: usize = 1024;
const SPARE_PER_ADDRESS: usize = 256;

/// A running server.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    pub(crate) services: Services,
    gate: Arc<Gate>,
    gateway: Arc<Gateway>,
    listener: RunningListener,
    opened: Opened,
    background: TaskTracker,
    stop: CancellationToken,
    drain_timeout: Duration,
}

/// Runs a server until it is stopped.
pub(crate) async fn run(settings: ServeSettings, incidents: Arc<Incidents>) -> Result<()> {
    let running = start(settings, incidents, Router::new()).await?;
    let ended = match output::line(&json!({ "listening": running.address.to_string() }).to_string()) {
        Ok(()) => running.until_stopped().await,
        Err(error) => Err(error),
    };
    running.drain().await;
    ended
}

/// Starts a server with `extra_routes` in addition to its own.
pub(crate) async fn start(settings: ServeSettings, incidents: Arc<Incidents>, extra_routes: Router) -> Result<Running> {
    let files = files::open(&settings)?;
    let opened = database::open_for_server(&settings.store).await?;
    let (store, clock) = (opened.store(), Arc::new(SystemClock) as Arc<dyn Clock>);
    let hub = Hub::new(store.clone(), Arc::clone(&clock), settings.max_subscriptions as usize);
    let services = Services::new(Arc::clone(&store), hub.clone(), Arc::clone(&clock));
    let services = services.with_max_tasks(settings.max_tasks_per_board).with_addable(settings.addable());
    let users = Arc::new(StoredUsers {
        store: Arc::clone(&store),
        clock: Arc::clone(&clock),
        provision: settings.provision_users.then_some(settings.provision_permissions),
    });
    let verifier = secret::verifier(&settings.auth, &settings.store, settings.listen, settings.has_proxy())?;
    let session_use = Arc::new(SessionAuthenticator::new(users.clone(), settings.sessions()));
    let authenticators = Authenticators::new(vec![
        Arc::new(TokenAuthenticator::new(verifier, users.clone())),
        Arc::new(ApiKeyAuthenticator::new(users)),
        session_use.clone(),
    ]);
    let metrics = Metrics::new(Arc::clone(&hub), Arc::clone(&clock), incidents);
    let gate = Gate::open(GateParts {
        services: services.clone(),
        hub,
        authenticators,
        session_use,
        commands: settings.commands(),
        weights: settings.weights(),
        activity: settings.activity(),
        failures: limiter(settings.failed_handshakes_per_minute),
        connection_limits: settings.connection_limits(),
        metrics,
    });
    let http = boardwire_http::routes(DoorParts {
        gate: Arc::clone(&gate),
        files: Arc::clone(&files),
        logins: Logins::new(limiter(settings.logins_per_minute), settings.failed_logins),
        settings: settings.http(),
    });
    let mcp = boardwire_mcp::routes(McpParts {
        gate: Arc::clone(&gate),
        settings: settings.mcp(),
        server_version: env!("CARGO_PKG_VERSION"),
    });
    let (layer, gateway) = Gateway::open(GatewayParts {
        gate: Arc::clone(&gate),
        handshakes: limiter(settings.handshakes_per_minute),
        settings: settings.gateway(),
        server_version: env!("CARGO_PKG_VERSION"),
    });
    let router = boardwire_web::routes().merge(http).merge(mcp).merge(extra_routes);
    let router = boardwire_http::front(protect(gateway.guard(router.layer(layer)), settings.browser_policy()));
    let listener = TcpListener::bind(settings.listen)
        .await
        .with_context(|| format!("can't listen on {}; choose another address with --listen", settings.listen))?;
    let address = listener.local_addr()?;
    let proxies = settings.trusted_proxies.clone();
    let listener = RunningListener::start(listener, router, proxies, slot_limits(&settings), gate.vital());
    let stop = CancellationToken::new();
    let background = TaskTracker::new();
    let maintenance = Arc::new(Maintenance { store, files, clock, event_days: settings.event_retention_days });
    let maintaining = {
        let stop = stop.clone();
        move || Arc::clone(&maintenance).run(stop.clone())
    };
    background.spawn(supervise("maintenance", Need::Helpful, stop.clone(), maintaining));
    let expiring = {
        let (services, stop) = (services.clone(), stop.clone());
        move || maintenance::expire_leases(services.clone(), stop.clone())
    };
    background.spawn(supervise("the expiry of leases", gate.vital(), stop.clone(), expiring));
    background.close();
    tracing::info!(%address, version = env!("CARGO_PKG_VERSION"), "listening");
    if settings.lacks_https() {
        tracing::warn!(
            "session cookies are sent over HTTPS only: nobody can sign in with a password over plain HTTP. With TLS in \
             front, name the proxy with --trusted-proxies, or set --secure-cookies true; on a trusted network, allow \
             plain HTTP by --secure-cookies false"
        );
    }
    let drain_timeout = Duration::from_millis(settings.drain_timeout_ms);
    Ok(Running { address, services, gate, gateway, listener, opened, background, stop, drain_timeout })
}

/// Returns how many connections are accepted: no more than the limit of open files allows, and at most half of
/// them from one address.
fn slot_limits(settings: &ServeSettings) -> SlotLimits {
    let wanted = settings.max_connections.saturating_add(SPARE_CONNECTIONS);
    let total = open_files::raise_limit(wanted);
    if total < wanted {
        tracing::warn!(
            "the system allows {total} connections at the same time instead of {wanted}; raise its limit of open files \
             (ulimit -n), or lower --max-connections"
        );
    }
    let per_address = settings.max_connections_per_address.saturating_add(SPARE_PER_ADDRESS);
    SlotLimits { total, per_address: per_address.min(total.div_ceil(2)) }
}

fn limiter(per_minute: NonZeroU32) -> AddressLimiter {
    AddressLimiter::new(per_minute, NonZeroU32::new(per_minute.get().div_ceil(2)).unwrap_or(per_minute))
}

impl Running {
    /// Waits for SIGTERM or SIGINT. Fails if the server can't go on, because another server has taken the database or a
    /// part of this one is broken.
    pub(crate) async fn until_stopped(&self) -> Result<()> {
        tokio::select! {
            signal = stop_signal() => signal,
            lost = self.opened.lost() => Err(lost.into()),
            () = self.gate.failed().cancelled() => bail!("a part of the server broke down for good; the log says which"),
        }
    }

    /// Stops the server: accepts no new connections, tells clients, finishes commands, sends what is queued, closes
    /// storage.
    pub(crate) async fn drain(self) {
        tracing::info!("stopping");
        self.listener.stop();
        self.gate.close(RECONNECT_AFTER);
        self.gateway.close(self.drain_timeout).await;
        self.gate.finish().await;
        self.listener.finish(self.drain_timeout, WEBSOCKET_GRACE).await;
        self.stop.cancel();
        self.background.wait().await;
        self.opened.close().await;
        tracing::info!("stopped");
    }
}

/// Waits for SIGTERM or SIGINT.
pub(crate) async fn stop_signal() -> Result<()> {
    let mut terminate = tokio::signal::unix::signal(SignalKind::terminate())?;
    let mut interrupt = tokio::signal::unix::signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use tokio::time::timeout;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(60);

    #[derive(Debug, Parser)]
    struct Program {
        #[command(flatten)]
        settings: ServeSettings,
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_part_that_fails_permanently_ends_the_server() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("--database-url=sqlite://{}", folder.path().join("board.db").display());
        let settings = Program::try_parse_from(["test", "--listen=127.0.0.1:0", &url]).unwrap().settings;
        let running = start(settings, Arc::default(), Router::new()).await.unwrap();
        running.gate.failed().cancel();
        let ended =
            timeout(PATIENCE, running.until_stopped()).await.expect("the server did not stop").unwrap_err().to_string();
        assert!(ended.contains("broke down for good"), "{ended}");
        running.drain().await;
    }
}
