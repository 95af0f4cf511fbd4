//! Opens the socket door.

use std::sync::Arc;

use boardwire_gate::supervise;
use socketioxide::layer::SocketIoLayer;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{Gateway, GatewayParts, transport};

impl Gateway {
    /// Opens the door. Returns a layer for the HTTP server, and the handle to close the door with. Must be called in a
    /// runtime.
    #[must_use]
    pub fn open(parts: GatewayParts) -> (SocketIoLayer, Arc<Self>) {
        let GatewayParts { gate, handshakes, settings, server_version } = parts;
        let gateway = Arc::new(Self {
            gate,
            handshakes,
            settings,
            server_version,
            flusher: Arc::default(),
            sessions: Arc::default(),
            sockets: TaskTracker::new(),
            background: TaskTracker::new(),
            stop: CancellationToken::new(),
        });
        let (flusher, stop) = (Arc::clone(&gateway.flusher), gateway.stop.clone());
        let flusher = move || Arc::clone(&flusher).run(stop.clone());
        gateway.background.spawn(supervise("the flusher", gateway.gate.vital(), gateway.stop.clone(), flusher));
        gateway.background.close();
        (transport::layer(&gateway), gateway)
    }
}
