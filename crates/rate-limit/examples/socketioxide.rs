//! A Socket.IO server that holds each user, over all sockets, to 100 events in any minute and 10 in any second.

use std::convert::Infallible;
use std::sync::Arc;

use axum::Router;
use boardwire_rate_limit::{Admitted, Quota, RateLimiter, SocketBudget, Weights};
use socketioxide::SocketIo;
use socketioxide::extract::{AckSender, Data, SocketRef};
use socketioxide::handler::ConnectHandler;

pub(crate) fn app() -> Router {
    let limiter = Arc::new(RateLimiter::new(Quota::default()));
    let weights = Arc::new(Weights::from([("search", 5)]));
    let (layer, io) = SocketIo::new_layer();
    // As a middleware, it runs before the client learns that it is connected, so no event can come too early.
    let prepare = async move |socket: SocketRef, Data(user): Data<String>| {
        // In production, use the authenticated user. A name that the caller chooses is only for trying it out.
        let budget = SocketBudget::new(limiter, user).with_weight(move |event| weights.of(event));
        socket.extensions.insert(budget);
        socket.on("echo", async |_: Admitted, Data(text): Data<String>, ack: AckSender| {
            ack.send(&text).ok();
        });
        socket.on("search", async |_: Admitted, ack: AckSender| {
            ack.send("nothing found").ok();
        });
        Ok::<_, Infallible>(())
    };
    io.ns("/", (async || {}).with(prepare));
    Router::new().layer(layer)
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    axum::serve(listener, app()).await
}
