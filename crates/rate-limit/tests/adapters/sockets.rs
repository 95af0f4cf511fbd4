//! The Socket.IO adapter over real WebSockets, on a clock that only the test moves.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use axum::Router;
use boardwire_rate_limit::{Admitted, Quota, RateLimiter, SocketBudget, Weights};
use serde_json::{Value, json};
use socketioxide::SocketIo;
use socketioxide::extract::{AckSender, Data, SocketRef};
use socketioxide::handler::ConnectHandler;

use crate::client::{Client, serve};
use crate::test_clock::TestClock;

/// The limiter, clock and counter of an app whose events are counted.
struct App {
    limiter: Arc<RateLimiter<String>>,
    clock: TestClock,
    /// How often a handler ran.
    runs: Arc<AtomicU32>,
}

impl App {
    fn new(quota: Quota) -> Self {
        Self { limiter: Arc::new(RateLimiter::new(quota)), clock: TestClock::new(), runs: Arc::default() }
    }

    /// Returns the app's router. A user without a name gets no budget.
    fn router(&self) -> Router {
        let Self { limiter, clock, runs } = self;
        let (limiter, clock, runs) = (Arc::clone(limiter), clock.clone(), Arc::clone(runs));
        let weights = Arc::new(Weights::from([("search", 5), ("typing", 0)]));
        let (layer, io) = SocketIo::new_layer();
        let prepare = async move |socket: SocketRef, Data(user): Data<String>| {
            if !user.is_empty() {
                let budget = SocketBudget::new(limiter, user).with_clock(move || clock.now_and_wall());
                socket.extensions.insert(budget.with_weight(move |event| weights.of(event)));
            }
            socket.on_fallback(async move |Admitted(info): Admitted, ack: AckSender| {
                runs.fetch_add(1, Ordering::SeqCst);
                ack.send(&info.remaining).ok();
            });
            socket.on("uncounted", async |ack: AckSender| {
                ack.send("hello").ok();
            });
            Ok::<_, Infallible>(())
        };
        io.ns("/", (async || {}).with(prepare));
        Router::new().layer(layer)
    }
}

fn refusal(limit: u32, seconds: f64, reset: u64) -> Value {
    let message = format!("rate limit reached, try again in {seconds} s");
    json!({"code": "RATE_LIMIT", "message": message, "retryAfter": seconds, "limit": limit, "remaining": 0, "reset": reset})
}

#[tokio::test]
async fn a_refused_call_leaves_the_connection_open() {
    let app = App::new(Quota::default());
    let mut ada = Client::connect(serve(app.router()).await, "ada").await;
    for left in (0..10).rev() {
        assert_eq!(ada.call("task:create", "x").await, json!(left));
    }
    app.clock.advance(250);
    assert_eq!(ada.call("task:create", "x").await, refusal(10, 0.75, 2_000));
    // Without an acknowledgement, each refusal is sent as an event.
    ada.emit("task:create", "x").await;
    ada.emit("task:create", "x").await;
    assert_eq!(ada.event().await, json!(["error", refusal(10, 0.75, 2_000)]));
    assert_eq!(ada.event().await, json!(["error", refusal(10, 0.75, 2_000)]));
    assert_eq!(app.runs.load(Ordering::SeqCst), 10);
    assert_eq!(ada.call("uncounted", "x").await, json!("hello"));
    app.clock.advance(750);
    assert_eq!(ada.call("task:create", "x").await, json!(9));
}

#[tokio::test]
async fn sockets_of_one_user_share_the_budget() {
    let app = App::new(Quota::default());
    let address = serve(app.router()).await;
    let mut first = Client::connect(address, "ada").await;
    let mut second = Client::connect(address, "ada").await;
    let mut bob = Client::connect(address, "bob").await;
    for left in (0..5).rev() {
        assert_eq!(first.call("move", "x").await, json!(left * 2 + 1));
        assert_eq!(second.call("move", "x").await, json!(left * 2));
    }
    assert_eq!(first.call("move", "x").await["code"], "RATE_LIMIT");
    assert_eq!(second.call("move", "x").await["code"], "RATE_LIMIT");
    assert_eq!(bob.call("move", "x").await, json!(9));
    // Other uses of the same limiter share it too.
    assert!(app.limiter.check(&"ada".to_owned(), 1, app.clock.now()).is_err());
    assert_eq!(app.limiter.len(), 2);
}

#[tokio::test]
async fn reconnecting_does_not_reset_the_budget() {
    let app = App::new(Quota::default());
    let address = serve(app.router()).await;
    let mut accepted = 0;
    for _ in 0..100 {
        let mut ada = Client::connect(address, "ada").await;
        accepted += u32::from(ada.call("move", "x").await.is_number());
        ada.close().await;
    }
    assert_eq!((accepted, app.limiter.len()), (10, 1));
}

#[tokio::test]
async fn events_are_weighted_by_name() {
    let app = App::new(Quota::default());
    let mut ada = Client::connect(serve(app.router()).await, "ada").await;
    assert_eq!(ada.call("search", "x").await, json!(5));
    assert_eq!(ada.call("move", "x").await, json!(4));
    assert_eq!(ada.call("search", "x").await["remaining"], json!(4));
    assert_eq!(ada.call("typing", "x").await, json!(4));
    assert_eq!(ada.call("move", "x").await, json!(3));
}

#[tokio::test]
async fn without_a_budget_no_handler_runs() {
    let app = App::new(Quota::default());
    let mut nobody = Client::connect(serve(app.router()).await, "").await;
    nobody.emit("move", "x").await;
    assert_eq!(nobody.call("uncounted", "x").await, json!("hello"));
    assert_eq!(app.runs.load(Ordering::SeqCst), 0);
}
